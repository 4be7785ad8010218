/** Microsoft.Network/loadBalancers: Standard SKU, internal or public; its parts are inline. */
import { z } from "zod";
import { badRequest } from "../errors.ts";
import { keyOf } from "../ids.ts";
import { referrersOf } from "../references.ts";
import { choice, envelope, ignored, issue, range, reference, tracked, zoneList } from "../schema.ts";
import { isLive } from "../store.ts";
import type { Context, Draft, Resource, ResourceType } from "../types.ts";
import { allocate } from "./frontEnds.ts";
import { networkName, types } from "./names.ts";
import type { NetworkInterfaceBody } from "./networkInterfaces.ts";
import { refuseShared } from "./publicIPAddresses.ts";

const none = (what: string): z.ZodOptional<z.ZodArray<z.ZodUnknown>> => z.array(z.unknown()).max(0, `The lab has no ${what}`).optional();

const frontEnd = z.strictObject({
  ...envelope,
  name: z.string(),
  zones: zoneList.optional(),
  properties: z
    .strictObject({
      subnet: reference.optional(),
      privateIPAddress: z.string().optional(),
      privateIPAllocationMethod: choice("Static", "Dynamic").optional(),
      privateIPAddressVersion: choice("IPv4").optional(),
      publicIPAddress: reference.optional(),
      gatewayLoadBalancer: z.null("The lab has no gateway load balancers").optional(),
      inboundNatRules: ignored,
      inboundNatPools: ignored,
      outboundRules: ignored,
      loadBalancingRules: ignored,
      provisioningState: ignored,
    })
    .superRefine((given, context) => {
      if ((given.subnet === undefined) === (given.publicIPAddress === undefined)) {
        issue(context, "FrontendIPConfigurationMustHaveSubnetOrPublicIPAddress", "A front-end IP configuration must reference either a subnet or a public IP address.");
      }
      if (given.privateIPAllocationMethod === "Static" && given.privateIPAddress === undefined) {
        issue(context, "PrivateIPAddressMissing", "privateIPAllocationMethod is Static: privateIPAddress is required.");
      }
    }),
});

const pool = z.strictObject({
  ...envelope,
  name: z.string(),
  properties: z
    .strictObject({
      loadBalancerBackendAddresses: ignored,
      drainPeriodInSeconds: z.int().optional(),
      location: z.string().optional(),
      syncMode: ignored,
      virtualNetwork: z.null("The lab has pools of network interfaces, not of addresses").optional(),
      tunnelInterfaces: none("tunnel interfaces"),
      backendIPConfigurations: ignored,
      loadBalancingRules: ignored,
      inboundNatRules: ignored,
      outboundRule: ignored,
      outboundRules: ignored,
      provisioningState: ignored,
    })
    .default({}),
});

const rule = z.strictObject({
  ...envelope,
  name: z.string(),
  properties: z
    .strictObject({
      frontendIPConfiguration: reference,
      backendAddressPool: reference.optional(),
      backendAddressPools: z.array(reference).max(1, "The lab's rules have one pool").optional(),
      probe: reference.optional(),
      protocol: choice("Tcp", "Udp", "All"),
      frontendPort: range(0, 65534, "LoadBalancerRuleInvalidPort"),
      backendPort: range(0, 65535, "LoadBalancerRuleInvalidPort").optional(),
      loadDistribution: choice("Default", "SourceIP", "SourceIPProtocol").optional(),
      idleTimeoutInMinutes: range(4, 100, "LoadBalancerRuleIdleTimeoutOutOfRange").optional(),
      enableFloatingIP: z.literal(false, "The lab has no floating IP").optional(),
      enableTcpReset: z.boolean().optional(),
      disableOutboundSnat: z.boolean().optional(),
      enableConnectionTracking: z.boolean().optional(),
      provisioningState: ignored,
    })
    .superRefine((given, context) => {
      if (given.protocol === "All" || given.frontendPort === 0) {
        issue(context, "NotImplementedByLab", "The lab has no high-availability ports (protocol All, port 0): name the ports.");
      }
    }),
});

