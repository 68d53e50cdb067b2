#!/usr/bin/env bash
# What a change must pass before its tests are worth running: everything
# generated is current, the linters agree, the manifests render. Changes of
# your own need not be committed, but what is generated must be staged.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kustomize="go tool -modfile=hack/tools/go.mod kustomize"

fail() {
  printf 'verify: %s\n' "$*" >&2
  exit 1
}

make --no-print-directory generate manifests
generated=(api config/crd/bases config/rbac/role.yaml)
git diff --exit-code -- "${generated[@]}" ||
  fail "generated files are out of date: run 'make generate manifests' and add the result"
untracked=$(git ls-files --others --exclude-standard -- "${generated[@]}")
[ -z "$untracked" ] || fail "generated files are not in git: $untracked"

go mod tidy -diff || fail "run 'go mod tidy'"
(cd hack/tools && go mod tidy -diff) || fail "run 'go mod tidy' in hack/tools"

# One default is allowed: status says "nobody looked yet" until somebody did.
defaults=$(grep -rnE '//[[:space:]]*\+default=' api | grep -vF '+default={"observedGeneration":-1}' || true)
[ -z "$defaults" ] || fail "defaults belong into the code that judges: $defaults"

make --no-print-directory lint lint-api
hack/lint-probes.sh

for target in config/crd config/default config/samples; do
  if [ -f "$target/kustomization.yaml" ]; then
    $kustomize build "$target" >/dev/null || fail "$target does not render"
  fi
done
