/** The names under which Azure's services are in the lab's Internet. */

/** Azure Resource Manager, as on 127.0.0.1. */
export const managementHost = "management.azure.example";
/** `<vault>.<suffix>` is a key vault. */
export const vaultSuffix = "vault.azure.example";
/** `<account>.blob.<suffix>` is a storage account's blob service. */
export const storageSuffix = "core.azure.example";

/** Each stands for four name servers of Azure's public DNS, which have the same zones. */
export const azurePools = [1, 2, 3] as const;
export type AzurePool = (typeof azurePools)[number];

/** Domains of Azure's name servers: the first server of each pool is in the first one, and so on. */
export const nameServerDomains = ["azure-dns.com", "azure-dns.net", "azure-dns.org", "azure-dns.info"] as const;

/** Names of a pool's four name servers. */
export const azureNameServers = (pool: AzurePool = azurePools[0]): string[] =>
  nameServerDomains.map((domain, index) => `ns${index + 1}-0${pool}.${domain}.`);
