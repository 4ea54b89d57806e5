#!/usr/bin/env bash
# Ask an earworm as a former client of Spotify does (scripts/spotipy/ask.py),
# by the real spotipy from PyPI, installed into .cache at the first run.
#
#   spotipy.sh BASE_URL TOKEN TRACK_ID…
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
here=$root/scripts/spotipy
venv=$root/.cache/spotipy-$(sha256sum "$here/requirements.txt" | cut -c 1-12)

if [[ ! -x $venv/bin/python ]]; then
  "$root/scripts/install-deps.sh" python
  mkdir -p "$root/.cache"
  part=$(mktemp -d "$root/.cache/spotipy.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  python3 -m venv "$part" >&2
  "$part/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
  mv -T "$part" "$venv"
  trap - EXIT
fi
exec "$venv/bin/python" "$here/ask.py" "$@"
