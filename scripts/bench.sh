#!/usr/bin/env bash
# Measure what docs/performance.md tells, on this machine: bench.sh [PART…], of
#
#   kernels   every Go benchmark, six runs, as benchstat prints them
#   track     a stereo track of 240 s, made of samples/, to its stored result: processor
#             time of the whole command by each decoder, stages, start, size, memory
#   profile   where the processor's time went, as .run/bench/profile.svg
#   queue     what queue and store cost a track, on a real Redis and Cassandra
#   peers     Essentia and librosa on the same track, in an environment of their own
#             under .cache (they are measured, never shipped)
#
# Without arguments all but peers. EARWORM_BENCH_TRACK names an MP3 of your own.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$PWD/.run/bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
scripts/install-deps.sh ffmpeg
make --no-print-directory build
say() { printf '\n== %s\n' "$*"; }

# tracks: the same music in four formats, $work/track.*.
tracks() {
  [[ -e $work/track.wav ]] && return
  local music=${EARWORM_BENCH_TRACK:-} samples=(samples/*.{wav,mp3,flac,ogg})
  if [[ -z $music ]]; then
    music=$work/once.wav
    # shellcheck disable=SC2046 # names of our own, without spaces
    ffmpeg -v error $(printf -- '-i %s ' "${samples[@]}") \
      -filter_complex "concat=n=${#samples[@]}:v=0:a=1" -ac 2 -ar 44100 "$music"
  fi
  ffmpeg -v error -stream_loop -1 -i "$music" -t 240 -ac 2 -ar 44100 "$work/track.wav"
  ffmpeg -v error -i "$work/track.wav" -b:a 192k "$work/track.mp3"
  ffmpeg -v error -i "$work/track.wav" "$work/track.flac"
  ffmpeg -v error -i "$work/track.wav" -c:a libvorbis -q:a 6 "$work/track.ogg"
}

# seconds COMMAND…: the processor's, of the command and its children.
seconds() {
  local TIMEFORMAT='%U %S' spent
  spent=$({ time "$@" >/dev/null 2>&1 </dev/null; } 2>&1)
  awk '{ print $1 + $2 }' <<<"$spent"
}

# least NAME COMMAND…: the least processor time of what was run under NAME so far and now.
declare -A least
least() {
  local name=$1 s; shift
  s=$(seconds "$@")
  [[ -n ${least[$name]:-} ]] && awk "BEGIN { exit !(${least[$name]} <= $s) }" || least[$name]=$s
}

track() {
  tracks
  say "a track of 240 s to its stored result: processor seconds, the least of five runs in turn"
  local kind how
  for _ in 1 2 3 4 5; do
    for kind in mp3 flac ogg wav; do
      for how in native ffmpeg; do
        least "$kind $how" ./earworm analyze --force --decoder $how --store "$work/s.db" "$work/track.$kind"
      done
      least "$kind alone" ffmpeg -v error -i "$work/track.$kind" -f null -
    done
  done
  printf '%-6s %8s %8s %18s\n' '' native ffmpeg 'ffmpeg -f null'
  for kind in mp3 flac ogg wav; do
    printf '%-6s %8.2f %8.2f %18.2f\n' $kind "${least[$kind native]}" "${least[$kind ffmpeg]}" "${least[$kind alone]}"
  done
  say "stages, the quickest of five runs"
  ./earworm bench --repeat 5 "$work"/track.{mp3,flac,ogg,wav}
  say "start and size"
  local began best=999999 ms
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    began=$(date +%s%N)
    ./earworm analyze --force --store "$work/s.db" samples/01-morning-post.wav >/dev/null
    ms=$((($(date +%s%N) - began) / 1000000))
    ((ms < best)) && best=$ms
  done
  echo "a sample of 13 s, start to stored result: $best ms, the least of ten"
  echo "binary: $(stat -c %s earworm | awk '{ printf "%.1f MB", $1 / 1e6 }')"
  say "memory and two workers"
  local hours=$work/hours.mp3 i
  for _ in $(seq 29); do cat "$work/track.mp3"; done >"$hours"
  ffmpeg -v error -i "$work/track.mp3" -t 60 -c copy "$work/minute.mp3"
  echo "largest resident size: 1 minute $(resident "$work/minute.mp3"), 1 hour 56 minutes $(resident "$hours")"
  for i in $(seq 16); do cp "$work/track.mp3" "$work/copy$i.mp3"; done
  local one two
  began=$(date +%s%N); ./earworm analyze --force --concurrency 1 --store "$work/s.db" "$work"/copy*.mp3 >/dev/null; one=$(($(date +%s%N) - began))
  began=$(date +%s%N); ./earworm analyze --force --concurrency 2 --store "$work/s.db" "$work"/copy*.mp3 >/dev/null; two=$(($(date +%s%N) - began))
  awk "BEGIN { printf \"16 tracks of 240 s: %.1f s one at a time, %.1f s two at a time, a ratio of %.2f\n\", $one / 1e9, $two / 1e9, $one / $two }"
}

# resident FILE: the largest resident size of its analysis.
resident() {
  python3 - "$1" "$work/s.db" <<'PY'
import resource, subprocess, sys
subprocess.run(["./earworm", "analyze", "--force", "--concurrency", "1", "--store", sys.argv[2], sys.argv[1]], check=True, stdout=subprocess.DEVNULL)
print(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3:.0f} MB")
PY
}

profile() {
  tracks
  scripts/install-deps.sh graphviz
  ./earworm bench --repeat 20 --profile "$out/cpu.pprof" "$work/track.mp3"
  go tool pprof -svg -nodecount 40 -output "$out/profile.svg" earworm "$out/cpu.pprof"
  go tool pprof -top -nodecount 12 earworm "$out/cpu.pprof" 2>/dev/null | tee "$out/profile.txt"
}

kernels() {
  say "benchmarks, six runs"
  go test -run '^$' -bench . -benchmem -count 6 \
    $(grep -rl --include='*_test.go' --exclude-dir='.?*' --exclude='overhead*' '^func Benchmark' . | sed 's|/[^/]*$||' | sort -u) >"$out/kernels.txt"
  go tool -modfile=tools.mod benchstat "$out/kernels.txt"
}

queue() {
  say "queue and store, a track"
  scripts/servers.sh with go test -tags servers -run '^$' -bench Overhead -benchtime 1000x -count 6 . >"$out/queue.txt"
  go tool -modfile=tools.mod benchstat "$out/queue.txt"
}

peers() {
  tracks
  say "peers on the same track: processor seconds, the least of five runs in turn"
  local env=$PWD/.cache/peers
  [[ -x $env/bin/python ]] || { python3 -m venv "$env" && "$env/bin/pip" -q install essentia librosa; }
  local p
  for _ in 1 2 3 4 5; do
    least earworm ./earworm analyze --force --store "$work/s.db" "$work/track.mp3"
    for p in essentia-degara essentia-multifeature librosa; do
      least $p "$env/bin/python" scripts/peer.py $p "$work/track.mp3"
      least "$p import" "$env/bin/python" scripts/peer.py $p
    done
  done
  for p in earworm essentia-degara essentia-multifeature librosa; do
    printf '%-24s %6.2f' $p "${least[$p]}"
    [[ -n ${least[$p import]:-} ]] && printf ', of which Python and its imports %.2f' "${least[$p import]}"
    echo
  done
}

(($#)) || set -- track profile kernels queue
for part in "$@"; do
  case $part in
    track|profile|kernels|queue|peers) "$part" ;;
    *) echo "bench: no such part: $part; want track, profile, kernels, queue or peers" >&2; exit 2 ;;
  esac
done
