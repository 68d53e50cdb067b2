#!/usr/bin/env bash
# Plays forewarn's story on a real API server: what customers were told of rolls
# out, what they were not told of does not. Each step checks itself; the first
# that goes otherwise ends the demo with an error. Nothing is left running.
#
#   KEEP=1  keeps the cluster and the manager and says how to use them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

state=$PWD/.cluster/demo
export KUBECONFIG=$state/kubeconfig
kubectl=$(ls "$PWD"/bin/controlplane/*/kubectl | head -n 1)
forewarn=$PWD/bin/forewarn
work=$(mktemp -d)
manager=
began=$SECONDS

bold= plain=
if [ -t 1 ]; then
  bold=$'\033[1m' plain=$'\033[0m'
fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
show() { printf '  $ %s\n' "$*"; }
indent() { sed 's/^/    /'; }
fail() {
  printf '\nThe story went otherwise: %s\n' "$*" >&2
  [ ! -f "$work/manager.log" ] || { echo 'The last lines of the manager:' >&2; tail -n 20 "$work/manager.log" >&2; }
  exit 1
}

# kc runs kubectl as the developer, who may edit what is in the namespace shop;
# admin runs it as the administrator of the cluster.
kc() { "$kubectl" --context developer -n shop "$@"; }
admin() { "$kubectl" --context admin "$@"; }

# passes COMMAND...: it has to succeed.
passes() {
  "$@" >"$work/out" 2>&1 || { indent <"$work/out"; fail "this was to pass: $*"; }
  grep -v '^Warning: resource' "$work/out" | indent
}

# refused TEXT COMMAND...: it has to be refused, in words that hold TEXT.
refused() {
  local text=$1
  shift
  if "$@" >"$work/out" 2>&1; then
    fail "this was to be refused: $*"
  fi
  # kubectl shows the whole patch first; what is for people comes last.
  printf 'Error from server (Forbidden): %s\n' "$(grep -o 'deployments.apps .*' "$work/out" | tail -n 1)" |
    fold -s -w 100 | indent
  grep -qF -- "$text" "$work/out" || fail "the refusal does not say \"$text\""
}

# until_true COMMAND...: it has to succeed within 20 s.
until_true() {
  local limit=$((SECONDS + 20))
  while ! "$@" >"$work/out" 2>&1; do
    [ "$SECONDS" -lt "$limit" ] || { indent <"$work/out"; fail "this never came true: $*"; }
    sleep 0.1
  done
}

start_manager() {
  KUBECTL=$kubectl FOREWARN_INSTALLED=true hack/run.sh --health-probe-bind-address=127.0.0.1:0 \
    --metrics-bind-address=0 --ready-file="$work/ready" "$@" >>"$work/manager.log" 2>&1 &
  manager=$!
  local limit=$((SECONDS + 60))
  until [ -f "$work/ready" ]; do
    kill -0 "$manager" 2>/dev/null || fail 'the manager ended'
    [ "$SECONDS" -lt "$limit" ] || fail 'the manager did not get ready'
    sleep 0.1
  done
}

stop_manager() {
  [ -n "$manager" ] || return 0
  kill "$manager" 2>/dev/null || true
  wait "$manager" 2>/dev/null || true
  manager=
  rm -f "$work/ready"
}

finish() {
  local code=$?
  trap - EXIT
  if [ "${KEEP:-}" = 1 ] && [ "$code" = 0 ]; then
    keep
    exit 0
  fi
  stop_manager
  go run ./hack/cluster down --state "$state" >/dev/null 2>&1 || true
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

keep() {
  cat <<END

Everything is kept. To use it:
  export KUBECONFIG=$KUBECONFIG PATH=$(dirname "$kubectl"):$PWD/bin:\$PATH
  kubectl get promises -A
  forewarn explain deployment/orders -n shop
The manager writes its log to $work/manager.log. To end it all:
  ${manager:+kill $manager; }go run ./hack/cluster down --state $state
END
}

# propose FILE: the revision of a contract; prints its name.
propose() {
  "$forewarn" revision --context developer -n shop --api orders "v1=hack/demo/$1" 2>/dev/null >"$work/revision.yaml"
  kc apply -f "$work/revision.yaml" >/dev/null
  "$forewarn" revision --context developer -n shop --api orders "v1=hack/demo/$1" -o name 2>/dev/null
}

# judged REVISION: waits for the verdict.
judged() {
  show "kubectl wait --for=condition=Judged apirevision/$1"
  passes kc wait --for=condition=Judged "apirevision/$1" --timeout=30s
}

# release REVISION IMAGE-TAG: the manifest of a release.
release() {
  sed -e "s/REVISION/$1/" -e "s/RELEASE/$2/" hack/demo/release.yaml >"$work/release.yaml"
  show "kubectl apply -f release.yaml    # orders:$2, which serves $1"
}

rolls_out() {
  passes kc apply -f "$work/release.yaml"
  rolled_out
}

rolled_out() {
  kc rollout status deployment/orders --timeout=60s >"$work/out" 2>&1 || { indent <"$work/out"; fail 'the rollout'; }
  tail -n 1 "$work/out" | indent
}

admissible() { [ "$(kc get apirevision "$1" -o jsonpath='{.status.conditions[?(@.type=="Admissible")].status}')" = True ]; }
serves() { [ "$(kc get customerapi orders -o jsonpath='{.status.servingRevision}')" = "$1" ]; }

say 'A Kubernetes cluster on this machine, and forewarn in it'
rm -rf "$state"
go run ./hack/cluster up --state "$state" 2>&1 | indent
admin apply --server-side -k config/local >"$work/out" 2>&1 || { indent <"$work/out"; fail 'installing forewarn'; }
admin label namespace forewarn-system forewarn.dev/rehearsal=true >/dev/null
start_manager
echo '    the manager runs, and the API server refuses what it must'

say '1. The shop declares its API and what customers are owed: 180 days for what goes away'
show 'kubectl apply --server-side -f shop.yaml'
passes admin apply --server-side -f hack/demo/shop.yaml

say '2. Version 1 serves'
first=$(propose orders-1.yaml)
judged "$first"
release "$first" 1.0
rolls_out
until_true serves "$first"
passes kc get customerapis

say '3. A compatible release: one more operation. It rolls out'
second=$(propose orders-2.yaml)
judged "$second"
release "$second" 1.1
rolls_out
until_true serves "$second"

say '4. A release without DELETE /orders/{id}, of which nobody was told. It is refused'
third=$(propose orders-3.yaml)
judged "$third"
release "$third" 2.0
refused 'DELETE /orders/{id}' kc apply -f "$work/release.yaml"
passes kc get apirevisions

say '5. So customers are told: forewarn drafts the notice, the product team publishes it'
show "forewarn notice draft apirevision/$third"
"$forewarn" notice draft --context developer -n shop "apirevision/$third" >"$work/notice.yaml" 2>"$work/out" ||
  { indent <"$work/out"; fail 'drafting the notice'; }
sed -i -e 's/state: Draft/state: Published/' "$work/notice.yaml"
indent <"$work/notice.yaml"
passes kc apply -f "$work/notice.yaml"
passes kc wait --for=condition=Published changenotice --all --timeout=20s
passes kc get changenotices

say '6. Before its date it is refused all the same: customers were told a date'
show 'kubectl apply -f release.yaml'
refused 'may ship' kc apply -f "$work/release.yaml"

say '7. Half a year later (the clock of forewarn is moved on by 182 days) it rolls out'
stop_manager
start_manager --clock-offset=4368h
until_true admissible "$third"
release "$third" 2.0
rolls_out
until_true serves "$third"

say '8. A release that also takes the invoice away, which no notice ever mentioned. It is refused'
fourth=$(propose orders-4.yaml)
judged "$fourth"
release "$fourth" 3.0
refused '/orders/{id}/invoice' kc apply -f "$work/release.yaml"

say '9. Now forewarn is stopped. What was judged stands: the way back is open ...'
stop_manager
show 'kubectl rollout undo deployment/orders'
passes kc rollout undo deployment/orders
rolled_out
say '   ... so is the way forward again ...'
release "$third" 2.0
rolls_out
say '   ... and what was refused is refused'
release "$fourth" 3.0
refused '/orders/{id}/invoice' kc apply -f "$work/release.yaml"

if [ "${KEEP:-}" = 1 ]; then
  start_manager --clock-offset=4368h
fi
say "No surprises. The story took $((SECONDS - began)) s."
