/**
 * The lab's Internet: a router for 198.51.100.0/24 with its public resolvers, a client outside every network, and the
 * places of everything else that has a public address of its own. Nothing leaves it for the real one but what machines fetch
 * from package hosts: a public record that points anywhere else must not send a stranger as much as a packet.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../world.ts";
import { azurePools } from "../serviceNames.ts";
import {
  acmeAddress,
  acmeResolver,
  azureAddress,
  cappingResolver,
  gitAddress,
  internetBlock,
  internetGateway,
  linkAddresses,
  managementAddress,
  oldHostAddress,
  oldNameServers,
  outsideAddresses,
  poolAddresses,
  privateBlocks,
  publicResolver,
  registryAddress,
  storageAddress,
  stubbornResolver,
  vaultAddress,
} from "./addresses.ts";
import { chain } from "./firewall.ts";
import { ensureHostLink, ensureHostRules, outsideFiles, uplink } from "./hostUplink.ts";
import { run } from "./host.ts";
import type { PackageHosts } from "./packageHosts.ts";
import { ensureNamespace, ipBatch, namespaces, type NamespaceState, setKernel, setKernelOnce } from "./namespace.ts";
import { linkCommands, routerSettings } from "./router.ts";
import { applyRules, rulesHash } from "./ruleset.ts";
import { endpointsOf, serviceAddresses } from "./serviceEndpoints.ts";
import { acme, azure, dns, git, internet, netnsName, networkLink, old, outside } from "./names.ts";

const places = [
  { namespace: outside, link: "outside", addresses: outsideAddresses },
  { namespace: git, link: "git", addresses: [gitAddress] },
  { namespace: azure, link: "azure", addresses: [managementAddress, vaultAddress, storageAddress] },
  {
    namespace: dns,
    link: "dns",
    addresses: [
      registryAddress,
      ...oldNameServers.map(({ address }) => address),
      ...azurePools.flatMap((pool) => poolAddresses(pool)),
    ],
  },
  { namespace: acme, link: "acme", addresses: [acmeAddress] },
  { namespace: old, link: "old", addresses: [oldHostAddress] },
];

/** Of the Internet; each keeps answers in another way. */
export const publicResolvers = [publicResolver, cappingResolver, stubbornResolver, acmeResolver];

const outsideResolver = join(outsideFiles, "resolv.conf");

/** What stands before a command that is run on this host, from where administrators come, with the lab's public names. */
export const asAdministrator = [
  ...["unshare", "--mount", "sh", "-c"],
  ...[`mount --bind ${outsideResolver} /etc/resolv.conf && exec "$@"`, "sh"],
];

/** The addresses of package hosts: the public resolver adds them as machines ask for the names. */
export const packageSet = "packages";

/** What the lab's Internet lets through. */
export function internetChains({ addresses }: Pick<PackageHosts, "addresses">): string[] {
  const elements = addresses.length > 0 ? ` elements = { ${addresses.join(", ")} };` : "";
  return [
    `  set ${packageSet} { type ipv4_addr;${elements} }`,
    "  counter refused { }",
    chain("forward", [
      "type filter hook forward priority filter; policy accept;",
      // Over its service endpoint a machine asks with its private address.
      `iifname "azure" ip saddr { ${Object.values(serviceAddresses).join(", ")} } ct state established,related accept`,
      // As on the Internet: nobody can reach a private address over it.
      `ip daddr { ${[...privateBlocks, azureAddress].join(", ")} } drop`,
      `oifname "${uplink}" goto real`,
    ]),
    // Refused at once, so that nobody waits for an answer that will not come.
    chain("real", [
      `ip saddr != ${internetBlock} drop`,
      "ct state established,related accept",
      `ip daddr ${internetBlock} accept`,
      `iifname != { ${places.map(({ link }) => `"${link}"`).join(", ")} } ip daddr @${packageSet} tcp dport { 80, 443 } accept`,
      "counter name refused",
      "meta l4proto tcp reject with tcp reset",
      "reject with icmp admin-prohibited",
    ]),
    chain("input", [
      "type filter hook input priority filter; policy drop;",
      `iifname "lo" accept`,
      "ct state established,related accept",
      `ip daddr { ${publicResolvers.join(", ")} } meta l4proto { tcp, udp } th dport 53 accept`,
      "meta l4proto icmp accept",
    ]),
  ];
}

