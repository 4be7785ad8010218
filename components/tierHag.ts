/** A high-availability group: machines of one kind, of which a constant number serves. */
import * as pulumi from "@pulumi/pulumi";
import type { AutoscaleSetting } from "@pulumi/azure-native/monitor/autoscaleSetting.js";
import { VirtualMachineScaleSet } from "@pulumi/azure-native/compute/virtualMachineScaleSet.js";
import { longestCustomData } from "../bootstrap/bundle.ts";
import { computerNamePrefix, resourceName, tags } from "../environment/names.ts";
import type { Mistake } from "../environment/mistakes.ts";
import type { MachineGroup, PlannedScaleSet } from "../environment/machineGroup.ts";
import { refuse, unless, type EnvironmentArgs, type MachineArgs } from "./args.ts";
import { autoscaleSetting } from "./autoscale.ts";
import { healthExtension } from "./extensions.ts";
import { machineZones } from "./zones.ts";

/** What a group is made of. */
export interface TierHAGArgs extends EnvironmentArgs, MachineArgs {
  /**
   * Number of machines, where autoscale owns it: as many as there are. An update sends the whole scale set, so another
   * number would take machines away from under their load; `ignoreChanges` would send that of the set's first update.
   * Default: the `instances` of each scale set. Azure: `sku.capacity`.
   */
  capacity?: pulumi.Input<number>;
  /**
   * Resource IDs of load balancer pools that the machines join. A change reaches machines that are born after it; the
   * playbook run changes the others.
   */
  poolIds: pulumi.Input<string>[];
}

/** Debian 13, https://wiki.debian.org/Cloud/MicrosoftAzure */
export const image = { publisher: "Debian", offer: "debian-13", sku: "13-gen2" };

/** Most machines of a scale set: https://learn.microsoft.com/azure/virtual-machine-scale-sets/overview */
const mostMachines = 1000;

/**
 * A Flexible scale set over the zones, or one in each zone. A member whose health endpoint says unhealthy is repaired; a
 * new one configures itself at first boot, without anybody acting.
 */
export class TierHAG extends pulumi.ComponentResource {
  /** Resource IDs of the scale sets, in the order of `machines.scaleSets`. */
  readonly scaleSetIds: pulumi.Output<string>[];
  /** The resources of which the group consists. */
  readonly nodes: { scaleSets: VirtualMachineScaleSet[]; autoscaleSetting?: AutoscaleSetting };

  constructor(name: string, args: TierHAGArgs, opts?: pulumi.ComponentResourceOptions) {
    refuse("TierHAG", name, machineMistakes("", args.stack, args, args.capacity));
    super("platform:components:TierHAG", name, {}, opts);
    const { machines } = args;

    const scaleSets = machines.scaleSets.map((scaleSet) => this.scaleSet(name, scaleSet, args));
    const [first] = scaleSets;
    this.nodes = {
      scaleSets,
      ...(machines.autoscale && first
        ? {
            autoscaleSetting: autoscaleSetting(
              `${name}-autoscale`,
              { ...args, autoscale: machines.autoscale, scaleSetId: first.id },
              { parent: this },
            ),
          }
        : {}),
    };
    this.scaleSetIds = scaleSets.map(({ id }) => id);
    this.registerOutputs({ scaleSetIds: this.scaleSetIds });
  }

  private scaleSet(name: string, scaleSet: PlannedScaleSet, args: TierHAGArgs): VirtualMachineScaleSet {
    const { machines } = args;
    const suffix = scaleSet.name.slice(machines.name.length);
    return new VirtualMachineScaleSet(
      `${name}${suffix}-vmss`,
      {
        vmScaleSetName: resourceName("scaleSet", args.stack, scaleSet.name),
        resourceGroupName: args.resourceGroupName,
        orchestrationMode: "Flexible",
        platformFaultDomainCount: 1,
        singlePlacementGroup: false,
        zones: machineZones(scaleSet.zones),
        // Rather all machines in two zones than too few machines. With one zone Azure refuses any value.
        zoneBalance: scaleSet.zones.length > 1 ? false : undefined,
        sku: { name: machines.size, tier: "Standard", capacity: args.capacity ?? scaleSet.instances },
        upgradePolicy: { mode: "Manual" },
        automaticRepairsPolicy: {
          enabled: true,
          gracePeriod: machines.repair.gracePeriod,
          repairAction: machines.repair.action,
        },
        // A Flexible set takes no identity of its own making.
        identity: { type: "UserAssigned", userAssignedIdentities: [args.identityId] },
        virtualMachineProfile: machineProfile(scaleSet.name, args),
        tags: tags(args.environment, machines.name),
      },
      { parent: this, dependsOn: args.after ?? [] },
    );
  }
}

