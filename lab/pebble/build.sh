#!/bin/sh
# Builds Pebble, a certificate authority that speaks ACME, and its DNS server for tests, from their Go module.
#   build.sh CACHE       CACHE is for example ~/.cache/platform-lab; prints the folder of the programs
# Those that are there already are left alone.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
say() { printf 'pebble: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

[ $# -eq 1 ] || fail "usage: build.sh CACHE (the folder in which tools are kept)"
cd "$here"
version=$(sed -n 's|.*github.com/letsencrypt/pebble/v2 v\([0-9.]*\).*|\1|p' go.mod)
[ -n "$version" ] || fail "$here/go.mod names no github.com/letsencrypt/pebble/v2"
directory=$1/pebble/$version-$(cat go.mod go.sum | sha256sum | cut -c 1-16)
if [ -d "$directory" ]; then
  printf '%s\n' "$directory"
  exit 0
fi

command -v go >/dev/null 2>&1 || fail "Go is not on PATH. Install Go $(sed -n 's/^go //p' go.mod) or newer."

mkdir -p "$1/pebble"
# Beside the target, so that the last step is a rename: half-built programs are never taken for whole ones.
made=$(mktemp -d "$1/pebble/.build.XXXXXX")
trap 'rm -rf "$made"' EXIT
trap 'exit 1' HUP INT TERM

say "building Pebble $version (half a minute the first time)"
CGO_ENABLED=0 go build -mod=readonly -buildvcs=false -trimpath -ldflags "-s -w -X main.version=$version" -o "$made/" \
  github.com/letsencrypt/pebble/v2/cmd/pebble github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv >&2 ||
  fail "go build failed"
chmod 755 "$made"
# Another build may have been faster.
mv -T "$made" "$directory" 2>/dev/null || [ -d "$directory" ] || fail "$made cannot become $directory"
say "built: $directory"
printf '%s\n' "$directory"
