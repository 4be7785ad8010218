/** Network rules of vaults and storage accounts: from where requests are admitted. */
import { parseAddress, parseBlock, blockOf } from "../addresses.ts";
import type { StoreContext } from "../context.ts";
import { subnetPrefix, type SubnetBody } from "../network/subnetSchema.ts";

export type Endpoint = "Microsoft.KeyVault" | "Microsoft.Storage";

/** `networkAcls` of a vault and of a storage account have these in common. */
export interface NetworkRules {
  /** Of what no rule admits; without it `Allow`. */
  defaultAction?: "Allow" | "Deny";
  /** Public addresses and blocks. */
  ipRules?: readonly { value: string }[];
  /** IDs of subnets. */
  virtualNetworkRules?: readonly { id: string }[];
}

/**
 * Whether the rules admit a request. `client` is the sender's address as the service sees it: a machine's private one
 * when its subnet has the service's endpoint, else a public one.
 */
export function admits(
  rules: NetworkRules | undefined,
  client: string,
  endpoint: Endpoint,
  { store }: StoreContext,
): boolean {
  if (rules?.defaultAction !== "Deny") return true;
  const address = parseAddress(client);
  if (address === undefined) return false;
  const holds = ({ first, last }: { first: number; last: number }): boolean => address >= first && address <= last;
  const isAdmittedSubnet = ({ id }: { id: string }): boolean => {
    const subnet = store.live<SubnetBody>(id);
    if (!subnet) return false;
    const endpoints = subnet.body.properties.serviceEndpoints ?? [];
    return endpoints.some(({ service }) => service === endpoint) && holds(blockOf(subnetPrefix(subnet.body)));
  };
  const isAdmittedBlock = ({ value }: { value: string }): boolean => {
    const block = parseBlock(value.includes("/") ? value : `${value}/32`);
    return block !== undefined && holds(block);
  };
  return (rules.virtualNetworkRules ?? []).some(isAdmittedSubnet) || (rules.ipRules ?? []).some(isAdmittedBlock);
}
