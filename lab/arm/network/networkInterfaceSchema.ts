/** What a network interface's PUT may hold. */
import { z } from "zod";
import { parentOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { Introduced } from "../apiVersions.ts";
import { choice, envelope, ignored, issue, lacking, none, readOnly, referenceTo, tracked } from "../schema.ts";
import { types } from "../typeNames.ts";

const configuration = z.strictObject({
  ...envelope,
  name: z.string(),
  properties: z
    .strictObject({
      subnet: referenceTo(types.subnet),
      primary: z.boolean().optional(),
      privateIPAddress: z.string().optional(),
      privateIPAllocationMethod: choice("Static", "Dynamic").optional(),
      privateIPAddressVersion: choice("IPv4").optional(),
      publicIPAddress: referenceTo(types.publicAddress).optional(),
      loadBalancerBackendAddressPools: z.array(referenceTo(types.backendPool)).optional(),
      loadBalancerInboundNatRules: none("inbound NAT rules"),
      applicationGatewayBackendAddressPools: none("application gateways"),
      applicationSecurityGroups: none("application security groups"),
      gatewayLoadBalancer: lacking("gateway load balancers"),
      ...readOnly(
        "virtualNetworkTaps",
        "privateIPAddressPrefixLength",
        "privateLinkConnectionProperties",
        "provisioningState",
      ),
    })
    .superRefine((given, context) => {
      if (given.privateIPAllocationMethod === "Static" && given.privateIPAddress === undefined) {
        issue(context, "PrivateIPAddressMissing", "privateIPAllocationMethod is Static: privateIPAddress is required.");
      }
    }),
});

export const networkInterfaceBody = z.strictObject({
  ...tracked,
  kind: ignored,
  extendedLocation: lacking("edge zones"),
  properties: z.strictObject({
    ipConfigurations: z
      .array(configuration)
      .min(1, "A network interface needs an IP configuration")
      .max(1, "The lab's network interfaces have one IP configuration"),
    networkSecurityGroup: referenceTo(types.securityGroup).optional(),
    dnsSettings: z
      .strictObject({
        dnsServers: z
          .array(z.string())
          .max(0, "The lab's machines use Azure's DNS server 168.63.129.16 only")
          .optional(),
        internalDnsNameLabel: z.string().optional(),
        ...readOnly("appliedDnsServers", "internalFqdn", "internalDomainNameSuffix"),
      })
      .optional(),
    enableIPForwarding: z.boolean().optional(),
    enableAcceleratedNetworking: z.boolean().optional(),
    disableTcpStateTracking: z.boolean().optional(),
    auxiliaryMode: choice("None").optional(),
    auxiliarySku: choice("None").optional(),
    nicType: choice("Standard").optional(),
    workloadType: z.string().optional(),
    privateLinkService: lacking("private link services"),
    migrationPhase: choice("None").optional(),
    ...readOnly(
      "virtualMachine",
      "macAddress",
      "primary",
      "hostedWorkloads",
      "tapConfigurations",
      "vnetEncryptionSupported",
      "defaultOutboundConnectivityEnabled",
      "dscpConfiguration",
      "privateEndpoint",
      "resourceGuid",
      "provisioningState",
    ),
  }),
});

export const networkInterfaceIntroduced: Introduced = {
  "properties.disableTcpStateTracking": "2022-07-01",
  "properties.auxiliarySku": "2022-11-01",
  "properties.ipConfigurations.properties.privateIPAddressPrefixLength": "2024-01-01",
};

export type NetworkInterfaceBody = z.infer<typeof networkInterfaceBody>;

/** Of the network that a NIC's first IP configuration is in. */
export const subnetIdOf = (nic: Resource<NetworkInterfaceBody>): string =>
  nic.body.properties.ipConfigurations[0]!.properties.subnet.id;
export const networkIdOf = (nic: Resource<NetworkInterfaceBody>): string => parentOf(subnetIdOf(nic));