/** No filter by reverse path here: every link between routers is a way to the whole Internet. */
const internetSettings = { ...routerSettings, "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0 };

/** Makes the lab's Internet, with everything in it that does not depend on a world. */
export async function ensureInternet(hosts: PackageHosts): Promise<NamespaceState> {
  // Before anything else, since it keeps how the host was.
  await ensureHostRules();
  const state = await ensureNamespace(internet);
  await setKernelOnce(internet, internetSettings, state);
  const chains = internetChains(hosts);
  if (state.rules !== rulesHash(chains)) await applyRules(internet, chains);
  await ensureHostLink(state);
  await ensurePlaces(state);
  const lo = state.links.get("lo");
  await ipBatch(internet, [
    ...(lo?.up ? [] : ["link set lo up"]),
    ...publicResolvers.flatMap((address) => (lo?.addresses.includes(address) ? [] : [`addr add ${address}/32 dev lo`])),
    ...(state.routes.has(`unreachable ${internetBlock}`) ? [] : [`route replace unreachable ${internetBlock}`]),
  ]);
  return state;
}

async function ensurePlaces(state: NamespaceState): Promise<void> {
  const existing = namespaces();
  for (const { namespace, link, addresses } of places) {
    const alias = addresses.join();
    if (existing.includes(namespace) && state.links.get(link)?.alias === alias) continue;
    if (!existing.includes(namespace)) await run(["ip", "netns", "add", namespace]);
    await run(["ip", "-n", internet, "link", "del", link], { accept: [1] });
    await ipBatch(internet, [`link add ${link} type veth peer name eth0 netns ${namespace}`]);
    await setKernel(internet, { [`net.ipv4.neigh.${link}.proxy_delay`]: 0 });
    await ipBatch(namespace, [
      "link set lo up",
      ...addresses.map((address) => `addr add ${address}/24 dev eth0`),
      "link set eth0 up",
      `route replace default via ${internetGateway} dev eth0`,
    ]);
    await ipBatch(internet, [
      `link set ${link} up`,
      ...addresses.map((address) => `route replace ${address}/32 dev ${link}`),
      `link set ${link} alias ${alias}`,
    ]);
  }
  if (!existsSync(outsideResolver)) {
    mkdirSync(outsideFiles, { recursive: true });
    writeFileSync(outsideResolver, `nameserver ${publicResolver}\n`);
  }
}

/**
 * Links the networks' routers, which must exist, and routes to them their public addresses and their subnets with
 * service endpoints. Returns the networks whose router has got a new interface.
 */
export async function ensureUplinks(world: World, state: NamespaceState): Promise<string[]> {
  const addresses = publicAddresses(world);
  const unlinked = world.networks.filter(({ id }) => !state.links.has(networkLink(id)));
  await ipBatch(internet, [
    ...unlinked.map(({ id }) => `link add ${networkLink(id)} type veth peer name uplink netns ${netnsName(id)}`),
    ...world.networks.flatMap((network) => {
      const name = networkLink(network.id);
      const [address, peerAddress] = linkAddresses(name);
      const given = (addresses.get(network.id) ?? []).map((one) => `${one}/32`);
      const subnets = endpointsOf(world, network).map(({ prefix }) => prefix);
      return linkCommands({ name, address, peerAddress, routes: [...new Set([...given, ...subnets])] }, state);
    }),
  ]);
  return unlinked.map(({ id }) => id);
}

/** By network: the public addresses that its router answers for. */
export function publicAddresses(world: World): Map<string, string[]> {
  const owned = [
    ...world.publicAddresses.flatMap(({ networkId, address }) => (networkId ? [{ networkId, address }] : [])),
    ...world.networks.flatMap(({ id, subnets }) =>
      subnets.flatMap(({ natAddress }) => (natAddress ? [{ networkId: id, address: natAddress }] : [])),
    ),
    ...world.loadBalancers.flatMap(({ rules }) => rules.filter((rule) => rule.public)),
  ];
  const byNetwork = Map.groupBy(owned, ({ networkId }) => networkId);
  return new Map(
    [...byNetwork].map(([id, entries]) => [id, [...new Set(entries.map(({ address }) => address))].sort()]),
  );
}
