/** Addresses that the lab gives out itself, and those of Azure that it imitates. */
import { createHash } from "node:crypto";
import { hostAddress as hostNumber } from "../../environment/address.ts";
import { addressNumber, addressText } from "./ranges.ts";

/** Azure's address on every host: DNS server of the machines and source of load balancer probes. */
export const azureAddress = "168.63.129.16";

/** Azure's Instance Metadata Service, which every machine reaches and nobody else. */
export const metadataAddress = "169.254.169.254";

/** The lab's Internet. Everything public in the lab has an address here. */
export const internetBlock = "198.51.100.0/24";
/** The host's end of the uplink; in the lab, the administrators come from here. */
export const hostAddress = "198.51.100.1";
/** The other end, and the gateway of what stands in the lab's Internet. */
export const internetGateway = "198.51.100.2";
export const publicResolver = "198.51.100.53";
export const gitAddress = "198.51.100.10";
export const gitHost = "git.chatbot.example";
/** Of Azure's services: Resource Manager, all key vaults, the blob services of all storage accounts. */
export const managementAddress = "198.51.100.11";
export const vaultAddress = "198.51.100.12";
export const storageAddress = "198.51.100.13";
/** Of the clients outside: several, since each has ports for some 28,000 connections a minute. */
export const outsideAddresses = Array.from({ length: 8 }, (_, index) => `198.51.100.${200 + index}`);

/** Never routed on the Internet, and dropped by Azure when a machine sends there outside its networks. */
export const privateBlocks = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

/**
 * The two addresses of a link between routers, from the shared block 100.64.0.0/10 and made of the link's name, so
 * that they stay when other networks come and go.
 */
export function linkAddresses(name: string): [string, string] {
  const pair = createHash("sha256").update(name).digest().readUInt32BE(0) % 2 ** 21;
  const first = addressNumber("100.64.0.0") + 2 * pair;
  return [addressText(first), addressText(first + 1)];
}

/** The gateway of a subnet: its first address after the network's own. */
export function gatewayAddress(prefix: string): string {
  return hostNumber(prefix, 1);
}
