/** Microsoft.Network/loadBalancers: Standard SKU, internal or public; its parts are inline. */
import type { Context } from "../context.ts";
import { badRequest } from "../errors.ts";
import { keyOf } from "../ids.ts";
import { referrersOf } from "../references.ts";
import type { Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { refuseDuplicateNames } from "./inlineChildren.ts";
import { projectLoadBalancer } from "./loadBalancerProjection.ts";
import { loadBalancerBody, loadBalancerIntroduced, type LoadBalancerBody } from "./loadBalancerSchema.ts";
import { renderLoadBalancer } from "./loadBalancerView.ts";
import { networkType } from "./networkType.ts";
import { allocate } from "./privateAddresses.ts";
import { refuseShared } from "./publicIPAddresses.ts";

const collections = ["frontendIPConfigurations", "backendAddressPools", "loadBalancingRules", "probes"] as const;

function prepare(draft: Draft<LoadBalancerBody>, context: Context): void {
  const { properties } = draft.body;
  for (const collection of collections) refuseDuplicateNames(draft.id, properties[collection] ?? []);
  checkRules(draft);
  const addresses: Record<string, string> = {};
  for (const { name, properties: front } of properties.frontendIPConfigurations ?? []) {
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

/** One front-end port and protocol can have one rule. */
function checkRules(draft: Draft<LoadBalancerBody>): void {
  const rules = draft.body.properties.loadBalancingRules ?? [];
  const ends = rules.map(
    ({ properties: r }) => `${keyOf(r.frontendIPConfiguration.id)} ${r.protocol} ${r.frontendPort}`,
  );
  const twice = ends.findIndex((end, index) => ends.indexOf(end) !== index);
  if (twice < 0) return;
  const [second, first] = [rules[twice]!, rules[ends.indexOf(ends[twice]!)]!];
  throw badRequest(
    "RulesUseSameFrontendPortProtocolAndIPConfig",
    `Load balancing rules ${first.name} and ${second.name} of load balancer ${draft.id} use the same frontend port ${second.properties.frontendPort}, protocol and IP configuration.`,
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

/** Front ends, pools, rules and probes answer under their own IDs too. */
const views = Object.fromEntries(
  collections.map((collection) => [
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
  refuseDelete: (loadBalancer, { store }) => {
    const [user] = referrersOf(loadBalancer.id, store, types.scaleSet);
    if (!user) return;
    throw badRequest(
      "LoadBalancerInUseByVirtualMachineScaleSet",
      `Cannot delete load balancer ${loadBalancer.id} since its child resources are in use by virtual machine scale set ${user.id}.`,
    );
  },
};
