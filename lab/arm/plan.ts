/** The world that follows from the stored resources: plain data for the fabric. */
import type {
  BalancingRule,
  DnsZone,
  Group,
  LoadBalancer,
  Machine,
  Probe,
  PublicAddress,
  SecurityRule,
  Subnet,
  VirtualNetwork,
  World,
} from "../world.ts";
import { healthOf, scriptsOf } from "./compute/extensions.ts";
import { isStanding, isWaiting } from "./compute/removal.ts";
import { repairState } from "./compute/repairs.ts";
import type { ScaleSetBody } from "./compute/scaleSetSchema.ts";
import { sizeOf } from "./compute/sizes.ts";
import type { MachineBody } from "./compute/virtualMachines.ts";
import { recordTypes, valuesOf, type RecordBody } from "./dns/records.ts";
import { keyOf, parentOf } from "./ids.ts";
import { poolOf, type LoadBalancerBody } from "./network/loadBalancerSchema.ts";
import { poolMembers } from "./network/loadBalancerView.ts";
import { types } from "./network/names.ts";
import type { NatGatewayBody } from "./network/natGateways.ts";
import { networkIdOf, subnetIdOf, type NetworkInterfaceBody } from "./network/networkInterfaces.ts";
import { connected, type PeeringBody } from "./network/peerings.ts";
import type { PublicAddressBody } from "./network/publicIPAddresses.ts";
import { defaultRules, listOf, tagOf, type RuleProperties, type SecurityRuleBody } from "./network/securityRules.ts";
import { subnetPrefix, type SubnetBody } from "./network/subnets.ts";
import type { VirtualNetworkBody } from "./network/virtualNetworks.ts";
import { linkType, type LinkBody } from "./privatedns/virtualNetworkLinks.ts";
import { partOf } from "./references.ts";
import { isLive, type Store } from "./store.ts";
import type { Body, Resource } from "./types.ts";

export function planWorld(store: Store): World {
  return {
    revision: store.revision,
    networks: live<VirtualNetworkBody>(store, types.virtualNetwork).map((network) => planNetwork(network, store)),
    machines: planMachines(store),
    balancers: live<LoadBalancerBody>(store, types.loadBalancer).map((balancer) => planBalancer(balancer, store)),
    publicAddresses: live<PublicAddressBody>(store, types.publicAddress).map((address) =>
      planPublicAddress(address, store),
    ),
    zones: [
      ...planZones(store, "Microsoft.Network/dnsZones"),
      ...planZones(store, "Microsoft.Network/privateDnsZones"),
    ],
    groups: live<ScaleSetBody>(store, types.scaleSet).map(planGroup),
  };
}

const live = <B extends Body>(store: Store, type: string): Resource<B>[] => store.ofType<B>(type).filter(isLive);
const liveChildren = <B extends Body>(store: Store, parent: string, type: string): Resource<B>[] =>
  store.children<B>(parent, type).filter(isLive);

function planNetwork(network: Resource<VirtualNetworkBody>, store: Store): VirtualNetwork {
  const peerings = liveChildren<PeeringBody>(store, network.id, types.peering).filter((peering) =>
    connected(peering, store),
  );
  return {
    id: network.key,
    name: network.name,
    prefixes: network.body.properties.addressSpace.addressPrefixes,
    subnets: liveChildren<SubnetBody>(store, network.id, types.subnet).map((subnet) => planSubnet(subnet, store)),
    peers: peerings
      .filter((peering) => peering.body.properties.allowVirtualNetworkAccess !== false)
      .map((peering) => keyOf(peering.body.properties.remoteVirtualNetwork.id)),
  };
}

function planSubnet(subnet: Resource<SubnetBody>, store: Store): Subnet {
  const { networkSecurityGroup, natGateway } = subnet.body.properties;
  const rules = planRules(networkSecurityGroup?.id, store);
  const gateway = natGateway && store.live<NatGatewayBody>(natGateway.id);
  const [outbound] = gateway?.body.properties.publicIpAddresses ?? [];
  const natAddress = outbound && store.live(outbound.id)?.computed.address;
  return {
    id: subnet.key,
    name: subnet.name,
    prefix: subnetPrefix(subnet.body),
    ...(rules && { rules }),
    ...(natAddress && { natAddress }),
  };
}

/** A security group's rules and Azure's own, lowest priority number first; undefined without a group. */
function planRules(groupId: string | undefined, store: Store): SecurityRule[] | undefined {
  const group = groupId === undefined ? undefined : store.live(groupId);
  if (!group) return undefined;
  const own = liveChildren<SecurityRuleBody>(store, group.id, types.securityRule).map((rule) => ({
    name: rule.name,
    properties: rule.body.properties,
  }));
  return [...own, ...defaultRules]
    .map(({ name, properties }) => planRule(name, properties))
    .sort((a, b) => a.priority - b.priority);
}

