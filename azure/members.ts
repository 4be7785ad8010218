/** The machines of an environment's scale sets, as ARM lists them. A Flexible set's members are ordinary machines. */
import type { Arm } from "./arm.ts";
import { waitFor, type Attempt, type WaitOptions } from "./waiting.ts";

export interface Member {
  /** Unique ID of the machine; another one after it was replaced. */
  id: string;
  /** Name of the resource. */
  name: string;
  /** Host name of the operating system. */
  hostName: string;
  /** Private address. */
  address: string;
  /** Resource ID of the scale set, in lower case. */
  scaleSetId: string;
  /** Resource IDs of its user-assigned identities. */
  identities: string[];
  /** It has one of Azure's own making besides. */
  hasSystemIdentity: boolean;
}

/** A scale set and the number of machines it should have. */
export interface ScaleSet {
  /** Resource ID, in lower case. */
  id: string;
  name: string;
  capacity: number;
}

/** All scale sets of a resource group and those of their machines that exist and have an address. */
export async function listMembers(
  arm: Arm,
  resourceGroup: string,
): Promise<{ scaleSets: ScaleSet[]; members: Member[] }> {
  const [scaleSets, machines, interfaces] = await Promise.all([
    all(arm.compute.virtualMachineScaleSets.list(resourceGroup)),
    all(arm.compute.virtualMachines.list(resourceGroup)),
    all(arm.network.networkInterfaces.list(resourceGroup)),
  ]);
  const addresses = new Map(
    interfaces.flatMap((nic) => {
      const configurations = nic.ipConfigurations ?? [];
      const address = (configurations.find(({ primary }) => primary) ?? configurations[0])?.privateIPAddress;
      return nic.id !== undefined && address !== undefined ? [[nic.id.toLowerCase(), address]] : [];
    }),
  );
  return {
    scaleSets: scaleSets.flatMap(({ id, name, sku }) =>
      id === undefined || name === undefined ? [] : [{ id: id.toLowerCase(), name, capacity: sku?.capacity ?? 0 }],
    ),
    members: machines
      .flatMap((machine) => {
        const scaleSetId = machine.virtualMachineScaleSet?.id?.toLowerCase();
        const nics = machine.networkProfile?.networkInterfaces ?? [];
        const nic = (nics.find(({ primary }) => primary) ?? nics[0])?.id?.toLowerCase();
        const address = nic === undefined ? undefined : addresses.get(nic);
        const { name, vmId, provisioningState } = machine;
        if (!scaleSetId || !address || !name || !vmId || provisioningState === "Deleting") return [];
        const hostName = machine.osProfile?.computerName?.toLowerCase() ?? name;
        const { type = "None", userAssignedIdentities = {} } = machine.identity ?? {};
        const identities = Object.keys(userAssignedIdentities);
        const hasSystemIdentity = type.startsWith("SystemAssigned");
        return [{ id: vmId, name, hostName, address, scaleSetId, identities, hasSystemIdentity }];
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}

/**
 * The members of scale sets, once each set has its number of machines. A set that a repair keeps short at the end of
 * the waiting is taken as it is: what it has can be configured, and the machine to come configures itself. A set that
 * is not listed is another matter: nothing is known of its machines.
 *
 * @param scaleSetIds Resource IDs of the sets that count.
 * @param warn Told of each set that was short, and its ID in lower case.
 * @throws Error that names the sets that ARM did not list until the end of the waiting.
 */
export async function waitForMembers(
  list: () => Promise<{ scaleSets: ScaleSet[]; members: Member[] }>,
  scaleSetIds: readonly string[],
  options: WaitOptions & { warn: (text: string, scaleSetId: string) => void },
): Promise<Member[]> {
  const wanted = new Set(scaleSetIds.map((id) => id.toLowerCase()));
  let latest: Member[] = [];
  let unlisted: string[] = [];
  let short: { id: string; why: string }[] = [];
  const outcome = await waitFor(async (): Promise<Attempt<Member[]>> => {
    const { scaleSets, members } = await list();
    latest = members.filter(({ scaleSetId }) => wanted.has(scaleSetId));
    unlisted = [...wanted].filter((id) => !scaleSets.some((scaleSet) => scaleSet.id === id));
    short = scaleSets
      .filter(({ id }) => wanted.has(id))
      .flatMap(({ id, name, capacity }) => {
        const count = latest.filter(({ scaleSetId }) => scaleSetId === id).length;
        return count < capacity ? [{ id, why: `${name} has ${count} of ${capacity} machines` }] : [];
      })
      .concat(unlisted.map((id) => ({ id, why: `${id} is not listed` })));
    return short.length === 0 ? { value: latest } : { missing: short.map(({ why }) => why).join(", ") };
  }, options);
  if (unlisted.length > 0) {
    throw new Error(
      `scale sets that were made are not listed by ARM after ${options.timeoutSeconds} s, so their machines are ` +
        "unknown. Run pulumi up with --refresh to see whether they are still there:\n" +
        unlisted.map((id) => `  ${id}`).join("\n"),
    );
  }
  if ("missing" in outcome) for (const { id, why } of short) options.warn(`Going on although ${why}`, id);
  return latest;
}
