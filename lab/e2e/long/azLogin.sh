# shellcheck shell=bash
# Sourced: logs az in to the lab, with settings of its own that go with the shell. Given: TENANT, CLIENT, SECRET, CA (a bundle).
AZURE_CONFIG_DIR=$(mktemp -d)
export AZURE_CONFIG_DIR REQUESTS_CA_BUNDLE=$CA
trap 'rm -rf "$AZURE_CONFIG_DIR"' EXIT
az config set core.instance_discovery=false core.collect_telemetry=false
az cloud register --name lab --endpoint-resource-manager https://management.azure.example
az cloud set --name lab
az login --service-principal --tenant "$TENANT" --username "$CLIENT" --password="$SECRET" --output none
