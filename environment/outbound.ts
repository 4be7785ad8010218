/**
 * What the machines of a tier may call: the setting `outbound`, and the outbound rules of the tier's security group.
 * Pure.
 *
 * Azure's name resolution, DHCP, health probes (168.63.129.16) and metadata (169.254.169.254) are not subject to
 * security groups, unless a rule names their own tags (AzurePlatformDNS, AzurePlatformIMDS), which is not allowed here.
 * https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#azure-platform-considerations
 */
import { z } from "zod";
import { parseCidr } from "./address.ts";

/** An outbound rule, as Azure evaluates it: lowest priority number first. */
export interface OutboundRule {
  name: string;
  /** 100 to 4096; numbers of inbound rules are others. */
  priority: number;
  access: "Allow" | "Deny";
  protocol: "Tcp" | "Udp" | "*";
  /** Blocks, or a single service tag such as `Internet`, or `*`. */
  destinations: string[];
  /** Ports such as `443`, or `*`. */
  ports: string[];
}

/** Tags that stand for the network and its platform: what may be reached there, `reaches` says, and Azure itself. */
const refusedTags = /^(VirtualNetwork|AzureLoadBalancer|AzurePlatform\w+)$/;
const serviceTag = /^[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*)?$/;

const toText =
  "Internet, an IPv4 block such as 198.51.100.0/24, or one of Azure's service tags other than VirtualNetwork, " +
  "AzureLoadBalancer and AzurePlatform..., for example AzureKeyVault.WestEurope";
const portsText = "at least one port from 1 to 65535, each once";

/** The value of a tier's `outbound`. */
export const outboundSchema = z
  .array(
    z.strictObject({
      to: z
        .string({ error: toText })
        .refine((to) => parseCidr(to) !== undefined || (serviceTag.test(to) && !refusedTags.test(to)), {
          error: toText,
        })
        .describe("Internet, an IPv4 block, or one of Azure's service tags, for example AzureKeyVault.WestEurope"),
      ports: z
        .array(z.int({ error: portsText }).min(1, { error: portsText }).max(65535, { error: portsText }), {
          error: portsText,
        })
        .min(1, { error: portsText })
        .refine((ports) => new Set(ports).size === ports.length, { error: portsText })
        .meta({ description: "Ports that may be called there", uniqueItems: true }),
      protocol: z.enum(["tcp", "udp"]).default("tcp").describe("tcp or udp"),
    }),
  )
  .describe(
    "What the tier's machines may call, besides the tiers that they reach, the vaults of Azure where they have " +
      "secrets, and its storage accounts where they have applications or backups, everybody's; all else is denied. Default: " +
      "everything. Machines install themselves from package registries and Git (443, and 80 for Debian's), and do so " +
      "again after a repair. Azure's name resolution and metadata are always reached",
  );

export type Outbound = z.output<typeof outboundSchema>;

/** A tier's service, as it is called. */
export interface ReachedService {
  /** Name of the tier. */
  name: string;
  /**
   * Blocks with the load balancer's address and those of the machines behind it. A security group's destination is "the
   * destination computer, not the load balancer"; whether a caller's group sees that already is not documented.
   * https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#security-rules
   */
  destinations: string[];
  /** Ports that callers of the tier may use. */
  ports: number[];
  /** The tier's subnet index: it fixes the rule's priority, so that reaching another tier moves no other rule. */
  subnetIndex: number;
}

/** What a tier's machines read of the environment's own. Azure has no tag for a single vault, or a single account. */
export interface Read {
  /** Secrets, from the vault. */
  secrets: boolean;
  /** Releases of applications, or backups, in the storage account. */
  releases: boolean;
}

/** Outbound rules of a tier's subnet; none where the tier does not limit what it calls. */
export function outboundRules(
  outbound: Outbound | undefined,
  reached: readonly ReachedService[],
  { secrets, releases }: Read,
): OutboundRule[] {
  if (outbound === undefined) return [];
  const allow = { access: "Allow" as const, protocol: "Tcp" as const };
  const https = { ...allow, ports: ["443"] };
  return [
    ...(secrets ? [{ ...https, name: "allow-vault-out", priority: 900, destinations: ["AzureKeyVault"] }] : []),
    ...(releases ? [{ ...https, name: "allow-store-out", priority: 901, destinations: ["Storage"] }] : []),
    ...reached.map(({ name, destinations, ports, subnetIndex }) => ({
      ...allow,
      name: `allow-out-${name}`,
      priority: 1000 + subnetIndex,
      destinations,
      ports: ports.map(String),
    })),
    ...outbound.map(({ to, ports, protocol }, index) => ({
      ...allow,
      // Names of Azure's rules have no slash.
      name: `allow-out-${to.replace("/", "_")}-${protocol}`,
      priority: 2000 + index,
      protocol: protocol === "udp" ? ("Udp" as const) : allow.protocol,
      destinations: [to],
      ports: ports.map(String),
    })),
    { name: "deny-out-all", priority: 4096, access: "Deny", protocol: "*", destinations: ["*"], ports: ["*"] },
  ];
}
