#!/usr/bin/env bash
# A real Redis and a real Cassandra for the tests: by Docker Compose where an
# engine answers, else natively, on Linux (redis-server from the system's
# packages, Cassandra from its Maven artifacts under Java 17).
#
#   servers.sh start            start what is not running; wait until both answer
#   servers.sh stop             stop what start started
#   servers.sh status           one line for each; exit 1 unless both answer
#   servers.sh env              what tests read, as shell assignments
#   servers.sh with COMMAND…    run COMMAND with that environment, the servers up;
#                               afterwards stop them if they were not up before
#   servers.sh cassandra FOLDER PORT YAML
#                               run one more Cassandra, natively, in the foreground: its
#                               data in FOLDER, configured by YAML, at PORT and the next
#
# Settings, from the environment: EARWORM_REDIS_PORT (6390),
# EARWORM_CASSANDRA_PORT (9142), EARWORM_CASSANDRA_HEAP (768M),
# EARWORM_SERVERS=native|compose to choose by hand.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
run=$root/.run
redis_port=${EARWORM_REDIS_PORT:-6390}
cassandra_port=${EARWORM_CASSANDRA_PORT:-9142}
heap=${EARWORM_CASSANDRA_HEAP:-768M}
version=$(sed -n 's/.*<cassandra.version>\(.*\)<.*/\1/p' "$root/scripts/cassandra/pom.xml")
lib=$root/.cache/cassandra-$version/lib

say() { echo "servers: $*" >&2; }
die() { say "$*"; exit 1; }

# answers PORT: whether something accepts connections there. Cassandra opens
# its port only when it is ready for queries.
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# alive NAME WORD: whether the process of NAME's pid file runs, and is that
# server (WORD is in its command line) and not a later process of the same number.
alive() {
  local command
  [[ -f $run/$1/pid ]] || return 1
  command=$({ tr '\0' ' ' <"/proc/$(<"$run/$1/pid")/cmdline"; } 2>/dev/null) || return 1
  [[ $command == *"$2"* ]]
}

# await NAME PORT LOG: until NAME answers, or its process has ended.
await() {
  local began=$SECONDS
  until answers "$2"; do
    # By its pid alone: until it has become the server, its command line is this script's.
    if ! kill -0 "$(<"$run/$1/pid")" 2>/dev/null; then
      tail -n 20 "$3" >&2 || true
      die "$1 ended before it was ready; its log is $3"
    fi
    ((SECONDS - began < 600)) || die "$1 is not ready after 600 s; its log is $3"
    [[ -t 2 ]] && printf '\rservers: %s is starting … %d s ' "$1" $((SECONDS - began)) >&2
    sleep 0.2
  done
  [[ -t 2 ]] && printf '\r' >&2
  say "$1 is ready on 127.0.0.1:$2 ($((SECONDS - began)) s)"
}

by_compose() {
  [[ ${EARWORM_SERVERS:-} != native ]] || return 1
  [[ ${EARWORM_SERVERS:-} == compose ]] || { docker info && docker compose version; } >/dev/null 2>&1
}

start_redis() {
  if alive redis redis-server; then return; fi
  if answers "$redis_port"; then die "port $redis_port is taken; set EARWORM_REDIS_PORT"; fi
  "$root/scripts/install-deps.sh" redis
  mkdir -p "$run/redis"
  (cd "$run/redis" && exec setsid nohup redis-server --bind 127.0.0.1 --port "$redis_port" \
    --save '' --appendonly no >"$run/redis/log" 2>&1 </dev/null) &
  echo $! >"$run/redis/pid"
}

# java17: a Java that Cassandra 5 runs under.
java17() {
  local java
  for java in "${JAVA_HOME:+$JAVA_HOME/bin/java}" java /usr/lib/jvm/*17*/bin/java; do
    if [[ -n $java ]] && "$java" -version 2>&1 | grep -q 'version "17'; then
      command -v "$java"
      return
    fi
  done
  return 1
}

fetch_cassandra() {
  [[ -d $lib ]] && return
  "$root/scripts/install-deps.sh" maven
  say "fetching cassandra $version from the maven registry (70 MB, once)"
  local part
  part=$(mktemp -d "$root/.cache/cassandra.XXXXXX")
  mvn -B -ntp -q -Dstyle.color=never -f "$root/scripts/cassandra/pom.xml" -Dlib="$part/lib" package >&2
  mkdir -p "$(dirname "$lib")"
  mv "$part/lib" "$lib"
  rmdir "$part"
}

