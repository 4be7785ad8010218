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
  /** Name of its first network interface. */
  networkInterface: string;
  /** Resource IDs of the load balancer pools in which that is. */
  poolIds: string[];
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
  const connections = new Map(
    interfaces.flatMap(({ id, name, ipConfigurations }) => {
      const configuration = primaryOf(ipConfigurations);
      const address = configuration?.privateIPAddress;
      const poolIds = (configuration?.loadBalancerBackendAddressPools ?? []).flatMap((pool) => pool.id ?? []);
      return id !== undefined && name !== undefined && address !== undefined
        ? [[id.toLowerCase(), { address, networkInterface: name, poolIds }]]
        : [];
    }),
  );
  return {
    scaleSets: scaleSets.flatMap(({ id, name, sku }) =>
      id === undefined || name === undefined ? [] : [{ id: id.toLowerCase(), name, capacity: sku?.capacity ?? 0 }],
    ),
    members: machines
      .flatMap((machine) => {
        const scaleSetId = machine.virtualMachineScaleSet?.id?.toLowerCase();
        const nic = primaryOf(machine.networkProfile?.networkInterfaces)?.id?.toLowerCase();
        const connection = nic === undefined ? undefined : connections.get(nic);
        const { name, vmId, provisioningState } = machine;
        if (!scaleSetId || !connection || !name || !vmId || provisioningState === "Deleting") return [];
        const hostName = machine.osProfile?.computerName?.toLowerCase() ?? name;
        const { type = "None", userAssignedIdentities = {} } = machine.identity ?? {};
        const identities = Object.keys(userAssignedIdentities);
        const hasSystemIdentity = type.startsWith("SystemAssigned");
        return [{ id: vmId, name, hostName, scaleSetId, identities, hasSystemIdentity, ...connection }];
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** The primary one of several, or the first. */
export function primaryOf<T extends { primary?: boolean }>(several: readonly T[] | undefined): T | undefined {
  return several?.find(({ primary }) => primary) ?? several?.[0];
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
