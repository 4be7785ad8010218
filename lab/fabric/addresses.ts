/** Addresses that the lab gives out itself, and those of Azure that it imitates. */
import { createHash } from "node:crypto";
import { hostAddress as hostNumber } from "../../environment/address.ts";
import { nameServerDomains, type AzurePool } from "../serviceNames.ts";
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
/** Resolvers that keep answers for half a minute at most, and for a quarter of an hour at least, whatever they are told. */
export const cappingResolver = "198.51.100.210";
export const stubbornResolver = "198.51.100.211";
/** The certificate authority's own, which keeps nothing. */
export const acmeResolver = "198.51.100.212";
export const gitAddress = "198.51.100.10";
export const gitHost = "git.chatbot.example";
/** Of Azure's services: Resource Manager, all key vaults, the blob services of all storage accounts. */
export const managementAddress = "198.51.100.11";
export const vaultAddress = "198.51.100.12";
export const storageAddress = "198.51.100.13";
/** Of the certificate authority. */
export const acmeAddress = "198.51.100.14";
export const acmeHost = "acme.example";
/** Where clients of ACME begin. */
export const acmeDirectory = `https://${acmeHost}/dir`;
/** Of the host on which services run before they move. */
export const oldHostAddress = "198.51.100.15";
export const oldHost = "old-host.example";
/** Of the registry of `example.` */
export const registryAddress = "198.51.100.16";
/** Of the DNS provider from before. */
export const oldNameServers = [
  { name: "ns1.old.example.", address: "198.51.100.17" },
  { name: "ns2.old.example.", address: "198.51.100.18" },
] as const;
/** Of the four name servers of each pool of Azure's public DNS. */
export const poolAddresses = (pool: AzurePool): string[] =>
  nameServerDomains.map((_, index) => `198.51.100.${20 + (pool - 1) * nameServerDomains.length + index}`);
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