function planRule(name: string, rule: RuleProperties): SecurityRule {
  const spelled = (addresses: string[]): string[] =>
    addresses.map((address) => tagOf(address) ?? (address === "0.0.0.0/0" ? "*" : address));
  return {
    name,
    direction: rule.direction,
    priority: rule.priority,
    access: rule.access,
    protocol: rule.protocol.toLowerCase() as SecurityRule["protocol"],
    sources: spelled(listOf(rule.sourceAddressPrefix, rule.sourceAddressPrefixes)),
    sourcePorts: listOf(rule.sourcePortRange, rule.sourcePortRanges),
    destinations: spelled(listOf(rule.destinationAddressPrefix, rule.destinationAddressPrefixes)),
    destinationPorts: listOf(rule.destinationPortRange, rule.destinationPortRanges),
  };
}

const planMachines = (store: Store): Machine[] =>
  store
    .ofType<MachineBody>(types.machine)
    .filter(isStanding)
    .flatMap((machine) => planMachine(machine, store) ?? []);

/** Undefined while the machine has no network interface with an address. */
function planMachine(machine: Resource<MachineBody>, store: Store): Machine | undefined {
  const {
    hardwareProfile,
    osProfile,
    storageProfile,
    networkProfile,
    virtualMachineScaleSet,
    extensions = [],
  } = machine.body.properties;
  const nic = store.live<NetworkInterfaceBody>(networkProfile.networkInterfaces[0]?.id ?? "");
  const address = nic && Object.values(nic.computed.addresses ?? {})[0];
  const size = sizeOf(hardwareProfile.vmSize);
  if (!nic || address === undefined || !size) return undefined;
  const { publisher, offer, sku, version } = storageProfile.imageReference;
  const rules = planRules(nic.body.properties.networkSecurityGroup?.id, store);
  const health = healthOf(extensions);
  return {
    id: machine.key,
    name: machine.name,
    hostName: osProfile.computerName ?? machine.name,
    networkId: keyOf(networkIdOf(nic)),
    subnetId: keyOf(subnetIdOf(nic)),
    address,
    ...(rules && { rules }),
    image: { publisher, offer, sku, version },
    ...size,
    adminUser: osProfile.adminUsername!,
    sshKeys: (osProfile.linuxConfiguration?.ssh?.publicKeys ?? []).map((key) => key.keyData.trim()),
    ...(osProfile.customData !== undefined && { customData: osProfile.customData }),
    powered: machine.computed.powered ?? true,
    ...(isWaiting(machine) && { terminating: true as const }),
    generation: machine.computed.generation ?? 1,
    ...(health && { health }),
    scripts: scriptsOf(machine.key, extensions),
    ...(virtualMachineScaleSet && { scaleSetId: keyOf(virtualMachineScaleSet.id) }),
    tags: machine.body.tags ?? {},
  };
}

const planGroup = (set: Resource<ScaleSetBody>): Group => ({
  id: set.key,
  name: set.name,
  tags: set.body.tags ?? {},
  capacity: set.body.sku.capacity ?? 0,
  repairs: repairState(set),
});

function planBalancer(balancer: Resource<LoadBalancerBody>, store: Store): LoadBalancer {
  const { loadBalancingRules = [] } = balancer.body.properties;
  return {
    id: balancer.key,
    name: balancer.name,
    tags: balancer.body.tags ?? {},
    rules: loadBalancingRules.flatMap(
      ({ name, properties }) => planBalancingRule(balancer, name, properties, store) ?? [],
    ),
  };
}

type RuleOf = NonNullable<LoadBalancerBody["properties"]["loadBalancingRules"]>[number]["properties"];

/** Undefined while a public rule has no member: then it belongs to no network yet. */
function planBalancingRule(
  balancer: Resource<LoadBalancerBody>,
  name: string,
  rule: RuleOf,
  store: Store,
): BalancingRule | undefined {
  type FrontEnd = NonNullable<LoadBalancerBody["properties"]["frontendIPConfigurations"]>[number];
  const front = partOf<FrontEnd>(balancer.body, rule.frontendIPConfiguration.id);
  if (!front) return undefined;
  const { subnet, publicIPAddress } = front.properties;
  const pool = poolOf(rule);
  const members = (pool === undefined ? [] : poolMembers(pool, { store })).filter(
    ({ nic }) => nic.computed.machineId !== undefined,
  );
  const networkId = subnet ? parentOf(subnet.id) : members[0] && networkIdOf(members[0].nic);
  const address = publicIPAddress
    ? store.live(publicIPAddress.id)?.computed.address
    : balancer.computed.addresses?.[front.name];
  if (networkId === undefined || address === undefined) return undefined;
  const probe = rule.probe && planProbe(balancer, rule.probe.id);
  return {
    name,
    protocol: rule.protocol.toLowerCase() as "tcp" | "udp",
    address,
    public: publicIPAddress !== undefined,
    port: rule.frontendPort,
    backendPort: rule.backendPort ?? rule.frontendPort,
    networkId: keyOf(networkId),
    members: members.map(({ nic }) => keyOf(nic.computed.machineId!)),
    ...(probe && { probe }),
    distribution: rule.loadDistribution ?? "Default",
  };
}

