#!/usr/bin/env bash
# Install what the tests need and this machine lacks, from the system's
# packages (apt): install-deps.sh [make] [curl] [redis] [java] [maven] [gcc] [ffmpeg] [python] [render] [drums] [chromium] [npm]
# [graphviz]; without arguments all that tests need. What is there is left alone; where something is
# missing and cannot be installed, it is named.
set -euo pipefail

has() {
  case $1 in
    make) command -v make ;;
    curl) command -v curl ;;
    redis) command -v redis-server ;;
    java) ls /usr/lib/jvm/*17*/bin/java || java -version 2>&1 | grep 'version "17' ;;
    maven) command -v mvn ;;
    gcc) command -v gcc ;;
    ffmpeg) command -v ffmpeg ;;
    chromium) command -v chromium ;;
    npm) command -v npm ;;
    graphviz) command -v dot ;;
    python) python3 -c 'import ensurepip, venv' ;;
    # What earworm render needs: a synthesiser, ABC notation, a speaker, one font to train
    # with and one to validate with.
    render) command -v fluidsynth && command -v abc2midi && command -v flite &&
      ls /usr/share/sounds/sf2/FluidR3_GM.sf2 /usr/share/sounds/sf2/TimGM6mb.sf2 ;;
    # What earworm render uses where it is there: recorded drum kits, a quarter of a gigabyte.
    drums) ls /usr/share/hydrogen/data/drumkits /usr/share/sonic-pi/samples ;;
    *) echo "install-deps: no such part: $1" >&2; exit 2 ;;
  esac >/dev/null 2>&1
}

package() {
  case $1 in
    redis) echo redis-server ;;
    java) echo openjdk-17-jre-headless ;;
    gcc) echo gcc libc6-dev ;;
    python) echo python3-venv ;;
    render) echo fluidsynth abcmidi flite fluid-soundfont-gm timgm6mb-soundfont ;;
    drums) echo hydrogen-drumkits sonic-pi-samples ;;
    *) echo "$1" ;;
  esac
}

(($#)) || set -- make curl redis java maven gcc ffmpeg python render
missing=()
for part in "$@"; do has "$part" || missing+=("$part"); done
((${#missing[@]})) || exit 0

if ! command -v apt-get >/dev/null || ((EUID != 0)); then
  echo "install-deps: please install: ${missing[*]}" >&2
  exit 1
fi
packages=()
for part in "${missing[@]}"; do read -ra names <<<"$(package "$part")"; packages+=("${names[@]}"); done
echo "install-deps: installing ${packages[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# A package may want to start a service of its own; tests start theirs.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod +x $policy
  trap 'rm -f "$policy"' EXIT
fi
{ apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 ||
  { tail -n 20 "$log" >&2; echo "install-deps: apt-get could not install ${packages[*]}" >&2; exit 1; }
rm -f "$log"
