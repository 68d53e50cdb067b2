#!/usr/bin/env bash
# Shows that our own lint rules bite. Each probe is a file of a throw-away
# module with our name and layout; the linters run over it with the real
# configuration, and every probe must be reported, or must not be.
#
# A probe is a package of its own and imports only packages called leaf:
# linters say nothing else about code that does not compile.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
module=forewarn.dev/forewarn
wanted=()

# leaf FOLDER makes a package to import.
leaf() {
  mkdir -p "$1"
  printf '// Package leaf is one.\npackage leaf\n\n// Leaf is one.\ntype Leaf int\n' >"$1/leaf.go"
}

# probe FILE WANTED IMPORT [BODY] writes a Go file. WANTED is a piece of the
# report; "clean" means that there must be none.
probe() {
  mkdir -p "$(dirname "$1")"
  printf '// Package probe is one.\npackage probe\n\nimport %s\n' "$3" >"$1"
  [ -z "${4:-}" ] || printf '\n%s\n' "$4" >>"$1"
  wanted+=("$1=$2")
}

printf 'module %s\n\ngo 1.26.0\n' "$module" >go.mod
for fake in k8s.io/client-go sigs.k8s.io/controller-runtime github.com/go-logr/logr k8s.io/klog; do
  leaf "fake/$fake/leaf"
  printf 'module %s\n' "$fake" >"fake/$fake/go.mod"
  printf 'require %s v0.0.0\nreplace %s => ./fake/%s\n' "$fake" "$fake" "$fake" >>go.mod
done
for folder in api cmd controllers internal/{answer,audience,brownout,cli,contract,delivery,delivery/egress,downtime,feed,gate,notice,other,schedule,signal,snapshot,telling,usage} test/{browser,builders,internet,prometheus}; do
  leaf "$folder/leaf"
done
leaf api/v1alpha1

# forbid FOLDER IMPORTS... and permit FOLDER IMPORTS... say what may not and
# what may be imported there.
forbid() {
  local import
  for import in "${@:2}"; do
    probe "$1/forbid/${import//\//-}/probe.go" "import '$import' is not allowed" "_ \"$import\" // the probe"
  done
}
permit() {
  local import
  for import in "${@:2}"; do
    probe "$1/permit/${import//\//-}/probe.go" clean "_ \"$import\" // the probe"
  done
}

forbid api $module/internal/{contract,notice,other}/leaf
permit api $module/api/leaf
forbid internal/contract $module/{api,internal/notice}/leaf
permit internal/contract $module/internal/contract/leaf
forbid internal/notice $module/internal/{contract,gate}/leaf
permit internal/notice $module/api/leaf
forbid internal/audience $module/internal/{contract,gate}/leaf
permit internal/audience $module/{api,internal/notice}/leaf
forbid internal/downtime $module/internal/{contract,gate}/leaf
permit internal/downtime $module/api/leaf
forbid internal/delivery $module/internal/{contract,gate,notice,snapshot}/leaf $module/test/internet/leaf \
  k8s.io/client-go/leaf sigs.k8s.io/controller-runtime/leaf github.com/go-logr/logr/leaf k8s.io/klog/leaf log/slog
permit internal/delivery $module/{api,internal/delivery}/leaf net/http
probe internal/delivery/tests/probe_test.go clean "_ \"$module/test/internet/leaf\""
probe internal/delivery/probe.go 'a pure package has no network' '_ "net/http"'
forbid internal/telling $module/internal/{delivery,gate,snapshot}/leaf
permit internal/telling $module/{api,internal/audience,internal/notice}/leaf $module/internal/delivery
forbid internal/schedule $module/internal/{delivery,gate,snapshot}/leaf $module/test/builders/leaf
permit internal/schedule $module/{api,internal/notice}/leaf
forbid internal/signal $module/internal/{gate,notice,snapshot}/leaf
permit internal/signal $module/{api,internal/signal}/leaf
forbid internal/brownout $module/internal/{gate,notice,snapshot}/leaf k8s.io/client-go/leaf sigs.k8s.io/controller-runtime/leaf \
  github.com/go-logr/logr/leaf k8s.io/klog/leaf log/slog os
permit internal/brownout $module/{api,internal/signal}/leaf net/http
forbid internal/usage $module/internal/{audience,delivery,gate,snapshot}/leaf $module/test/{internet,prometheus}/leaf
permit internal/usage/prom $module/{api,internal/delivery/egress,internal/notice,internal/usage}/leaf net/http
probe internal/usage/probe.go 'a pure package has no network' '_ "net/http"'
probe internal/usage/tests/probe_test.go clean "_ \"$module/test/prometheus/leaf\""
forbid internal/gate $module/internal/{snapshot,other,cli}/leaf $module/test/builders/leaf \
  k8s.io/client-go/leaf sigs.k8s.io/controller-runtime/leaf github.com/go-logr/logr/leaf k8s.io/klog/leaf \
  log log/slog net net/http os os/exec
