#!/usr/bin/env bash
# Builds the local control plane from Go modules into
# bin/controlplane/<kubernetes version>/: etcd, kube-apiserver,
# kube-controller-manager, kube-scheduler, kubectl and kwok with its stages.
#
# What is there already is kept. Binaries at hand win: a folder named by
# FOREWARN_CONTROLPLANE or KUBEBUILDER_ASSETS is searched first, and what it
# lacks, or has of another Kubernetes minor version, is built. Prints the
# folder on standard output, progress on standard error.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export GOTOOLCHAIN=local CGO_ENABLED=0

version=$(cd "$here/kubernetes" && go list -m -f '{{.Version}}' k8s.io/kubernetes)
out=${FOREWARN_CONTROLPLANE_OUT:-$root/bin/controlplane/$version}
mkdir -p "$out"

say() { printf 'controlplane: %s\n' "$*" >&2; }

minor=${version#v1.}
minor=${minor%%.*}
stamp="-X k8s.io/component-base/version.gitVersion=$version"
stamp+=" -X k8s.io/component-base/version.gitMajor=1"
stamp+=" -X k8s.io/component-base/version.gitMinor=$minor"
stamp+=" -X k8s.io/component-base/version.gitTreeState=clean"

# fits BINARY: a controller manager must not be newer than its API server, so
# the Kubernetes components are taken only from the same minor version.
fits() {
  case ${1##*/} in
    kube-*) [[ $("$1" --version 2>/dev/null) == "Kubernetes v1.$minor."* ]] ;;
  esac
}

# provide NAME MODULE-FOLDER PACKAGE COLD-TIME
provide() {
  local name=$1 module=$2 package=$3 cold=$4 from
  if [ -x "$out/$name" ]; then
    return
  fi
  for from in "${FOREWARN_CONTROLPLANE:-}" "${KUBEBUILDER_ASSETS:-}"; do
    if [ -n "$from" ] && [ -x "$from/$name" ]; then
      if ! fits "$from/$name"; then
        say "$name: passed over in $from, not v1.$minor"
        continue
      fi
      ln -sf "$(cd "$from" && pwd)/$name" "$out/$name"
      say "$name: taken from $from"
      return
    fi
  done
  say "$name: building (about $cold on two cores with cold caches)"
  local began=$SECONDS
  (cd "$here/$module" && go build -buildvcs=false -ldflags "-w $stamp" -o "$out/.$name.partial" "$package")
  mv "$out/.$name.partial" "$out/$name"
  say "$name: built in $((SECONDS - began)) s"
}

# provide_stages puts beside the binaries what kwok plays: nodes and pods that
# become ready, complete and go at once.
provide_stages() {
  if [ -d "$out/stages" ]; then
    return
  fi
  local module
  module=$(cd "$here/kwok" && go mod download sigs.k8s.io/kwok && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)
  rm -rf "$out/.stages.partial"
  mkdir "$out/.stages.partial"
  install -m 0644 \
    "$module/kustomize/stage/node/fast/node-initialize.yaml" \
    "$module/kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml" \
    "$module/kustomize/stage/pod/fast/pod-ready.yaml" \
    "$module/kustomize/stage/pod/fast/pod-complete.yaml" \
    "$module/kustomize/stage/pod/fast/pod-delete.yaml" \
    "$out/.stages.partial"
  mv "$out/.stages.partial" "$out/stages"
}

began=$SECONDS
provide kube-apiserver kubernetes k8s.io/kubernetes/cmd/kube-apiserver "6 min"
provide kube-controller-manager kubernetes k8s.io/kubernetes/cmd/kube-controller-manager "2 min"
provide kube-scheduler kubernetes k8s.io/kubernetes/cmd/kube-scheduler "10 s"
provide kubectl kubernetes k8s.io/kubernetes/cmd/kubectl "30 s"
provide etcd etcd go.etcd.io/etcd/server/v3 "30 s"
provide kwok kwok sigs.k8s.io/kwok/cmd/kwok "75 s"
provide_stages
say "ready in $((SECONDS - began)) s: $out"
printf '%s\n' "$out"
