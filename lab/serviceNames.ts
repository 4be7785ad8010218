/** The names under which Azure's services are in the lab's Internet. */

/** Azure Resource Manager, as on 127.0.0.1. */
export const managementHost = "management.azure.example";
/** `<vault>.<suffix>` is a key vault. */
export const vaultSuffix = "vault.azure.example";
/** `<account>.blob.<suffix>` is a storage account's blob service. */
export const storageSuffix = "core.azure.example";
