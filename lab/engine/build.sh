#!/bin/sh
# Builds the Pulumi CLI from its Go module, where its download site is out of reach.
#   build.sh TARGET      TARGET is the program's path, for example ~/.cache/platform-lab/engine/3.250.0/pulumi
# A target that is there already and has the right version is left alone.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
say() { printf 'engine: %s\n' "$*"; }
fail() { printf 'engine: %s\n' "$*" >&2; exit 1; }

[ $# -eq 1 ] || fail "usage: build.sh TARGET (the path of the program to make)"
target=$1
version=$(sed -n 's|.*github.com/pulumi/pulumi/pkg/v3 v\([0-9.]*\).*|\1|p' "$here/go.mod")
[ -n "$version" ] || fail "$here/go.mod names no github.com/pulumi/pulumi/pkg/v3"

if [ -x "$target" ] && [ "$(PULUMI_SKIP_UPDATE_CHECK=1 "$target" version 2>/dev/null)" = "v$version" ]; then
  say "Pulumi $version is there: $target"
  exit 0
fi

command -v go >/dev/null 2>&1 ||
  fail "Go is not on PATH. Install Go $(sed -n 's/^go //p' "$here/go.mod") or newer, or put the Pulumi CLI $version or newer on PATH."

directory=$(dirname -- "$target")
mkdir -p "$directory"
# Beside the target, so that the last step is a rename: a half-built program is never taken for a whole one.
made=$(mktemp "$directory/.pulumi.XXXXXX")
trap 'rm -f "$made"' EXIT
trap 'exit 1' HUP INT TERM

started=$(date +%s)
say "fetching the modules of Pulumi $version"
(cd "$here" && go mod download github.com/pulumi/pulumi/pkg/v3 github.com/pulumi/pulumi/sdk/v3)
say "building (some 3 minutes on 2 cores the first time)"
(cd "$here" && exec env CGO_ENABLED=0 go build -mod=readonly -buildvcs=false \
  -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$version" \
  -o "$made" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi) &
build=$!
trap 'kill "$build" 2>/dev/null; wait "$build" 2>/dev/null; exit 1' HUP INT TERM
while kill -0 "$build" 2>/dev/null; do
  sleep 1
  elapsed=$(($(date +%s) - started))
  if [ $((elapsed % 20)) -eq 0 ]; then say "still building, ${elapsed} s"; fi
done
wait "$build" || fail "go build failed"

[ "$(PULUMI_SKIP_UPDATE_CHECK=1 "$made" version)" = "v$version" ] || fail "what was built says it is $("$made" version), not v$version"
chmod 755 "$made"
mv -f "$made" "$target"
say "Pulumi $version: $target, $(($(date +%s) - started)) s"