const probe = z.strictObject({
  ...envelope,
  name: z.string(),
  properties: z
    .strictObject({
      protocol: choice("Http", "Tcp", "Https"),
      port: range(1, 65535, "LoadBalancerProbeInvalidPort"),
      requestPath: z.string().optional(),
      intervalInSeconds: range(5, 2147483646, "LoadBalancerProbeInvalidInterval").optional(),
      numberOfProbes: range(1, 2147483646).optional(),
      probeThreshold: range(1, 100, "LoadBalancerProbeInvalidThreshold").optional(),
      noHealthyBackendsBehavior: choice("AllProbedDown", "AllProbedUp").optional(),
      loadBalancingRules: ignored,
      provisioningState: ignored,
    })
    .superRefine((given, context) => {
      const needsPath = given.protocol !== "Tcp";
      if (needsPath && !given.requestPath) issue(context, "LoadBalancerProbeRequestPathMissing", `A probe of protocol ${given.protocol} needs a requestPath.`, ["requestPath"]);
      if (!needsPath && given.requestPath) issue(context, "LoadBalancerProbeRequestPathNotAllowed", "A probe of protocol Tcp cannot have a requestPath.", ["requestPath"]);
    }),
});

const body = z
  .strictObject({
    ...tracked,
    sku: z.strictObject({ name: choice("Basic", "Standard", "Gateway").default("Basic"), tier: choice("Regional", "Global").optional() }).optional(),
    properties: z
      .strictObject({
        frontendIPConfigurations: z.array(frontEnd).optional(),
        backendAddressPools: z.array(pool).optional(),
        loadBalancingRules: z.array(rule).optional(),
        probes: z.array(probe).optional(),
        inboundNatRules: none("inbound NAT rules"),
        inboundNatPools: none("inbound NAT pools, which retire on 2027-09-30"),
        outboundRules: none("outbound rules: use a NAT gateway"),
        resourceGuid: ignored,
        provisioningState: ignored,
      })
      .default({}),
  })
  .superRefine((given, context) => {
    const sku = given.sku?.name ?? "Basic";
    if (sku === "Basic") issue(context, "BasicSkuLoadBalancerRetired", "Basic SKU load balancers were retired on 30 September 2025: set sku.name to 'Standard'.", ["sku", "name"]);
    if (sku === "Gateway" || given.sku?.tier === "Global") issue(context, "NotImplementedByLab", "The lab has regional load balancers of the Standard SKU only.", ["sku"]);
  });

export type LoadBalancerBody = z.infer<typeof body>;

const collections = ["frontendIPConfigurations", "backendAddressPools", "loadBalancingRules", "probes"] as const;

function prepare(draft: Draft<LoadBalancerBody>, context: Context): void {
  const { properties } = draft.body;
  for (const collection of collections) {
    const names = (properties[collection] ?? []).map((part) => part.name.toLowerCase());
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw badRequest("DuplicateResourceName", `Resource ${draft.id} has two child resources with the same name (${twice}).`);
  }
  checkRules(draft);
  const addresses: Record<string, string> = {};
  for (const { name, properties: front } of properties.frontendIPConfigurations ?? []) {
    if (front.publicIPAddress) refuseShared(front.publicIPAddress.id, draft.id, context);
    if (!front.subnet) continue;
    const current = draft.computed.addresses?.[name];
    const wish = { id: `${draft.id}/frontendIPConfigurations/${name}`, subnetId: front.subnet.id, address: front.privateIPAddress, current };
    addresses[name] = allocate(wish, context.store, Object.values(addresses));
  }
  draft.computed.addresses = addresses;
  refuseUsedPools(draft, context);
}

/** One front-end port and protocol can have one rule. */
function checkRules(draft: Draft<LoadBalancerBody>): void {
  const rules = draft.body.properties.loadBalancingRules ?? [];
  const ends = rules.map(({ properties: r }) => `${keyOf(r.frontendIPConfiguration.id)} ${r.protocol} ${r.frontendPort}`);
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
    if (user) throw badRequest("InUseBackendAddressPoolCannotBeDeleted", `Backend address pool ${id} cannot be deleted because it is in use by ${user.id}.`);
  }
}

/** IP configurations of live network interfaces in a pool. */
export function poolMembers(poolId: string, { store }: Pick<Context, "store">): { nic: Resource<NetworkInterfaceBody>; configuration: string }[] {
  return store
    .ofType<NetworkInterfaceBody>(types.networkInterface)
    .filter(isLive)
    .flatMap((nic) =>
      nic.body.properties.ipConfigurations
        .filter(({ properties }) => (properties.loadBalancerBackendAddressPools ?? []).some((one) => keyOf(one.id) === keyOf(poolId)))
        .map(({ name }) => ({ nic, configuration: name })),
    );
}

/** The pool of a rule; Azure takes it in either of two properties. */
export const poolOf = (properties: { backendAddressPool?: { id: string }; backendAddressPools?: { id: string }[] }): string | undefined =>
  properties.backendAddressPool?.id ?? properties.backendAddressPools?.[0]?.id;

