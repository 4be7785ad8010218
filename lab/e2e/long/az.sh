#!/bin/bash
# What people do with az in the lab, from where administrators are. Given: TENANT, CLIENT, SECRET, CA (a bundle).
set -euo pipefail
# shellcheck source=lab/e2e/long/azLogin.sh
. "$(dirname "$0")/azLogin.sh"
group=rg-platform-dev
expect() { [ "$1" = "$2" ] || { echo "given $1, wanted $2" >&2; exit 1; }; }

zone=$(az network dns zone list --resource-group "$group" --query '[0].name' --output tsv)
count=$(az network dns zone show --resource-group "$group" --name "$zone" --query numberOfRecordSets --output tsv)
expect "$(az network dns record-set list --resource-group "$group" --zone-name "$zone" --query 'length(@)')" "$count"
long=$(printf 'x%.0s' {1..300})
az network dns record-set txt add-record --resource-group "$group" --zone-name "$zone" --record-set-name from-az \
  --value "$long" --output none
az network dns record-set list --resource-group "$group" --zone-name "$zone" --query '[].name' --output tsv | grep -qx from-az
# Strings of 255 and 45 characters.
az network dns record-set txt show --resource-group "$group" --zone-name "$zone" --name from-az | tr -d ' \n",' | grep -q "$long"
az network dns record-set txt delete --resource-group "$group" --zone-name "$zone" --name from-az --yes

vault=$(az keyvault list --resource-group "$group" --query '[0].name' --output tsv)
account=$(az storage account list --resource-group "$group" --query '[0].name' --output tsv)
expect "$(az identity list --resource-group "$group" --query 'length(@)')" 6
az role assignment list --all --query '[].scope' --output tsv | grep -q "/vaults/$vault/secrets/databaseLogin$"
give() {
  az role assignment create --role "$1" --scope "$2" --assignee-object-id "$CLIENT" \
    --assignee-principal-type ServicePrincipal --output none
}
give "Key Vault Secrets Officer" "$(az keyvault show --name "$vault" --query id --output tsv)"
give "Storage Blob Data Contributor" "$(az storage account show --name "$account" --resource-group "$group" --query id --output tsv)"
sleep 20

printf 'from a file' | az keyvault secret set --vault-name "$vault" --name fromAz --file /dev/stdin --output none
expect "$(az keyvault secret show --vault-name "$vault" --name fromAz --query value --output tsv)" "from a file"
az keyvault secret list --vault-name "$vault" --query '[].name' --output tsv | grep -qx fromAz
az keyvault secret delete --vault-name "$vault" --name fromAz --output none
az keyvault secret list-deleted --vault-name "$vault" --query '[].name' --output tsv | grep -qx fromAz

echo kept >"$AZURE_CONFIG_DIR/blob"
az storage blob upload --auth-mode login --account-name "$account" --container-name artifacts --name from/az \
  --file "$AZURE_CONFIG_DIR/blob" --no-progress --output none
az storage blob list --auth-mode login --account-name "$account" --container-name artifacts --query '[].name' \
  --output tsv | grep -qx from/az