function planProbe(balancer: Resource<LoadBalancerBody>, id: string): Probe | undefined {
  const probe = partOf<NonNullable<LoadBalancerBody["properties"]["probes"]>[number]>(balancer.body, id);
  if (!probe) return undefined;
  const { protocol, port, requestPath, intervalInSeconds = 15, probeThreshold } = probe.properties;
  return {
    id: keyOf(`${balancer.id}/probes/${probe.name}`),
    protocol: protocol.toLowerCase() as Probe["protocol"],
    port,
    ...(requestPath !== undefined && { path: requestPath.startsWith("/") ? requestPath : `/${requestPath}` }),
    interval: intervalInSeconds,
    // Azure acts on probeThreshold; numberOfProbes is accepted and, as documented, ignored.
    threshold: probeThreshold ?? 1,
  };
}

/** A public address belongs to the network of whatever uses it. */
function planPublicAddress(address: Resource<PublicAddressBody>, store: Store): PublicAddress {
  const networkId = networkOfAddress(address, store);
  return {
    id: address.key,
    name: address.name,
    address: address.computed.address!,
    ...(networkId !== undefined && { networkId: keyOf(networkId) }),
  };
}

function networkOfAddress(address: Resource, store: Store): string | undefined {
  const is = (reference?: { id: string }): boolean => reference !== undefined && keyOf(reference.id) === address.key;
  const gateway = live<NatGatewayBody>(store, types.natGateway).find((one) =>
    (one.body.properties.publicIpAddresses ?? []).some(is),
  );
  if (gateway) {
    const subnet = live<SubnetBody>(store, types.subnet).find(
      (one) => keyOf(one.body.properties.natGateway?.id ?? "") === gateway.key,
    );
    return subnet && parentOf(subnet.id);
  }
  for (const balancer of live<LoadBalancerBody>(store, types.loadBalancer)) {
    const { frontendIPConfigurations = [], loadBalancingRules = [] } = balancer.body.properties;
    const front = frontendIPConfigurations.find((one) => is(one.properties.publicIPAddress));
    const id = front && keyOf(`${balancer.id}/frontendIPConfigurations/${front.name}`);
    for (const rule of loadBalancingRules.filter((one) => keyOf(one.properties.frontendIPConfiguration.id) === id)) {
      const pool = poolOf(rule.properties);
      const [member] = pool === undefined ? [] : poolMembers(pool, { store });
      if (member) return networkIdOf(member.nic);
    }
  }
  return undefined;
}

function planZones(store: Store, type: string): DnsZone[] {
  const isPrivate = type === "Microsoft.Network/privateDnsZones";
  return live(store, type).map((zone) => {
    const links = isPrivate ? liveChildren<LinkBody>(store, zone.id, linkType) : [];
    const records = recordTypes.flatMap((recordType) =>
      liveChildren<RecordBody>(store, zone.id, `${type}/${recordType}`).map((record) => ({
        name: record.name,
        type: recordType,
        ttl: record.body.properties.ttl ?? 3600,
        values: valuesOf(recordType, record.body),
      })),
    );
    const registered = links
      .filter((link) => link.body.properties.registrationEnabled)
      .flatMap((link) => registrations(keyOf(link.body.properties.virtualNetwork.id), store));
    const taken = new Set(records.map((record) => record.name.toLowerCase()));
    return {
      id: zone.key,
      name: zone.name,
      private: isPrivate,
      networkIds: links.map((link) => keyOf(link.body.properties.virtualNetwork.id)),
      records: [...records, ...registered.filter((record) => !taken.has(record.name))],
    };
  });
}

/** Host names of a network's machines, in a zone that is linked with registration. */
function registrations(networkId: string, store: Store): DnsZone["records"] {
  return planMachines(store)
    .filter((machine) => machine.networkId === networkId)
    .map((machine) => ({
      name: machine.hostName.toLowerCase(),
      type: "A" as const,
      ttl: 10,
      values: [machine.address],
    }));
}