permit internal/gate $module/{api,internal/contract,internal/downtime,internal/notice}/leaf net/url
forbid internal/feed $module/internal/{cli,gate,notice,other,snapshot}/leaf $module/{controllers,test/browser,test/builders}/leaf \
  k8s.io/client-go/leaf sigs.k8s.io/controller-runtime/leaf github.com/go-logr/logr/leaf k8s.io/klog/leaf \
  log log/slog os os/exec
permit internal/feed $module/{api,internal/feed}/leaf net/http net/url
probe internal/feed/tests/probe_test.go clean '_ "os/exec"'
probe internal/feed/browser/probe_test.go clean "_ \"$module/test/browser/leaf\""
forbid internal/answer $module/internal/{cli,gate,notice,other,snapshot}/leaf $module/{controllers,test/browser,test/builders}/leaf \
  k8s.io/client-go/leaf sigs.k8s.io/controller-runtime/leaf github.com/go-logr/logr/leaf k8s.io/klog/leaf \
  log log/slog os os/exec
permit internal/answer $module/{api,internal/answer,internal/feed}/leaf net/http crypto/hmac
probe internal/answer/probe.go 'a pure package has no network' '_ "net/http"'
forbid internal/snapshot $module/{controllers,internal/cli,internal/other}/leaf
permit internal/snapshot $module/internal/{audience,gate,notice,signal}/leaf os sigs.k8s.io/controller-runtime/leaf
forbid internal/cli $module/{cmd,controllers}/leaf
permit internal/cli $module/internal/{gate,other,snapshot}/leaf
forbid controllers $module/{cmd,internal/cli,test/builders}/leaf
permit controllers $module/{api,internal/gate,internal/other,internal/snapshot}/leaf
permit cmd $module/{controllers,internal/cli}/leaf
for pure in audience contract downtime notice schedule signal telling; do
  forbid internal/$pure os net/http k8s.io/client-go/leaf
done
probe internal/gate/tests/probe_test.go clean "_ \"$module/test/builders/leaf\""

clock='time is handed in'
probe internal/gate/now/probe.go "$clock" '"time"' 'var _ = time.Now'
probe internal/gate/now/probe_test.go "$clock" '"time"' 'var _ = time.Now'
probe internal/other/since/probe.go "$clock" '"time"' 'var _ = time.Since'
probe internal/other/until/probe.go "$clock" 'elsewhere "time"' 'var _ = elsewhere.Until'
probe internal/cli/now/probe.go "$clock" '"time"' 'var _ = time.Now'
probe controllers/now/probe.go "$clock" '"time"' 'var _ = time.Now'
probe controllers/now/probe_test.go clean '"time"' 'var _ = time.Now'
probe cmd/now/probe.go clean '"time"' 'var _ = time.Now'
probe test/now/probe.go clean '"time"' 'var _ = time.Now'
probe controllers/sleep/probe_test.go 'wait for what you wait for' '"time"' 'var _ = time.Sleep'
probe internal/cli/print/probe.go 'io.Writer that was handed in' '"fmt"' 'var _ = fmt.Println'
probe cmd/print/probe.go clean '"fmt"' 'var _ = fmt.Println'
probe internal/other/alias/probe.go 'must be "v1alpha1"' "kinds \"$module/api/v1alpha1\"" 'var _ kinds.Leaf'
probe internal/other/order/probe.go 'not properly formatted (gci)' \
  $'(\n\t_ "forewarn.dev/forewarn/internal/gate/leaf"\n\t_ "os"\n)'

# Exit code 1 means findings; anything else that the linters could not run.
cp "$root/.golangci.yml" .
report=$(go tool -modfile="$root/hack/tools/go.mod" golangci-lint-kube-api-linter run \
  --show-stats=false --output.text.print-issued-lines=false ./...) || [ $? -eq 1 ]
failed=0
for entry in "${wanted[@]}"; do
  file=${entry%%=*} want=${entry#*=}
  found=$(grep -F "$file:" <<<"$report" || true)
  if [ "$want" = clean ] && [ -n "$found" ] || [ "$want" != clean ] && ! grep -qF -- "$want" <<<"$found"; then
    printf 'lint-probes: %s: wanted: %s, reported: %s\n' "$file" "$want" "${found:-nothing}" >&2
    failed=1
  fi
done
[ $failed -eq 0 ] || exit 1
printf 'lint-probes: %d probes, each as wanted\n' "${#wanted[@]}"
