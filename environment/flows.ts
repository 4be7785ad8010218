/**
 * Which traffic may enter a subnet, as plain data: the rules of its network security group. Everything else is denied;
 * Azure's default rules would let every machine of the network reach every other.
 */
import type { Cidr } from "./address.ts";

/** An inbound rule that allows or denies, as Azure evaluates it: lowest priority number first. */
export interface Rule {
  name: string;
  /** 100 to 4096. */
  priority: number;
  access: "Allow" | "Deny";
  protocol: "Tcp" | "*";
  /** Blocks, or one service tag. */
  sources: Cidr[] | "Internet" | "AzureLoadBalancer" | "*";
  /** Ports such as `22`, or `*`. */
  ports: string[];
}

/** Port of SSH on every machine. */
export const sshPort = 22;
/** Azure's load balancers take no 65535. */
export const greatestPort = 65534;
/** Port on which every machine tells its health over HTTP. */
export const healthPort = 8999;
export const healthPath = "/health";
/** Path of the same for the Application Health extension: the verdict is in the body; any status but 2xx is Unknown. */
export const healthStatePath = "/state";
/** Port on which a machine tells HAProxy its idle CPU. */
export const agentPort = 8998;
/** Ports on which every machine listens itself, so that no service can. */
export const machinePorts: readonly number[] = [sshPort, agentPort, healthPort];

/** A rule that lets TCP in. */
export const allow = (name: string, priority: number, sources: Rule["sources"], ports: string[]): Rule => ({
  name,
  priority,
  access: "Allow",
  protocol: "Tcp",
  sources,
  ports,
});

/** At the end of every group. The probes come from Azure itself (168.63.129.16), not from a machine. */
const ending: Rule[] = [
  { ...allow("allow-probes", 4000, "AzureLoadBalancer", ["*"]), protocol: "*" },
  { name: "deny-all", priority: 4096, access: "Deny", protocol: "*", sources: "*", ports: ["*"] },
];

/** What may enter a tier. */
export interface TierTraffic {
  /** None: the tier has no service. */
  ports: readonly number[];
  /** Subnets from which the service is called: the callers', or the balancers' when HAProxy stands in between. */
  callers: Cidr[];
  /** Subnet of HAProxy machines that check this tier, if any. */
  balancers: Cidr | undefined;
  /** Subnet of the jump host. */
  reverseProxy: Cidr;
  /** Rules for callers in other environments. */
  fromPeers: readonly Rule[];
}

/** Rules of a tier's subnet. */
export function tierRules({ ports, callers, balancers, reverseProxy, fromPeers }: TierTraffic): Rule[] {
  const service =
    ports.length > 0 && callers.length > 0 ? [allow("allow-service", 110, callers, ports.map(String))] : [];
  const checks =
    balancers === undefined ? [] : [allow("allow-checks", 120, [balancers], [`${agentPort}`, `${healthPort}`])];
  return [allow("allow-ssh", 100, [reverseProxy], [`${sshPort}`]), ...service, ...checks, ...fromPeers, ...ending];
}

/** A tier behind HAProxy, as its balancers see it. */
export interface BalancedTier {
  name: string;
  /** The tier's subnet index: it fixes the rule's priority, so that adding a tier moves no other rule. */
  subnetIndex: number;
  ports: readonly number[];
  callers: Cidr[];
}

/** Rules of the balancers' subnet, with those for callers in other environments. */
export function balancerRules(tiers: BalancedTier[], reverseProxy: Cidr, fromPeers: readonly Rule[]): Rule[] {
  const services = tiers
    .filter(({ callers }) => callers.length > 0)
    .map(({ name, subnetIndex, ports, callers }) =>
      allow(`allow-${name}`, 1000 + subnetIndex, callers, ports.map(String)),
    );
  return [allow("allow-ssh", 100, [reverseProxy], [`${sshPort}`]), ...services, ...fromPeers, ...ending];
}

/**
 * Rules of the reverse proxy's subnet, the only one that is open to the outside.
 *
 * @param outside Who may enter from there; nobody where the environment has no public address.
 * @param reverseProxy The subnet itself: one jump host reaches the other.
 * @param fromPeers Rules for callers in other environments.
 */
export function reverseProxyRules(
  outside: { administrators: Cidr[] } | undefined,
  reverseProxy: Cidr,
  fromPeers: readonly Rule[],
): Rule[] {
  return [
    ...(outside ? [allow("allow-ssh", 100, outside.administrators, [`${sshPort}`])] : []),
    // Apart from the administrators: Azure refuses blocks in one rule that overlap.
    allow("allow-jumps", 105, [reverseProxy], [`${sshPort}`]),
    ...(outside ? [allow("allow-web", 110, "Internet", ["80", "443"])] : []),
    ...fromPeers,
    ...ending,
  ];
}
