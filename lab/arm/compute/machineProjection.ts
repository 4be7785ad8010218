/** What the fabric makes of a virtual machine. */
import type { Machine } from "../../world.ts";
import type { StoreContext } from "../context.ts";
import { keyOf } from "../ids.ts";
import { effectiveRules } from "../network/effectiveRules.ts";
import { networkIdOf, subnetIdOf, type NetworkInterfaceBody } from "../network/networkInterfaceSchema.ts";
import { isWaiting, type Resource } from "../resource.ts";
import { healthOf, scriptsOf } from "./extensions.ts";
import type { MachineBody } from "./machineSchema.ts";
import { sizeOf } from "./sizes.ts";

/** None while the machine has no network interface with an address. */
export function projectMachine(machine: Resource<MachineBody>, { store }: StoreContext): Machine[] {
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
  if (!nic || address === undefined || !size) return [];
  const { publisher, offer, sku, version } = storageProfile.imageReference;
  const rules = effectiveRules(nic.body.properties.networkSecurityGroup?.id, store);
  const health = healthOf(extensions);
  const planned: Machine = {
    id: machine.key,
    name: machine.name,
    hostName: osProfile.computerName ?? machine.name,
    networkId: keyOf(networkIdOf(nic)),
    subnetId: keyOf(subnetIdOf(nic)),
    address,
    ...(rules && { rules }),
    image: { publisher, offer, sku, version },
    cpus: size.cpus,
    memory: size.memory,
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
  return [planned];
}
