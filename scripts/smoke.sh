#!/usr/bin/env bash
# Analyse samples/ by the first command of the README, into a store of its own,
# twice: every labelled sample must come out, and the second time as it was.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The files under samples/bad fail as they should, so that analyze ends with 1.
analyze() {
  local code=0
  go run . analyze --store "$work/store.db" "$@" samples/ || code=$?
  ((code <= 1)) || { echo "smoke: analyze ended with $code" >&2; exit 1; }
}

analyze </dev/null
analyze --json </dev/null >"$work/second.json"
heard=$(grep -v '"error":' "$work/second.json" | grep -c '"bpm":' || true)
labelled=$(($(wc -l <samples/labels.csv) - 1))
if ((heard == 0 || heard < labelled)); then
  echo "smoke: of $labelled labelled samples only $heard were analysed" >&2
  exit 1
fi
echo "smoke: $heard samples analysed"