# need_cassandra: what it takes to run one.
need_cassandra() {
  mkdir -p "$root/.cache"
  java17 >/dev/null || "$root/scripts/install-deps.sh" java
  fetch_cassandra
}

# cassandra FOLDER PORT YAML: become a Cassandra.
cassandra() {
  local conf=$root/scripts/cassandra/conf java
  java=$(java17) || die "java 17 was not found; install it or set JAVA_HOME"
  mkdir -p "$1/logs"
  cd "$1"
  exec "$java" "@$conf/jvm.options" "-Xms$heap" "-Xmx$heap" \
    -XX:MaxDirectMemorySize=512m -XX:TieredStopAtLevel=1 \
    "-javaagent:$lib/jamm-0.4.0.jar" -cp "$lib/*" \
    "-Dlogback.configurationFile=file://$conf/logback.xml" "-Dcassandra.config=file://$3" \
    "-Dcassandra.storagedir=$1" "-Dcassandra.logdir=$1/logs" \
    -Dcassandra-foreground=yes -Dcassandra.config.allow_system_properties=true \
    "-Dcassandra.native_transport_port=$2" "-Dcassandra.storage_port=$(($2 + 1))" \
    -Dcassandra.skip_wait_for_gossip_to_settle=0 -Dcassandra.ring_delay_ms=100 \
    -Dcassandra.superuser_setup_delay_ms=0 -Dcassandra.shutdown_announce_in_ms=0 \
    org.apache.cassandra.service.CassandraDaemon
}

start_cassandra() {
  if alive cassandra CassandraDaemon; then return; fi
  if answers "$cassandra_port"; then die "port $cassandra_port is taken; set EARWORM_CASSANDRA_PORT"; fi
  need_cassandra
  mkdir -p "$run/cassandra/logs"
  setsid nohup "$0" cassandra "$run/cassandra" "$cassandra_port" "$root/scripts/cassandra/conf/cassandra.yaml" \
    >"$run/cassandra/logs/stdout.log" 2>&1 </dev/null &
  echo $! >"$run/cassandra/pid"
}

start() {
  if by_compose; then
    docker compose -f "$root/compose.yml" up --detach --wait >&2
    return
  fi
  start_redis
  start_cassandra
  await redis "$redis_port" "$run/redis/log"
  await cassandra "$cassandra_port" "$run/cassandra/logs/stdout.log"
}

# stop_one NAME WORD: end the server by its pid, and wait for its end.
stop_one() {
  # In a trap, a bare return gives the status from before it: that of tests that failed.
  if ! alive "$1" "$2"; then return 0; fi
  local pid
  pid=$(<"$run/$1/pid")
  kill "$pid"
  for _ in {1..300}; do
    if ! kill -0 "$pid" 2>/dev/null; then
      rm -f "$run/$1/pid"
      say "$1 has stopped"
      return 0
    fi
    sleep 0.1
  done
  die "$1 (process $pid) does not stop"
}

stop() {
  stop_one redis redis-server
  stop_one cassandra CassandraDaemon
  if by_compose; then docker compose -f "$root/compose.yml" down --volumes >&2; fi
}

status() {
  local ok=0 server
  for server in "redis $redis_port" "cassandra $cassandra_port"; do
    if answers "${server#* }"; then
      echo "${server% *} answers on 127.0.0.1:${server#* }"
    else
      echo "${server% *} does not answer on 127.0.0.1:${server#* }"
      ok=1
    fi
  done
  return $ok
}

assignments() {
  echo "EARWORM_TEST_REDIS=redis://127.0.0.1:$redis_port/0"
  echo "EARWORM_TEST_CASSANDRA=127.0.0.1:$cassandra_port"
}

with() {
  if ! status >/dev/null; then
    trap stop EXIT
    start
  fi
  local line
  while read -r line; do export "${line?}"; done < <(assignments)
  "$@"
}

case ${1:-} in
  start | stop | status) "$1" ;;
  env) assignments ;;
  with) shift; with "$@" ;;
  cassandra) shift; need_cassandra; cassandra "$@" ;;
  *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac
