#!/usr/bin/env bash
# Removes forewarn from where kubectl points to, in the order that its own
# guards allow: first what enforces, then what is enforced. The CRDs stay, and
# with them all that customers were told; how to remove those is printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kubectl=${KUBECTL:-kubectl}
gates=(forewarn-gate-deny-v1 forewarn-gate-warn-v1 forewarn-gate-audit-v1)
rendered=$(go tool -modfile=hack/tools/go.mod kustomize build config/default)

# objects WITH|WITHOUT KIND|KIND... picks documents by their kind.
objects() {
  awk -v how="$1" -v kinds="^kind: ($2)\$" '
    function flush() { if (text != "" && (found == (how == "WITH"))) printf "---\n%s", text; text = ""; found = 0 }
    /^---$/ { flush(); next }
    { text = text $0 "\n" }
    $0 ~ kinds { found = 1 }
    END { flush() }' <<<"$rendered"
}
remove() {
  "$kubectl" delete --ignore-not-found --wait=false --filename=-
}

free_namespaces() {
  local gate
  "$kubectl" label namespaces --selector=forewarn.dev/governed=true forewarn.dev/governed- forewarn.dev/expiring- \
    forewarn.dev/warning- forewarn.dev/auditing- || return
  for gate in "${gates[@]}"; do
    "$kubectl" delete configmaps --all-namespaces --field-selector="metadata.name=$gate" || return
  done
}

# The manager would put back what is missing.
objects WITH Deployment | remove
objects WITH ValidatingAdmissionPolicyBinding | remove

# A binding goes on biting for some seconds.
for attempt in {1..30}; do
  if free_namespaces; then
    break
  fi
  [ "$attempt" -lt 30 ] || exit 1
  sleep 2
done

objects WITHOUT 'CustomResourceDefinition|Deployment|ValidatingAdmissionPolicyBinding' | remove
cat <<'EOT'
The CRDs are still there. To remove them with every object of their kinds:
  kubectl get promises --all-namespaces --output=yaml >promises.yaml
  kubectl delete --kustomize=config/crd
EOT
