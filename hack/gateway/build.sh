#!/usr/bin/env bash
# Builds Traefik, which serves the Gateway API as one local process, into
# bin/gateway/<version>/traefik: with it the tests see what really comes out of
# an HTTPRoute. What is there already is kept. Prints the file on standard
# output, progress on standard error.
#
# Two things of it stand in for others, since several modules below them are
# not to be had from the module proxy, and nothing here needs them: the list of
# DNS providers for certificates (dns_providers.go.txt), and the fork of
# go-http-auth (auth/). A folder that its module leaves out is in ext/.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=-mod=mod

version=$(sed -n 's|^require github.com/traefik/traefik/v3 ||p' "$here/go.mod")
out=$root/bin/gateway/$version
if [ -x "$out/traefik" ]; then
  printf '%s\n' "$out/traefik"
  exit
fi
say() { printf 'gateway: %s\n' "$*" >&2; }

# A file of another module cannot be left out of a build, so that its module is
# built from a copy.
work=$out/src
rm -rf "$work"
mkdir -p "$work"
cp -R "$here/." "$work"
lego=github.com/go-acme/lego/v5
from=$(cd "$work" && go mod download "$lego" && go list -m -f '{{.Dir}}' "$lego")
mkdir "$work/lego"
tar -C "$from" --exclude='./providers/dns/*' -cf - . | tar -C "$work/lego" -xf -
chmod -R u+w "$work"
install -m 0644 "$here/dns_providers.go.txt" "$work/lego/providers/dns/providers.go"

say "building Traefik $version (about 7 min of processor time with cold caches)"
began=$SECONDS
(cd "$work" && go mod edit -replace "$lego=./lego" &&
  go build -buildvcs=false -ldflags -w -o "$out/.partial" github.com/traefik/traefik/v3/cmd/traefik)
mv "$out/.partial" "$out/traefik"
rm -rf "$work"
say "built in $((SECONDS - began)) s"
printf '%s\n' "$out/traefik"