function render(balancer: Resource<LoadBalancerBody>, context: Context): object {
  const { properties } = balancer.body;
  const rules = properties.loadBalancingRules ?? [];
  const shared = (collection: string, name: string): object => ({
    name,
    id: `${balancer.id}/${collection}/${name}`,
    etag: `W/"${balancer.etag}"`,
    type: `${types.loadBalancer}/${collection}`,
  });
  const usedBy = (id: string, of: (rule: (typeof rules)[number]["properties"]) => string | undefined): object => {
    const users = rules.filter((one) => keyOf(of(one.properties) ?? "") === keyOf(id));
    return users.length === 0 ? {} : { loadBalancingRules: users.map(({ name }) => ({ id: `${balancer.id}/loadBalancingRules/${name}` })) };
  };
  const provisioningState = balancer.state;
  const frontEnds = (properties.frontendIPConfigurations ?? []).map((front) => {
    const head = shared("frontendIPConfigurations", front.name);
    const address = balancer.computed.addresses?.[front.name];
    return {
      ...head,
      ...(front.zones && { zones: front.zones }),
      properties: {
        provisioningState,
        privateIPAllocationMethod: "Dynamic",
        ...(address !== undefined && { privateIPAddressVersion: "IPv4" }),
        ...front.properties,
        ...(address !== undefined && { privateIPAddress: address }),
        ...usedBy((head as { id: string }).id, (one) => one.frontendIPConfiguration.id),
      },
    };
  });
  const pools = (properties.backendAddressPools ?? []).map((one) => {
    const head = shared("backendAddressPools", one.name) as { id: string };
    const members = poolMembers(head.id, context);
    return {
      ...head,
      properties: {
        provisioningState,
        ...one.properties,
        loadBalancerBackendAddresses: members.map(({ nic, configuration }) => ({
          name: `${nic.name}_${configuration}`,
          properties: { networkInterfaceIPConfiguration: { id: `${nic.id}/ipConfigurations/${configuration}` } },
        })),
        ...(members.length > 0 && {
          backendIPConfigurations: members.map(({ nic, configuration }) => ({ id: `${nic.id}/ipConfigurations/${configuration}` })),
        }),
        ...usedBy(head.id, poolOf),
      },
    };
  });
  return {
    sku: { tier: "Regional", ...balancer.body.sku },
    properties: {
      provisioningState,
      resourceGuid: balancer.guid,
      frontendIPConfigurations: frontEnds,
      backendAddressPools: pools,
      loadBalancingRules: rules.map((one) => ({
        ...shared("loadBalancingRules", one.name),
        properties: {
          provisioningState,
          backendPort: one.properties.frontendPort,
          idleTimeoutInMinutes: 4,
          enableFloatingIP: false,
          enableTcpReset: false,
          disableOutboundSnat: false,
          loadDistribution: "Default",
          ...one.properties,
          ...(poolOf(one.properties) && { backendAddressPool: { id: poolOf(one.properties) }, backendAddressPools: [{ id: poolOf(one.properties) }] }),
        },
      })),
      probes: (properties.probes ?? []).map((one) => {
        const head = shared("probes", one.name) as { id: string };
        return {
          ...head,
          properties: {
            provisioningState,
            intervalInSeconds: 15,
            numberOfProbes: 2,
            probeThreshold: 1,
            ...one.properties,
            ...usedBy(head.id, (used) => used.probe?.id),
          },
        };
      }),
      inboundNatRules: [],
      inboundNatPools: [],
      outboundRules: [],
    },
  };
}

/** Front ends, pools, rules and probes answer under their own IDs too. */
const views = Object.fromEntries(
  collections.map((collection) => [
    collection.toLowerCase(),
    (balancer: Resource<LoadBalancerBody>, context: Context): unknown =>
      ({ value: (render(balancer, context) as { properties: Record<string, unknown> }).properties[collection] }),
  ]),
);

export const loadBalancers: ResourceType<LoadBalancerBody> = {
  type: types.loadBalancer,
  dialect: "network",
  location: "regional",
  name: networkName,
  schema: body,
  asynchronous: true,
  patch: "tags",
  prepare,
  render,
  views,
  refuseDelete: (balancer, { store }) => {
    const [user] = referrersOf(balancer.id, store, types.scaleSet);
    if (!user) return;
    throw badRequest(
      "LoadBalancerInUseByVirtualMachineScaleSet",
      `Cannot delete load balancer ${balancer.id} since its child resources are in use by virtual machine scale set ${user.id}.`,
    );
  },
};

