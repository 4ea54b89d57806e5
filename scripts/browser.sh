#!/usr/bin/env bash
# Install what the tests of the pages need: Chromium from the system's packages, and
# axe-core (MPL-2.0, for tests only) from the npm registry, into .cache.
set -euo pipefail
cd "$(dirname "$0")/.."

axe=4.14.1
scripts/install-deps.sh chromium
[[ -f .cache/axe-core-$axe/axe.min.js ]] && exit 0
scripts/install-deps.sh npm
part=$(mktemp -d)
trap 'rm -rf "$part"' EXIT
(cd "$part" && npm pack --silent "axe-core@$axe" >/dev/null && tar xzf "axe-core-$axe.tgz")
mkdir -p ".cache/axe-core-$axe"
mv "$part/package/axe.min.js" "$part/package/LICENSE" ".cache/axe-core-$axe/"
