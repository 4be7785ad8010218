/** What a scale set's PUT may hold. */
import { z } from "zod";
import { minutesOf } from "../durations.ts";
import { networkType } from "../network/networkType.ts";
import {
  choice,
  envelope,
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
import { extensionList, isHealth } from "./extensions.ts";
import { scaleSetIdentity } from "./identity.ts";
import { scaleSetOsProfile } from "./osProfile.ts";
import { storageProfile } from "./storageProfile.ts";

const ipConfiguration = z.strictObject({
  ...envelope,
  name: z.string(),
  properties: z.strictObject({
    subnet: referenceTo(types.subnet),
    primary: z.boolean().optional(),
    privateIPAddressVersion: choice("IPv4").optional(),
    publicIPAddressConfiguration: z
      .null("The lab's machines have no public addresses of their own: use a load balancer")
      .optional(),
    loadBalancerBackendAddressPools: z.array(referenceTo(types.backendPool)).optional(),
    loadBalancerInboundNatPools: z
      .array(z.unknown())
      .max(0, "Flexible scale sets have no inbound NAT pools")
      .optional(),
    applicationGatewayBackendAddressPools: none("application gateways"),
    applicationSecurityGroups: none("application security groups"),
  }),
});

const interfaceConfiguration = z.strictObject({
  ...envelope,
  name: z.string().regex(networkType.name.pattern, networkType.name.rule),
  tags: z.record(z.string(), z.string()).optional(),
  properties: z.strictObject({
    primary: z.boolean().optional(),
    ipConfigurations: z
      .array(ipConfiguration)
      .min(1, "A network interface needs an IP configuration")
      .max(1, "The lab's network interfaces have one IP configuration"),
    networkSecurityGroup: referenceTo(types.securityGroup).optional(),
    enableAcceleratedNetworking: z.boolean().optional(),
    enableIPForwarding: z.boolean().optional(),
    enableFpga: z.literal(false).optional(),
    disableTcpStateTracking: z.boolean().optional(),
    dnsSettings: z
      .strictObject({
        dnsServers: z
          .array(z.string())
          .max(0, "The lab's machines use Azure's DNS server 168.63.129.16 only")
          .optional(),
      })
      .optional(),
    deleteOption: choice("Delete", "Detach").optional(),
    auxiliaryMode: choice("None").optional(),
    auxiliarySku: choice("None").optional(),
  }),
});

const minutes = (code: string, minimum: number, maximum: number, what: string): z.ZodType<string> =>
  z.string().superRefine((value, context) => {
    if (!(minutesOf(value) >= minimum && minutesOf(value) <= maximum))
      issue(
        context,
        code,
        `The value '${value}' of ${what} is not valid: an ISO 8601 duration from PT${minimum}M to PT${maximum}M is expected.`,
      );
  });

const notification = (
  minimum: number,
  maximum: number,
): z.ZodType<{ enable?: boolean; notBeforeTimeout?: string } | undefined> =>
  z
    .strictObject({
      enable: z.boolean().optional(),
      notBeforeTimeout: minutes("InvalidParameter", minimum, maximum, "notBeforeTimeout").optional(),
    })
    .optional();

export const scheduledEventsProfile = z.strictObject({
  terminateNotificationProfile: notification(5, 15),
  osImageNotificationProfile: notification(15, 15),
});

export const diagnosticsProfile = z.strictObject({
  bootDiagnostics: z
    .strictObject({
      enabled: z.boolean().optional(),
      storageUri: z.null("The lab has managed boot diagnostics only: leave storageUri out").optional(),
    })
    .optional(),
});

const virtualMachineProfile = z.strictObject({
  osProfile: scaleSetOsProfile,
  storageProfile,
  networkProfile: z.strictObject({
    networkApiVersion: choice("2020-11-01", "2022-11-01"),
    networkInterfaceConfigurations: z
      .array(interfaceConfiguration)
      .min(1, "A scale set needs a network interface configuration")
      .max(1, "The lab's machines have one network interface"),
    interconnectGroupProfile: lacking("interconnect groups"),
    healthProbe: z
      .null(
        "A Flexible scale set takes no load balancer probe as its health probe: use the Application Health extension",
      )
      .optional(),
  }),
  extensionProfile: z
    .strictObject({
      extensions: extensionList.optional(),
      extensionsTimeBudget: minutes("InvalidParameter", 15, 120, "extensionsTimeBudget").optional(),
    })
    .optional(),
  diagnosticsProfile: diagnosticsProfile.optional(),
  securityProfile: z
    .strictObject({
      securityType: choice("TrustedLaunch", "Standard").optional(),
      encryptionAtHost: z.boolean().optional(),
      uefiSettings: z
        .strictObject({ secureBootEnabled: z.boolean().optional(), vTpmEnabled: z.boolean().optional() })
        .optional(),
      encryptionIdentity: lacking("managed identities"),
      proxyAgentSettings: lacking("a metadata security protocol"),
    })
    .optional(),
  scheduledEventsProfile: scheduledEventsProfile.optional(),
  evictionPolicy: lacking("spot machines"),
  billingProfile: lacking("spot machines"),
  capacityReservation: lacking("capacity reservations"),
  applicationProfile: lacking("VM applications"),
  securityPostureReference: lacking("security postures"),
  serviceArtifactReference: lacking("service artifacts"),
  interconnectBlockProfile: lacking("interconnect blocks"),
  priority: choice("Regular").optional(),
  licenseType: z.string().optional(),
  userData: z.null("The lab has no user data: use customData").optional(),
  hardwareProfile: z.null("The lab has no hardware profiles").optional(),
  timeCreated: ignored,
});

export const scaleSetBody = z
  .strictObject({
    ...tracked,
    sku: z.strictObject({
      name: z.string(),
      tier: choice("Standard").optional(),
      capacity: range(0, 1000, "InvalidParameter").optional(),
    }),
    zones: zoneList.optional(),
    identity: scaleSetIdentity.optional(),
    plan: z.null("The lab's images need no plan").optional(),
    extendedLocation: z.null("The lab has no edge zones").optional(),
    placement: lacking("placements of zones by Azure"),
    properties: z.strictObject({
      orchestrationMode: choice("Flexible", "Uniform").default("Uniform"),
      platformFaultDomainCount: z.int().optional(),
      singlePlacementGroup: z.boolean().optional(),
      zoneBalance: z.boolean().optional(),
      overprovision: z.boolean().optional(),
      upgradePolicy: z
        .strictObject({
          mode: choice("Manual", "Automatic", "Rolling").optional(),
          rollingUpgradePolicy: z.unknown().optional(),
          automaticOSUpgradePolicy: z.unknown().optional(),
        })
        .optional(),
      automaticRepairsPolicy: z
        .strictObject({
          enabled: z.boolean().optional(),
          gracePeriod: minutes("InvalidParameter", 10, 90, "automaticRepairsPolicy.gracePeriod").optional(),
          repairAction: choice("Replace", "Restart", "Reimage").optional(),
        })
        .optional(),
      scaleInPolicy: z
        .strictObject({
          rules: z
            .array(choice("Default", "OldestVM", "NewestVM"))
            .max(1, "scaleInPolicy has one rule")
            .optional(),
          forceDeletion: z.boolean().optional(),
          prioritizeUnhealthyVMs: z.boolean().optional(),
        })
        .optional(),
      virtualMachineProfile,
      additionalCapabilities: z
        .strictObject({
          ultraSSDEnabled: z.literal(false).optional(),
          hibernationEnabled: z.literal(false).optional(),
          enableFips1403Encryption: z.literal(false).optional(),
        })
        .optional(),
      constrainedMaximumCapacity: z.unknown().optional(),
      resiliencyPolicy: z.record(z.string(), z.unknown()).optional(),
      zonalPlatformFaultDomainAlignMode: choice("Aligned", "Unaligned", "BestEffortAligned").optional(),
      doNotRunExtensionsOnOverprovisionedVMs: z.boolean().optional(),
      scheduledEventsPolicy: lacking("a policy of scheduled events"),
      skuProfile: lacking("sets of several sizes"),
      spotRestorePolicy: lacking("spot machines"),
      priorityMixPolicy: lacking("spot machines"),
      hostGroup: lacking("host groups"),
      proximityPlacementGroup: lacking("proximity placement groups"),
      externalHealthPolicy: lacking("external health policies"),
      lifecycleHooksProfile: lacking("lifecycle hooks"),
      highSpeedInterconnectPlacement: lacking("high-speed interconnects"),
      ...readOnly("provisioningState", "uniqueId", "timeCreated"),
    }),
  })
  .superRefine((set, context) => {
    const { properties } = set;
    if (properties.orchestrationMode === "Uniform") {
      issue(
        context,
        "NotImplementedByLab",
        "The lab imitates scale sets of orchestrationMode 'Flexible' only (without a value it is 'Uniform').",
        ["properties", "orchestrationMode"],
      );
      return;
    }
    const zonal = (set.zones ?? []).length > 0;
    const allowed = zonal ? [1] : [1, 2, 3];
    if (properties.platformFaultDomainCount === undefined) {
      issue(context, "InvalidParameter", "Required parameter 'platformFaultDomainCount' is missing (null).", [
        "properties",
        "platformFaultDomainCount",
      ]);
    } else if (!allowed.includes(properties.platformFaultDomainCount)) {
      issue(
        context,
        "InvalidParameter",
        `The specified fault domain count ${properties.platformFaultDomainCount} must fall in the range ${allowed.join(", ")}${zonal ? " for a scale set in zones" : ""}.`,
        ["properties", "platformFaultDomainCount"],
      );
    }
    if (properties.constrainedMaximumCapacity !== undefined) {
      issue(context, "InvalidParameter", "Parameter 'constrainedMaximumCapacity' is not allowed.", [
        "properties",
        "constrainedMaximumCapacity",
      ]);
    }
    if (properties.zoneBalance !== undefined && (set.zones ?? []).length < 2) {
      issue(context, "InvalidParameter", "The value of parameter zoneBalance is invalid.", [
        "properties",
        "zoneBalance",
      ]);
    }
    if (properties.singlePlacementGroup === true) {
      issue(
        context,
        "InvalidParameter",
        "The value 'True' of parameter 'singlePlacementGroup' is not allowed. Allowed values are: False.",
        ["properties", "singlePlacementGroup"],
      );
    }
    if (properties.overprovision === true) {
      issue(
        context,
        "InvalidParameter",
        "overprovision is not supported in a Virtual Machine Scale Set with orchestrationMode 'Flexible'.",
        ["properties", "overprovision"],
      );
    }
    const extensions = properties.virtualMachineProfile.extensionProfile?.extensions ?? [];
    if (properties.automaticRepairsPolicy?.enabled && !extensions.some(isHealth)) {
      issue(
        context,
        "InvalidParameter",
        "Automatic repairs not supported for this Virtual Machine Scale Set because a health probe or health extension was not provided.",
        ["properties", "automaticRepairsPolicy"],
      );
    }
  });

export type ScaleSetBody = z.infer<typeof scaleSetBody>;
