/** What a machine can learn of itself: the part of Azure's document that the lab knows, in every version the same. */
import { blockOf, formatAddress } from "../addresses.ts";
import type { MachineBody } from "../compute/machineSchema.ts";
import type { Context } from "../context.ts";
import { nameOf, parseId } from "../ids.ts";
import { subnetIdOf, type NetworkInterfaceBody } from "../network/networkInterfaceSchema.ts";
import { subnetPrefix, type SubnetBody } from "../network/subnetSchema.ts";
import type { Resource } from "../resource.ts";

/** Oldest first. */
export const instanceVersions: readonly string[] = (
  "2017-03-01 2017-04-02 2017-08-01 2017-10-01 2017-12-01 2018-02-01 2018-04-02 2018-10-01 2019-02-01 " +
  "2019-03-11 2019-04-30 2019-06-01 2019-06-04 2019-08-01 2019-08-15 2019-11-01 2020-06-01 2020-07-15 " +
  "2020-09-01 2020-10-01 2020-12-01 2021-01-01 2021-02-01 2021-03-01 2021-05-01 2021-08-01 2021-10-01 " +
  "2021-11-01 2021-11-15 2021-12-13 2023-07-01 2023-11-15 2024-03-15 2024-07-17 2025-04-07"
).split(" ");

/** All values are strings; what does not apply is empty. */
export const instanceDocument = (machine: Resource<MachineBody>, context: Context): object => ({
  compute: compute(machine, context),
  network: network(machine, context),
});

function compute(machine: Resource<MachineBody>, { options }: Context): object {
  const { location, tags = {}, zones, properties } = machine.body;
  const { osProfile, hardwareProfile, storageProfile, virtualMachineScaleSet } = properties;
  const { publisher, offer, sku, version } = storageProfile.imageReference;
  const tagsList = Object.entries(tags).map(([name, value]) => ({ name, value }));
  return {
    azEnvironment: "AzurePublicCloud",
    location,
    name: machine.name,
    offer,
    osProfile: {
      adminUsername: osProfile.adminUsername ?? "",
      computerName: osProfile.computerName ?? machine.name,
      disablePasswordAuthentication: String(osProfile.linuxConfiguration?.disablePasswordAuthentication ?? false),
    },
    osType: "Linux",
    priority: "Regular",
    provider: "Microsoft.Compute",
    publisher,
    resourceGroupName: parseId(machine.id)!.resourceGroup,
    resourceId: machine.id,
    sku,
    subscriptionId: options.subscriptionId,
    tags: tagsList.map(({ name, value }) => `${name}:${value}`).join(";"),
    tagsList,
    version,
    virtualMachineScaleSet: { id: virtualMachineScaleSet?.id ?? "" },
    vmId: machine.guid,
    vmScaleSetName: virtualMachineScaleSet ? nameOf(virtualMachineScaleSet.id) : "",
    vmSize: hardwareProfile.vmSize,
    zone: zones?.[0] ?? "",
  };
}

function network(machine: Resource<MachineBody>, { store }: Context): object {
  const nic = store.get<NetworkInterfaceBody>(machine.body.properties.networkProfile.networkInterfaces[0]!.id)!;
  const { first, bits } = blockOf(subnetPrefix(store.get<SubnetBody>(subnetIdOf(nic))!.body));
  const addresses = Object.values(nic.computed.addresses ?? {});
  return {
    interface: [
      {
        ipv4: {
          ipAddress: addresses.map((privateIpAddress) => ({ privateIpAddress, publicIpAddress: "" })),
          subnet: [{ address: formatAddress(first), prefix: String(bits) }],
        },
        ipv6: { ipAddress: [] },
      },
    ],
  };
}
