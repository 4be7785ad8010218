/** A high-availability group: machines of one kind, of which a constant number serves. */
import * as pulumi from "@pulumi/pulumi";
import { VirtualMachineScaleSet } from "@pulumi/azure-native/compute/virtualMachineScaleSet.js";
import { computerNamePrefix, resourceName, tags } from "../environment/names.ts";
import type { MachineGroup } from "../environment/plan.ts";
import type { Administrators } from "../environment/schema.ts";
import { autoscaleSetting } from "./autoscale.ts";
import { healthExtension, secretsExtension } from "./extensions.ts";
import { machineZones } from "./zones.ts";

export interface TierHAGArgs {
  stack: string;
  environment: string;
  resourceGroupName: pulumi.Input<string>;
  /** Kind, number, size, repair and autoscale of the machines. */
  machines: MachineGroup;
  /**
   * Number of machines, where autoscale owns it: as many as there are. An update sends the whole scale set, so another
   * number would take machines away from under their load; `ignoreChanges` would send that of the set's first update.
   * Default: `instances`.
   */
  capacity?: pulumi.Input<number>;
  administrators: Administrators;
  /** Availability zones over which Azure spreads the machines. Zones can be added, never removed. */
  zones: string[];
  /** Subnet in which the machines stand. */
  subnetId: pulumi.Input<string>;
  /** Load balancer pools that the machines' network interfaces join. A change reaches machines that are born after it. */
  poolIds: pulumi.Input<string>[];
  /**
   * First-boot configuration, base64 of at most 64 KiB; no secrets. A change reaches machines that are born after it,
   * the others keep theirs: the playbook run brings them up to date.
   */
  customData: string;
  /** Secrets that the machines find in `/etc/platform/secrets.json`, delivered encrypted. Default: none. */
  secrets?: Record<string, pulumi.Input<string>>;
}

/** Debian 13, https://wiki.debian.org/Cloud/MicrosoftAzure */
const image = { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" };

/**
 * A Flexible scale set over the zones. A member whose health endpoint says unhealthy is repaired; a new one configures
 * itself at first boot, without anybody acting.
 */
export class TierHAG extends pulumi.ComponentResource {
  /** Resource ID of the scale set. */
  readonly scaleSetId: pulumi.Output<string>;

  constructor(name: string, args: TierHAGArgs, opts?: pulumi.ComponentResourceOptions) {
    super("platform:components:TierHAG", name, {}, opts);
    const { machines } = args;

    const scaleSet = new VirtualMachineScaleSet(
      `${name}-vmss`,
      {
        vmScaleSetName: resourceName("scaleSet", args.stack, machines.name),
        resourceGroupName: args.resourceGroupName,
        orchestrationMode: "Flexible",
        platformFaultDomainCount: 1,
        singlePlacementGroup: false,
        zones: machineZones(args.zones),
        // Rather all machines in two zones than too few machines. With one zone Azure refuses any value.
        zoneBalance: args.zones.length > 1 ? false : undefined,
        sku: { name: machines.size, tier: "Standard", capacity: args.capacity ?? machines.instances },
        upgradePolicy: { mode: "Manual" },
        automaticRepairsPolicy: {
          enabled: true,
          gracePeriod: machines.repair.gracePeriod,
          repairAction: machines.repair.action,
        },
        virtualMachineProfile: this.machineProfile(args),
        tags: tags(args.environment, machines.name),
      },
      { parent: this },
    );

    if (machines.autoscale) {
      autoscaleSetting(
        `${name}-autoscale`,
        {
          stack: args.stack,
          environment: args.environment,
          resourceGroupName: args.resourceGroupName,
          machines,
          autoscale: machines.autoscale,
          scaleSetId: scaleSet.id,
        },
        { parent: this },
      );
    }

    this.scaleSetId = scaleSet.id;
    this.registerOutputs({ scaleSetId: this.scaleSetId });
  }

  private machineProfile(args: TierHAGArgs) {
    const { machines, administrators } = args;
    const login = { path: `/home/${administrators.user}/.ssh/authorized_keys` };
    const secrets = args.secrets ?? {};
    return {
      osProfile: {
        computerNamePrefix: computerNamePrefix(machines.name),
        adminUsername: administrators.user,
        customData: args.customData,
        linuxConfiguration: {
          disablePasswordAuthentication: true,
          ssh: { publicKeys: administrators.sshKeys.map((keyData) => ({ ...login, keyData })) },
        },
      },
      storageProfile: {
        imageReference: image,
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
            name: resourceName("networkInterface", args.stack, machines.name),
            primary: true,
            deleteOption: "Delete",
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
      // Without a storage account of ours Azure keeps the serial log itself; it names each machine's host keys.
      diagnosticsProfile: { bootDiagnostics: { enabled: true } },
      // A machine that is taken away answers what is under way first, and agrees as soon as it has (role `drain`).
      scheduledEventsProfile: { terminateNotificationProfile: { enable: true, notBeforeTimeout: "PT5M" } },
      extensionProfile: {
        extensions: [healthExtension(), ...(Object.keys(secrets).length > 0 ? [secretsExtension(secrets)] : [])],
      },
    };
  }
}
