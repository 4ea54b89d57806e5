#!/usr/bin/env bash
# Fuzz every target in turn, and say how often each ran: fuzz.sh [TIME], for each
# target (30s). The corpus that grows is Go's own, in its build cache; what fails
# is written under testdata/fuzz and named.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:-30s}
total=0
while IFS=: read -r file target; do
  folder=./$(dirname "$file")
  # An input that reaches something new is made smaller first, for a minute by
  # default, and nothing else is tried meanwhile.
  out=$(go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 20x "$folder" 2>&1) ||
    { echo "$out" >&2; echo "fuzz: $target in $folder failed" >&2; exit 1; }
  runs=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' <<<"$out" | tail -n 1)
  printf '%-20s %-24s %10d\n' "$folder" "$target" "${runs:-0}"
  total=$((total + ${runs:-0}))
done < <(grep -ro --include='*_test.go' --exclude-dir='.?*' '^func Fuzz[A-Za-z0-9]*' . | sed 's|^\./||; s/func //' | sort)
echo "fuzz: $total executions"
