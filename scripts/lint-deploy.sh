#!/usr/bin/env bash
# Lint the deployment files, each by its own tool: the Dockerfile by hadolint,
# the units by systemd-analyze, the manifests, Compose files, rules and dashboard
# by the types of Kubernetes, Compose and Prometheus.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p .cache
if [[ ! -x .cache/hadolint/bin/hadolint ]]; then
  python3 -m venv .cache/hadolint
  .cache/hadolint/bin/pip install -q --no-deps --require-hashes -r scripts/hadolint.txt
fi
.cache/hadolint/bin/hadolint Dockerfile

if command -v systemd-analyze >/dev/null; then
  temp=$(mktemp -d)
  trap 'rm -rf "$temp"' EXIT
  for unit in deploy/systemd/*.service; do
    # The binary is not installed here, and need not be.
    sed 's#/usr/local/bin/earworm #/bin/true #' "$unit" >"$temp/${unit##*/}"
    systemd-analyze verify "$temp/${unit##*/}"
    systemd-analyze security --offline=true --threshold=25 "$temp/${unit##*/}" >/dev/null
  done
else
  echo "lint-deploy: systemd-analyze is not here; the units were not checked"
fi

(cd deploy/lint && go vet ./... && go test ./...)
echo "lint-deploy: the deployment files are well"
