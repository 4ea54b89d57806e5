#!/usr/bin/env bash
# Analyse samples/ by the first command of the README, into a store of its own,
# twice: every labelled sample must come out, and the second time unchanged.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
labelled=$(($(wc -l <samples/labels.csv) - 1))

analyze() { go run . analyze --store "$work/store.db" "$@" samples/ </dev/null; }

# expect COUNT WHAT: as many as there are labels, and some at all.
expect() {
  (($1 == labelled && $1 > 0)) && return
  echo "smoke: of $labelled labelled samples $1 are $2" >&2
  exit 1
}

analyze
analyze >"$work/second"
expect "$(grep -c ' unchanged$' "$work/second" || true)" unchanged
analyze --json >"$work/json"
expect "$(grep -c '"error":null' "$work/json" || true)" "analysed in JSON"
echo "smoke: $labelled samples analysed, then unchanged"
