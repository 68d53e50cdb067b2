#!/usr/bin/env bash
# Plays forewarn's story on a real API server and with a real mail server: three
# promises to customers, that nothing breaks, goes away or goes down without the
# notice they are owed. Each step checks itself; the first that goes otherwise
# ends the demo with an error. Nothing is left running.
#
#   KEEP=1  keeps the cluster and the manager and says how to use them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

state=$PWD/.cluster-demo
export KUBECONFIG=$state/kubeconfig
kubectl=$(ls "$PWD"/bin/controlplane/*/kubectl | head -n 1)
forewarn=$PWD/bin/forewarn
work=$(mktemp -d)
manager= mailbox=
began=$SECONDS
# Later than the longest of what customers are owed: 240 days, by one contract.
later=5832h

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
  printf 'Error from server (Forbidden): %s\n' "$(grep -o 'deployments[./a-z]* "*orders.*' "$work/out" | tail -n 1)" |
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

# start_mailbox: a mail server, which keeps what it takes in files.
start_mailbox() {
  go build -o "$work/mailbox" ./hack/mailbox
  "$work/mailbox" "$work/mail" >"$work/mailbox.log" 2>&1 &
  mailbox=$!
  until_true test -s "$work/mail/port"
}

# free_port prints a port that nobody listens on.
free_port() {
  local port
  for port in $(shuf -i 20000-29999 -n 20); do
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  fail 'no port is free'
}

# fetch PATH: what the feed serves there.
fetch() {
  local line
  exec 3<>"/dev/tcp/127.0.0.1/$feed" || return 1
  printf 'GET %s HTTP/1.0\r\n\r\n' "$1" >&3
  read -r line <&3
  [[ $line == *' 200 '* ]] || return 1
  while read -r line && [ "$line" != $'\r' ]; do :; done <&3
  tr -d '\r' <&3
}

# answer LINK FORM: what the customer answers by the link in the letter.
answer() {
  local line
  exec 3<>"/dev/tcp/127.0.0.1/$answers" || return 1
  printf 'POST %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %s\r\n\r\n%s' \
    "${1#http://*/}" "$answers" "${#2}" "$2" | sed '1s|^POST |POST /|' >&3
  read -r line <&3
  [[ $line == *' 303 '* ]] || { echo "$line" >&2; return 1; }
}

# holds TEXT COMMAND...: what it prints holds the text. It stands in out.
holds() {
  local text=$1
  shift
  "$@" >"$work/out" && grep -qF -- "$text" "$work/out"
}