/** What is wrong with machines, for every component that makes a group of them. Names that Azure refuses throw. */
export function machineMistakes(
  path: string,
  stack: string,
  { machines, administrators, customData }: MachineArgs,
  capacity?: pulumi.Input<number>,
): Mistake[] {
  // What is known only later was measured beforehand, with values as long as those to come.
  const bytes = typeof customData === "string" ? Buffer.from(customData, "base64").length : undefined;
  const { scaleSets, autoscale } = machines;
  const names = scaleSets.map(({ name }) => name);
  for (const name of names) {
    resourceName("scaleSet", stack, name);
    resourceName("networkInterface", stack, name);
    computerNamePrefix(name);
  }
  return [
    ...unless(scaleSets.length > 0, `${path}machines.scaleSets`, "none", "at least one"),
    ...unless(
      new Set(names).size === names.length,
      `${path}machines.scaleSets`,
      names.join(", "),
      "a name of its own for each",
    ),
    ...scaleSets.flatMap(({ name, instances }) => [
      ...unless(
        name.startsWith(machines.name),
        `${path}machines.scaleSets.${name}.name`,
        name,
        `a name that begins with the group's, ${machines.name}`,
      ),
      ...unless(
        Number.isInteger(instances) && instances >= 1 && instances <= mostMachines,
        `${path}machines.scaleSets.${name}.instances`,
        instances,
        `a whole number from 1 to ${mostMachines}`,
      ),
    ]),
    ...unless(
      (autoscale === undefined && capacity === undefined) || scaleSets.length === 1,
      `${path}machines.scaleSets`,
      scaleSets.length,
      "one beside autoscale or a capacity, which are those of one scale set",
    ),
    ...unless(
      administrators.sshKeys.length > 0,
      `${path}administrators.sshKeys`,
      "none",
      "at least one SSH public key",
    ),
    ...unless(
      bytes === undefined || (bytes > 0 && bytes <= longestCustomData),
      `${path}customData`,
      `${bytes} bytes`,
      `base64 of 1 to ${longestCustomData} bytes`,
    ),
  ];
}

function machineProfile(scaleSetName: string, args: TierHAGArgs) {
  const { administrators } = args;
  const login = { path: `/home/${administrators.user}/.ssh/authorized_keys` };
  return {
    osProfile: {
      computerNamePrefix: computerNamePrefix(scaleSetName),
      adminUsername: administrators.user,
      customData: args.customData,
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        ssh: { publicKeys: administrators.sshKeys.map((keyData) => ({ ...login, keyData })) },
      },
    },
    storageProfile: {
      imageReference: { ...image, version: args.imageVersion },
      osDisk: {
        createOption: "FromImage",
        caching: "ReadWrite" as const,
        deleteOption: "Delete",
        managedDisk: { storageAccountType: "StandardSSD_LRS" },
      },
    },
    networkProfile: {
      networkApiVersion: "2022-11-01",
      networkInterfaceConfigurations: [
        {
          name: resourceName("networkInterface", args.stack, scaleSetName),
          primary: true,
          deleteOption: "Delete",
          enableAcceleratedNetworking: args.machines.acceleratedNetworking ?? true,
          ipConfigurations: [
            {
              name: "primary",
              primary: true,
              privateIPAddressVersion: "IPv4",
              subnet: { id: args.subnetId },
              loadBalancerBackendAddressPools: args.poolIds.map((id) => ({ id })),
            },
          ],
        },
      ],
    },
    ...securityProfile(args.machines),
    // Without a storage account of ours Azure keeps the serial log itself; it names each machine's host keys.
    diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    // A machine that is taken away answers what is under way first, and agrees as soon as it has (role `drain`).
    scheduledEventsProfile: { terminateNotificationProfile: { enable: true, notBeforeTimeout: "PT5M" } },
    extensionProfile: { extensions: [healthExtension()] },
  };
}

/** Azure takes no change of the security type of a scale set that exists. */
function securityProfile({ trustedLaunch, encryptionAtHost }: MachineGroup) {
  if (!trustedLaunch && !encryptionAtHost) return {};
  return {
    securityProfile: {
      ...(trustedLaunch
        ? { securityType: "TrustedLaunch", uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } }
        : {}),
      ...(encryptionAtHost ? { encryptionAtHost } : {}),
    },
  };
}
