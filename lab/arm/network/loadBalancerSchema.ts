/** What a load balancer's PUT may hold. */
import { z } from "zod";
import type { Introduced } from "../apiVersions.ts";
import {
  choice,
  envelope,
  formatIssue,
  ignored,
  issue,
  lacking,
  none,
  range,
  readOnly,
  referenceTo,
  tracked,
  zoneList,
} from "../schema.ts";
import { types } from "../typeNames.ts";

const frontEnd = z.strictObject({
  ...envelope,
  name: z.string(),
  zones: zoneList.optional(),
  properties: z
    .strictObject({
      subnet: referenceTo(types.subnet).optional(),
      privateIPAddress: z.string().optional(),
      privateIPAllocationMethod: choice("Static", "Dynamic").optional(),
      privateIPAddressVersion: choice("IPv4").optional(),
      publicIPAddress: referenceTo(types.publicAddress).optional(),
      gatewayLoadBalancer: z.null("The lab has no gateway load balancers").optional(),
      publicIPPrefix: lacking("public IP prefixes"),
      ddosSettings: lacking("DDoS protection"),
      enableConnectionTracking: z.boolean().optional(),
      ...readOnly("inboundNatRules", "inboundNatPools", "outboundRules", "loadBalancingRules", "provisioningState"),
    })
    .superRefine((given, context) => {
      if (given.subnet && given.publicIPAddress) {
        issue(
          context,
          "FrontendIPConfigHasBothSubnetAndPublicIP",
          "A front-end IP configuration references a subnet and a public IP address: it can have one of them only.",
        );
      }
      if (!given.subnet && !given.publicIPAddress) {
        formatIssue(
          context,
          "MissingJsonReferenceId",
          "A front-end IP configuration must reference either a subnet or a public IP address.",
        );
      }
      if (given.privateIPAllocationMethod === "Static" && given.privateIPAddress === undefined) {
        issue(context, "PrivateIPAddressMissing", "privateIPAllocationMethod is Static: privateIPAddress is required.");
      }
    }),
});

const poolProperties = z
  .strictObject({
    loadBalancerBackendAddresses: ignored,
    drainPeriodInSeconds: z.int().optional(),
    location: z.string().optional(),
    syncMode: ignored,
    virtualNetwork: z.null("The lab has pools of network interfaces, not of addresses").optional(),
    tunnelInterfaces: none("tunnel interfaces"),
    ...readOnly(
      "backendIPConfigurations",
      "loadBalancingRules",
      "inboundNatRules",
      "outboundRule",
      "outboundRules",
      "provisioningState",
    ),
  })
  .default({});

const pool = z.strictObject({ ...envelope, name: z.string(), properties: poolProperties });

/** What the PUT of a backend pool under its own ID may hold. */
export const backendPoolBody = z.strictObject({ ...envelope, properties: poolProperties });

const rule = z.strictObject({
  ...envelope,
  name: z.string(),
  properties: z
    .strictObject({
      frontendIPConfiguration: referenceTo(`${types.loadBalancer}/frontendIPConfigurations`),
      backendAddressPool: referenceTo(types.backendPool).optional(),
      backendAddressPools: z.array(referenceTo(types.backendPool)).max(1, "The lab's rules have one pool").optional(),
      probe: referenceTo(`${types.loadBalancer}/probes`).optional(),
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
        issue(
          context,
          "NotImplementedByLab",
          "The lab has no high-availability ports (protocol All, port 0): name the ports.",
        );
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
      ...readOnly("loadBalancingRules", "provisioningState"),
    })
    .superRefine((given, context) => {
      const needsPath = given.protocol !== "Tcp";
      if (needsPath && !given.requestPath)
        issue(
          context,
          "LoadBalancerProbeRequestPathMissing",
          `A probe of protocol ${given.protocol} needs a requestPath.`,
          ["requestPath"],
        );
      if (!needsPath && given.requestPath)
        issue(context, "LoadBalancerProbeRequestPathNotAllowed", "A probe of protocol Tcp cannot have a requestPath.", [
          "requestPath",
        ]);
    }),
});

export const loadBalancerBody = z
  .strictObject({
    ...tracked,
    extendedLocation: lacking("edge zones"),
    sku: z
      .strictObject({
        name: choice("Basic", "Standard", "Gateway").default("Basic"),
        tier: choice("Regional", "Global").optional(),
      })
      .optional(),
    properties: z
      .strictObject({
        frontendIPConfigurations: z.array(frontEnd).optional(),
        backendAddressPools: z.array(pool).optional(),
        loadBalancingRules: z.array(rule).optional(),
        probes: z.array(probe).optional(),
        inboundNatRules: none("inbound NAT rules"),
        inboundNatPools: none("inbound NAT pools, which retire on 2027-09-30"),
        outboundRules: none("outbound rules: use a NAT gateway"),
        scope: lacking("scopes of load balancers"),
        mode: lacking("modes of load balancers"),
        ...readOnly("resourceGuid", "provisioningState"),
      })
      .default({}),
  })
  .superRefine((given, context) => {
    const sku = given.sku?.name ?? "Basic";
    if (sku === "Basic")
      issue(
        context,
        "BasicSkuLoadBalancerRetired",
        "Basic SKU load balancers were retired on 30 September 2025: set sku.name to 'Standard'.",
        ["sku", "name"],
      );
    if (sku === "Gateway" || given.sku?.tier === "Global")
      issue(context, "NotImplementedByLab", "The lab has regional load balancers of the Standard SKU only.", ["sku"]);
  });

export const loadBalancerIntroduced: Introduced = {
  "properties.probes.properties.probeThreshold": "2022-07-01",
  "properties.backendAddressPools.properties.virtualNetwork": "2022-07-01",
  "properties.backendAddressPools.properties.syncMode": "2023-05-01",
  "properties.probes.properties.noHealthyBackendsBehavior": "2024-01-01",
  "properties.loadBalancingRules.properties.enableConnectionTracking": "2024-10-01",
  "properties.scope": "2025-03-01",
  "properties.frontendIPConfigurations.properties.ddosSettings": "2025-07-01",
  "properties.frontendIPConfigurations.properties.enableConnectionTracking": "2025-09-01",
  "properties.mode": "2025-09-01",
};

export type LoadBalancerBody = z.infer<typeof loadBalancerBody>;
export type FrontEnd = z.infer<typeof frontEnd>;
export type BalancingRuleProperties = z.infer<typeof rule>["properties"];
export type ProbePart = z.infer<typeof probe>;
