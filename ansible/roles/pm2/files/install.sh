#!/bin/sh -eu
# Says something only when it changed something. Packages are built for one version of Node.js.
lock="$(sha256sum package-lock.json) $(node --version)"
test "$(cat node_modules/.installed 2>/dev/null)" != "$lock" || exit 0
npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --no-update-notifier
echo "$lock" >node_modules/.installed
