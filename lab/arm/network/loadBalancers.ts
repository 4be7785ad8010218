/** Microsoft.Network/loadBalancers: Standard SKU, internal or public; its parts are inline. */
import type { Context } from "../context.ts";
import { badRequest } from "../errors.ts";
import { keyOf } from "../ids.ts";
import { referrersOf } from "../references.ts";
import type { Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { poolOf } from "./backendPools.ts";
import { refuseDuplicateNames } from "./inlineChildren.ts";
import { projectLoadBalancer } from "./loadBalancerProjection.ts";
import {
  backendPoolBody,
  loadBalancerBody,
  loadBalancerIntroduced,
  type BalancingRuleProperties,
  type LoadBalancerBody,
} from "./loadBalancerSchema.ts";
import { renderLoadBalancer } from "./loadBalancerView.ts";
import { networkType } from "./networkType.ts";
import { allocate } from "./privateAddresses.ts";
import { refuseShared } from "./publicIPAddresses.ts";
import { refuseOtherZones } from "./zones.ts";

const collections = ["frontendIPConfigurations", "backendAddressPools", "loadBalancingRules", "probes"] as const;
const emptyCollections = ["inboundNatRules", "outboundRules"] as const;

function prepare(draft: Draft<LoadBalancerBody>, context: Context): void {
  const { properties } = draft.body;
  for (const collection of collections) refuseDuplicateNames(draft.id, properties[collection] ?? []);
  const hasParts = collections.some((collection) => (properties[collection] ?? []).length > 0);
  if (hasParts && (properties.frontendIPConfigurations ?? []).length === 0) {
    throw badRequest(
      "LoadBalancerWithoutFrontendIPCantHaveChildResources",
      `Load balancer ${draft.id} has no frontend IP configurations: it cannot have child resources such as backend address pools, probes and rules.`,
    );
  }
  checkRules(draft);
  const addresses: Record<string, string> = {};
  const frontsBefore = draft.existing?.body.properties.frontendIPConfigurations ?? [];
  for (const { name, zones, properties: front } of properties.frontendIPConfigurations ?? []) {
    const before = frontsBefore.find((one) => one.name === name);
    if (before) refuseOtherZones(`${draft.id}/frontendIPConfigurations/${name}`, zones, before.zones);
    if (front.publicIPAddress) refuseShared(front.publicIPAddress.id, draft.id, context);
    if (!front.subnet) continue;
    const current = draft.computed.addresses?.[name];
    const wish = {
      id: `${draft.id}/frontendIPConfigurations/${name}`,
      subnetId: front.subnet.id,
      address: front.privateIPAddress,
      current,
    };
    const twin = Object.entries(addresses).find(([, address]) => address === front.privateIPAddress);
    if (twin) {
      throw badRequest(
        "MultipleIpConfigsRequestSamePrivateIpAddress",
        `IP configuration ${wish.id} is requesting the same private IP address ${twin[1]} as IP Configurations ${draft.id}/frontendIPConfigurations/${twin[0]}. Private IP address ${twin[1]} from the subnet can be assigned to only one IP configuration.`,
      );
    }
    addresses[name] = allocate(wish, context.store, Object.values(addresses));
  }
  draft.computed.addresses = addresses;
  refuseUsedPools(draft, context);
}

/** One front-end port and protocol can have one rule, and so can one back-end port, protocol and pool. */
function checkRules(draft: Draft<LoadBalancerBody>): void {
  const rules = draft.body.properties.loadBalancingRules ?? [];
  const pairOf = (end: (rule: BalancingRuleProperties) => string | undefined): [string, string] | undefined => {
    const ends = rules.map(({ properties }) => end(properties));
    const second = ends.findIndex((one, index) => one !== undefined && ends.indexOf(one) !== index);
    return second < 0 ? undefined : [rules[ends.indexOf(ends[second])]!.name, rules[second]!.name];
  };
  const front = pairOf((rule) => `${keyOf(rule.frontendIPConfiguration.id)} ${rule.protocol} ${rule.frontendPort}`);
  if (front)
    throw badRequest(
      "RulesUseSameFrontendPortProtocolAndIPConfig",
      `Load balancing rules ${front.join(" and ")} of load balancer ${draft.id} use the same frontend port, protocol and IP configuration.`,
    );
  const back = pairOf((rule) => {
    const pool = poolOf(rule);
    return pool && `${keyOf(pool)} ${rule.protocol} ${rule.backendPort ?? rule.frontendPort}`;
  });
  if (back)
    throw badRequest(
      "RulesUseSameBackendPortProtocolAndPool",
      `Load balancing rules ${back.join(" and ")} of load balancer ${draft.id} use the same backend port, protocol and pool without a floating IP.`,
    );
}

/** A pool that a network interface or scale set names cannot be taken away. */
function refuseUsedPools(draft: Draft<LoadBalancerBody>, { store }: Context): void {
  const kept = (draft.body.properties.backendAddressPools ?? []).map(({ name }) => name.toLowerCase());
  for (const { name } of draft.existing?.body.properties.backendAddressPools ?? []) {
    const id = `${draft.id}/backendAddressPools/${name}`;
    const [user] = kept.includes(name.toLowerCase()) ? [] : referrersOf(id, store);
    if (user)
      throw badRequest(
        "LoadBalancerBackendAddressPoolInUseByVirtualMachineScaleSet",
        `Cannot remove backend address pool ${name} from load balancer since it is in use by ${user.id}.`,
      );
  }
}

/** Every part answers under its own ID too. */
const views = Object.fromEntries(
  [...collections, ...emptyCollections].map((collection) => [
    collection.toLowerCase(),
    (loadBalancer: Resource<LoadBalancerBody>, context: Context): unknown => ({
      value: (renderLoadBalancer(loadBalancer, context) as { properties: Record<string, unknown> }).properties[
        collection
      ],
    }),
  ]),
);

export const loadBalancers: ResourceType<LoadBalancerBody> = {
  ...networkType,
  type: types.loadBalancer,
  location: "regional",
  schema: loadBalancerBody,
  introduced: loadBalancerIntroduced,
  patch: "tags",
  prepare,
  render: renderLoadBalancer,
  project: (loadBalancer, context) => ({ loadBalancers: [projectLoadBalancer(loadBalancer, context)] }),
  views,
  // The others can be read only.
  parts: {
    backendaddresspools: { collection: "backendAddressPools", schema: backendPoolBody },
    inboundnatrules: { collection: "inboundNatRules" },
  },
  refuseDelete: (loadBalancer, { store }) => {
    const [user] = referrersOf(loadBalancer.id, store, types.scaleSet);
    if (!user) return;
    throw badRequest(
      "LoadBalancerInUseByVirtualMachineScaleSet",
      `Cannot delete load balancer ${loadBalancer.id} since its child resources are in use by virtual machine scale set ${user.id}.`,
    );
  },
};
