/** The router of one virtual network: its addresses, its uplink to the lab's Internet and its links to peers. */
import type { VirtualNetwork } from "../world.ts";
import { azureAddress, gatewayAddress, linkAddresses, metadataAddress } from "./addresses.ts";
import { ipBatch, type NamespaceState } from "./namespace.ts";
import { netnsName, networkLink, peerLink } from "./names.ts";

/** Kernel settings of a router. */
export const routerSettings = {
  "net.ipv6.conf.all.disable_ipv6": 1,
  "net.ipv6.conf.default.disable_ipv6": 1,
  // A machine that writes another's address as its sender is not heard.
  "net.ipv4.conf.all.rp_filter": 1,
  "net.ipv4.conf.default.rp_filter": 1,
  // The router answers for every address, so that all traffic is routed, also between neighbours.
  "net.ipv4.conf.default.proxy_arp": 1,
  "net.ipv4.conf.all.send_redirects": 0,
  "net.ipv4.conf.default.send_redirects": 0,
  // A packet in the middle of an unknown flow must not choose a new member of a load balancer.
  "net.netfilter.nf_conntrack_tcp_loose": 0,
  // An attempt to connect that was not answered is forgotten, so that the next one, a second later, is given to another
  // member, as by Azure, and not for ever to one that is lost.
  "net.netfilter.nf_conntrack_tcp_timeout_syn_sent": 1,
  "net.ipv4.ip_forward": 1,
};

/** `ip` commands that give a router its own addresses, and take those of removed subnets. */
export function routerCommands(network: VirtualNetwork, state: NamespaceState): string[] {
  const lo = state.links.get("lo");
  const own = [azureAddress, metadataAddress, ...network.subnets.map(({ prefix }) => gatewayAddress(prefix))];
  const present = (lo?.addresses ?? []).filter((address) => address !== "127.0.0.1");
  return [
    ...(lo?.up ? [] : ["link set lo up"]),
    ...own.filter((address) => !present.includes(address)).map((address) => `addr add ${address}/32 dev lo`),
    ...present.filter((address) => !own.includes(address)).map((address) => `addr del ${address}/32 dev lo`),
    ...uplinkCommands(network, state),
  ];
}

/** One side of a link between two routers: its address, and routes to what lies beyond. */
export interface RouterLink {
  name: string;
  address: string;
  peerAddress: string;
  /** Blocks that are reached over it. */
  routes: string[];
}

/** `ip` commands that bring up one side of a link between routers, given that the interface exists. */
export function linkCommands(link: RouterLink, state: NamespaceState): string[] {
  const present = state.links.get(link.name);
  // The kernel drops the routes of an interface that is down.
  const routes = present?.up ? [...state.routes].filter((route) => route.endsWith(` dev ${link.name}`)) : [];
  const wanted = link.routes.map((block) => ({
    block,
    text: `${block.replace(/\/32$/, "")} via ${link.peerAddress} dev ${link.name}`,
  }));
  return [
    ...(present?.addresses.includes(link.address)
      ? []
      : [`addr add ${link.address} peer ${link.peerAddress}/32 dev ${link.name}`]),
    ...(present?.up ? [] : [`link set ${link.name} up`]),
    ...wanted.filter(({ text }) => !routes.includes(text)).map(({ text }) => `route replace ${text}`),
    ...routes
      .filter((route) => route.includes(" via ") && !wanted.some(({ text }) => text === route))
      .map((route) => `route del ${route}`),
  ];
}

/** The router's side of its uplink. */
function uplinkCommands(network: VirtualNetwork, state: NamespaceState): string[] {
  const [peerAddress, address] = linkAddresses(networkLink(network.id));
  return linkCommands({ name: "uplink", address, peerAddress, routes: ["default"] }, state);
}

/** `ip` commands that remove the links to networks that are no longer peers. */
export function unpeerCommands(network: VirtualNetwork, wanted: readonly Peering[], state: NamespaceState): string[] {
  const names = wanted.flatMap(({ networks, links }) =>
    networks.flatMap(({ id }, side) => (id === network.id ? [links[side]?.name] : [])),
  );
  return [...state.links.keys()]
    .filter((name) => name.startsWith("lp") && !names.includes(name))
    .map((name) => `link del ${name}`);
}

/** A peering that must be made: both routers exist, each named with its side of the link. */
export interface Peering {
  networks: [VirtualNetwork, VirtualNetwork];
  links: [RouterLink, RouterLink];
}

/** Links the routers of peered networks, given the state of each network's router; both ends are made together. */
export async function ensurePeerings(
  wanted: readonly Peering[],
  states: ReadonlyMap<string, NamespaceState>,
): Promise<void> {
  for (const { networks, links } of wanted) {
    const [first, second] = networks.map(({ id }) => ({ namespace: netnsName(id), state: states.get(id) }));
    // A router that could not be made has its own failure.
    if (!first?.state || !second?.state) continue;
    if (!first.state.links.has(links[0].name)) {
      await ipBatch(first.namespace, [
        `link add ${links[0].name} type veth peer name ${links[1].name} netns ${second.namespace}`,
      ]);
    }
    await ipBatch(first.namespace, linkCommands(links[0], first.state));
    await ipBatch(second.namespace, linkCommands(links[1], second.state));
  }
}

/** Every pair of networks that are peered on both sides. */
export function peerings(networks: readonly VirtualNetwork[]): Peering[] {
  return networks.flatMap((one) =>
    networks
      .filter((other) => one.id < other.id && one.peers.includes(other.id) && other.peers.includes(one.id))
      .map((other): Peering => {
        const [first, second] = linkAddresses(`${one.id} ${other.id}`);
        return {
          networks: [one, other],
          links: [
            { name: peerLink(other.id), address: first, peerAddress: second, routes: other.prefixes },
            { name: peerLink(one.id), address: second, peerAddress: first, routes: one.prefixes },
          ],
        };
      }),
  );
}