start_manager() {
  KUBECTL=$kubectl FOREWARN_INSTALLED=true hack/run.sh --health-probe-bind-address=127.0.0.1:0 \
    --metrics-bind-address=0 --ready-file="$work/ready" --egress-ranges=127.0.0.1/32 \
    --feed-address="127.0.0.1:$feed" --answers-address="127.0.0.1:$answers" \
    --answers-url="http://127.0.0.1:$answers/" --answers-key-dir="$work/keys" "$@" >>"$work/manager.log" 2>&1 &
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
  [ -z "$mailbox" ] || { kill "$mailbox" && wait "$mailbox"; } 2>/dev/null || true
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
What customers can subscribe to is at http://127.0.0.1:$feed/, their mail in $work/mail.
The manager writes its log to $work/manager.log. To end it all:
  kill $manager $mailbox; go run ./hack/cluster down --state $state
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

feed=$(free_port)
answers=$(free_port)
mkdir -p "$work/keys"
head -c 32 /dev/urandom >"$work/keys/current"
say 'A Kubernetes cluster and a mail server on this machine, and forewarn in it'
rm -rf "$state"
go run ./hack/cluster up --state "$state" 2>&1 | indent
admin apply --server-side -k config/local >"$work/out" 2>&1 || { indent <"$work/out"; fail 'installing forewarn'; }
admin label namespace forewarn-system forewarn.dev/rehearsal=true >/dev/null
start_mailbox
start_manager
echo '    the manager runs, and the API server refuses what it must'

say '1. The shop declares its API, what customers are owed (180 days for what goes away), and that it is never down unannounced'
show 'kubectl apply --server-side -f shop.yaml'
passes admin apply --server-side -f hack/demo/shop.yaml
show 'kubectl apply --server-side -f customers.yaml    # three, in Vienna, Auckland and New York'
kc create secret generic mail-authority --from-file="$work/mail/ca.crt" >/dev/null
sed -e "s/port: 2525/port: $(<"$work/mail/port")/" hack/demo/customers.yaml >"$work/customers.yaml"
passes admin apply --server-side -f "$work/customers.yaml"
passes kc wait --for=condition=Ready audience/orders-customers noticechannel/mail --timeout=20s

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
passes kc apply -f "$work/notice.yaml"
passes kc wait --for=jsonpath='{.status.conditions[?(@.type=="Published")].reason}'=ContentRefused changenotice --all --timeout=20s
echo '    The policy wants to know what customers have to do, and where they find help:'
sed -i -e "s|title: 'From \([-0-9]*\) .*|title: From \1 orders can no longer be deleted|" \
  -e 's|# whatToDo:|whatToDo: Cancel them by POST /orders/{id}/cancel, which is there today|' \
  -e 's|# help:|help: https://help.shop.example/orders|' -e '/^# The policies ask/,/^# Read/{/^# Read/!d}' "$work/notice.yaml"
indent <"$work/notice.yaml"
passes kc apply -f "$work/notice.yaml"
passes kc wait --for=condition=Published changenotice --all --timeout=20s

say '6. It reaches them: a receipt for each, and only then the clock runs'
passes kc wait --for=condition=Delivered changenotice --all --timeout=30s
passes kc get changenotices
show 'kubectl get deliveryrecords -o yaml'
passes kc get deliveryrecords -o jsonpath='{range .items[*].status.deliveries[*]}{.customer}{"  "}{.state}{"  "}{.deliveredTime}{"  Message-ID "}{.id}{"\n"}{end}'
[ "$(ls "$work"/mail/*.txt | wc -l)" = 3 ] || fail 'not each customer got one mail'
show 'What the customer in Auckland reads'
grep -l auckland.example "$work"/mail/*.txt | xargs cat | indent
link=$(grep -l newyork.example "$work"/mail/*.txt | xargs grep -o 'http://127[^ ]*/a/[^ ]*')
show 'In New York they press "understood" on the page that the link in the letter leads to'
until_true answer "$link" answer=understood
show 'forewarn notice answers'
until_true holds 'Understood:      1' "$forewarn" notice answers --context developer -n shop "$third"
indent <"$work/out"
show "curl http://127.0.0.1:$feed/shop/orders/calendar.ics    # what anybody may subscribe to: a page, Atom, JSON, a calendar"
until_true holds 'BEGIN:VEVENT' fetch /shop/orders/calendar.ics
grep -E '^(DTSTART|SUMMARY|STATUS|SEQUENCE)' "$work/out" | indent
until_true holds '<entry>' fetch /shop/orders/feed.atom

say '7. Before its date it is refused all the same: customers were told a date'
show 'kubectl apply -f release.yaml'
refused 'may ship' kc apply -f "$work/release.yaml"

say '8. The second promise: what goes away goes along its schedule. The invoice is to go'
day() { date -u -d "$1 days" +%Y-%m-%dT00:00:00Z; }
sed -e "s|\".*\" # DEPRECATE|\"$(day 30)\"|" -e "s|\".*\" # BROWNOUT|\"$(day 200)\"|" \
  -e "s|\".*\" # SUNSET|\"$(day 242)\"|" hack/demo/schedule.yaml >"$work/schedule.yaml"
show 'kubectl apply -f schedule.yaml'
passes kc apply -f "$work/schedule.yaml"
passes kc wait --for=condition=Published deprecationschedule/orders-invoice --timeout=30s
passes kc get deprecationschedules
show 'kubectl get changenotices -l forewarn.dev/schedule=orders-invoice    # made and told by forewarn itself'
passes kc get changenotices -l forewarn.dev/schedule=orders-invoice
show 'forewarn calendar'
"$forewarn" calendar --context developer -n shop >"$work/out" || fail 'the calendar'
indent <"$work/out"
fourth=$(propose orders-4.yaml)
judged "$fourth"
release "$fourth" 3.0
refused '/orders/{id}/invoice' kc apply -f "$work/release.yaml"
show "kubectl patch deprecationschedule orders-invoice -p '{\"spec\": {\"sunsetTime\": ...a day earlier...}}'"
sooner=$(day 241)
! kc patch deprecationschedule orders-invoice --type=merge -p "{\"spec\": {\"sunsetTime\": \"$sooner\"}}" >"$work/out" 2>&1 ||
  fail 'a date moved to earlier'
fold -s -w 100 "$work/out" | indent

say '9. The third promise: it is down when customers were told so, and not otherwise'
moved=$(date -u -d "$((${later%h} * 60 - 10)) minutes" +%Y-%m-%dT%H:%M:00Z)
sed -e "s/2028-07-02T02:00:00Z/$moved/" -e "s/2028-07-02/${moved%T*}/" hack/demo/downtime.yaml >"$work/downtime.yaml"
show "kubectl apply -f downtime.yaml    # an hour, in eight months"
passes kc apply -f "$work/downtime.yaml"
passes kc wait --for=condition=Published changenotice/orders-move --timeout=20s
show 'kubectl scale deployment/orders --replicas=0'
refused 'orders' kc scale deployment/orders --replicas=0
show 'kubectl delete pods -l app=orders    # an accident, while no node takes new ones'
nodes=$(admin get nodes -o name)
admin cordon $nodes >/dev/null
kc delete pods -l app=orders >/dev/null
until_true holds Down kc get downtimebudget orders-slo -o jsonpath='{.status.state}'
admin uncordon $nodes >/dev/null
rolled_out
until_true holds Spent kc get downtimebudget orders-slo -o jsonpath='{.status.conditions[?(@.type=="WithinBudget")].reason}'
passes kc get downtimebudgets
until_true holds 1 admin get configmap forewarn-gate-deny-v1 -n shop -o jsonpath='{.data.budgets}'
release "$second" 1.2
refused 'out of downtime' kc apply -f "$work/release.yaml"
echo '    Restarts and the way back stay open. And customers will hear of it: an apology is drafted.'
passes kc rollout restart deployment/orders
rolled_out
until_true holds orders-slo kc get changenotices -l forewarn.dev/budget=orders-slo -o name
indent <"$work/out"

say "10. Eight months later (the clock of forewarn is moved on by $((${later%h} / 24)) days) what customers were told rolls out"
stop_manager
start_manager --clock-offset=$later
until_true admissible "$third"
release "$third" 2.0
until_true kc apply -f "$work/release.yaml"
indent <"$work/out"
rolled_out
until_true serves "$third"
echo '    The invoice has had its time, too:'
until_true admissible "$fourth"
release "$fourth" 3.0
rolls_out
until_true serves "$fourth"
passes kc get deprecationschedules
echo '    And the hour has come in which it may be down:'
show 'kubectl scale deployment/orders --replicas=0'
until_true kc scale deployment/orders --replicas=0
indent <"$work/out"
show 'kubectl scale deployment/orders --replicas=3'
passes kc scale deployment/orders --replicas=3
rolled_out

say '11. A release that also takes the way to cancel away, which no notice ever mentioned. It is refused'
fifth=$(propose orders-5.yaml)
judged "$fifth"
release "$fifth" 4.0
refused '/orders/{id}/cancel' kc apply -f "$work/release.yaml"

say '12. Now forewarn is stopped. What was judged stands: the way back is open ...'
stop_manager
show 'kubectl rollout undo deployment/orders'
passes kc rollout undo deployment/orders
rolled_out
say '   ... so is the way forward again ...'
release "$fourth" 3.0
rolls_out
say '   ... and what was refused is refused'
release "$fifth" 4.0
refused '/orders/{id}/cancel' kc apply -f "$work/release.yaml"

if [ "${KEEP:-}" = 1 ]; then
  start_manager --clock-offset=$later
fi
say "No surprises. The story took $((SECONDS - began)) s."
