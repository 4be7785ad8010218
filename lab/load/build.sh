#!/bin/sh
# Builds the load generator from its Go module, into a folder of the cache that is named by its sources.
#   build.sh CACHE       CACHE is for example ~/.cache/platform-lab; prints the path of the program
# One that is there already is left alone.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
say() { printf 'load: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

[ $# -eq 1 ] || fail "usage: build.sh CACHE (the folder in which tools are kept)"
cd "$here"
hash=$(for file in *.go go.mod go.sum; do case $file in *_test.go) ;; *) cat "$file" ;; esac; done | sha256sum | cut -c 1-16)
directory=$1/load/$hash
target=$directory/load
if [ -x "$target" ]; then
  printf '%s\n' "$target"
  exit 0
fi

command -v go >/dev/null 2>&1 || fail "Go is not on PATH. Install Go $(sed -n 's/^go //p' go.mod) or newer."

mkdir -p "$directory"
# Beside the target, so that the last step is a rename: a half-built program is never taken for a whole one.
made=$(mktemp "$directory/.load.XXXXXX")
trap 'rm -f "$made"' EXIT
trap 'exit 1' HUP INT TERM

say "building (half a minute the first time)"
CGO_ENABLED=0 go build -mod=readonly -buildvcs=false -trimpath -ldflags '-s -w' -o "$made" . >&2 || fail "go build failed"
chmod 755 "$made"
mv -f "$made" "$target"
say "built: $target"
printf '%s\n' "$target"
