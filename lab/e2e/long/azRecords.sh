#!/bin/bash
# Prints all record sets of dev's public zone, as az lists them. Given: what azLogin.sh is given.
set -euo pipefail
# What az says meanwhile is no record.
exec 3>&1 >&2
# shellcheck source=lab/e2e/long/azLogin.sh
. "$(dirname "$0")/azLogin.sh"
az network dns record-set list --resource-group rg-platform-dev --zone-name dev.chatbot.example --output json >&3
