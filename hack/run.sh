#!/usr/bin/env bash
# Runs bin/manager beside the cluster that KUBECONFIG points to (.cluster/kubeconfig
# where it is not set), as its own ServiceAccount with its own RBAC, after
# installing forewarn there. It listens on this machine alone, and arguments go to it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export KUBECONFIG=${KUBECONFIG:-$PWD/.cluster/kubeconfig}
kubectl=${KUBECTL:-$(ls bin/controlplane/*/kubectl 2>/dev/null | head -n 1)}
kubectl=${kubectl:-kubectl}
namespace=forewarn-system
account=forewarn-manager

if [ "${FOREWARN_INSTALLED:-}" != true ]; then
  "$kubectl" apply --server-side --force-conflicts -k config/local >/dev/null
fi

# A kubeconfig of its own: the address and the CA of the cluster, and a token.
own=$(dirname "$KUBECONFIG")/manager.kubeconfig
(
  umask 077
  "$kubectl" config view --raw --minify --flatten >"$own"
)
"$kubectl" config --kubeconfig "$own" set-credentials "$account" \
  --token "$("$kubectl" create token "$account" -n "$namespace" --duration=24h)" >/dev/null
admin=$("$kubectl" config --kubeconfig "$own" view --minify -o jsonpath='{.contexts[0].context.user}')
"$kubectl" config --kubeconfig "$own" set-context --current --user="$account" --namespace="$namespace" >/dev/null
"$kubectl" config --kubeconfig "$own" unset "users.$admin" >/dev/null

exec bin/manager --kubeconfig="$own" --namespace="$namespace" \
  --health-probe-bind-address=127.0.0.1:8081 --metrics-bind-address=127.0.0.1:8443 "$@"
