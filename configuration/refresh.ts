/** Writes inventory, known_hosts and SSH configuration anew from what ARM tells, as `pulumi up` wrote them. */
import { resourceId } from "../azure/resourceIds.ts";
import type { Connection } from "../azure/arm.ts";
import { armSource, readHostKeys } from "../azure/hostKeys.ts";
import { listClientIds } from "../azure/identities.ts";
import { listMembers, waitForMembers, type Member } from "../azure/members.ts";
import { listPorts } from "../azure/ports.ts";
import { questions } from "../azure/questions.ts";
import type { Clock } from "../azure/waiting.ts";
import { blobService, type Endpoints } from "../environment/cloud.ts";
import type { MachineGroup } from "../environment/machineGroup.ts";
import { resourceName } from "../environment/names.ts";
import { machineGroups, type Plan } from "../environment/plan.ts";
import type { CheckedSettings } from "../environment/settings.ts";
import { vaultUri, type VaultAccess } from "../inventory/vaultAccess.ts";
import { earlierHostKeys, writeFiles } from "./files.ts";
import { groupOf, nameMachines, type Group, type Machine, type Missing } from "./machines.ts";
import { wayThroughEntry, withoutWayIn, type WayIn } from "./wayIn.ts";

/** How the files are written. */
export interface RefreshOptions {
  /** Path of the directory `ansible/`. */
  ansible: string;
  /** Where the cloud's services are. */
  endpoints: Pick<Endpoints, "vaultSuffix" | "storageSuffix">;
  /** Time to wait for machines, and again for their host keys; 0 takes what there is. */
  waitSeconds: number;
  /** Told what is waited for. */
  progress: (text: string) => void;
  clock?: Clock;
}

/** What was written, and what was not. */
export interface Refreshed {
  plan: Plan;
  /** The machines in the files. */
  machines: Machine[];
  missing: Missing[];
}

const intervalSeconds = 2;
/** How long only the console is asked while there is time: a machine that is just starting prints its keys there. */
const consoleSeconds = 180;

/**
 * Writes the files of a stack. Machines without host keys, which are still being made, are left out.
 *
 * @throws Error where the stack is not in Azure, or not as its file says.
 */
export async function refresh(
  connection: Connection,
  settings: Pick<CheckedSettings, "planWith" | "stack">,
  options: RefreshOptions,
): Promise<Refreshed> {
  const { ansible, progress, waitSeconds, clock } = options;
  const resourceGroup = resourceName("resourceGroup", settings.stack);
  const plan = await planNow(connection, settings, resourceGroup);
  const groups = groupsIn(plan, connection.rest.subscriptionId, resourceGroup);
  const [access, way] = await Promise.all([
    accessTo(connection, plan, resourceGroup, options.endpoints),
    wayInTo(connection, plan, resourceGroup),
  ]);
  const waiting = { intervalSeconds, progress, ...(clock ? { clock } : {}) };
  const missing: Missing[] = [];
  const lacks = ({ tier, kind }: MachineGroup, why: string) => void missing.push({ tier, kind, why });
  const members = await waitForMembers(
    () => listMembers(connection, resourceGroup),
    groups.flatMap(({ scaleSetIds }) => scaleSetIds),
    {
      ...waiting,
      timeoutSeconds: waitSeconds,
      warn: (text, id) => {
        const group = groupOf(groups, id);
        if (group) lacks(group.machines, text);
      },
    },
  );
  const named = nameMachines(plan.stack, members, groups);
  const known = earlierHostKeys(ansible, plan.stack);
  const hostKeysIn = (group: string, of: readonly Member[]) =>
    readHostKeys(of, armSource(connection, group), {
      ...waiting,
      timeoutSeconds: waitSeconds,
      consoleSeconds: Math.min(consoleSeconds, waitSeconds),
      known,
    });
  const { keys, missing: without } = await hostKeysIn(resourceGroup, named);
  if (way.entry) {
    const { keys: ofEntry, missing: mute } = await hostKeysIn(way.entry.resourceGroup, way.entry.jumpHosts);
    for (const [id, key] of ofEntry) keys.set(id, key);
    for (const line of mute.values()) lacks(plan.reverseProxy, `a jump host of the entry has no host keys: ${line}`);
  }
  for (const { id, group } of named)
    if (without.has(id)) lacks(group, `left out, since it has no host keys yet: ${without.get(id)}`);
  const machines = named.filter(({ id }) => keys.has(id));
  writeFiles(ansible, plan, machines, keys, way, access);
  return { plan, machines, missing };
}

/** The plan, with every port that a load balancer serves now: a move from one to another may not have ended. */
async function planNow(
  connection: Connection,
  { planWith, stack }: Pick<CheckedSettings, "planWith" | "stack">,
  resourceGroup: string,
): Promise<Plan> {
  try {
    const ports = await listPorts(connection, resourceGroup);
    return planWith(new Map([...ports].map(([name, standing]) => [name, { ...standing, moving: true }]))).plan;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
    throw new Error(
      `stack ${stack}: there is no resource group ${resourceGroup} in subscription ` +
        `${connection.rest.subscriptionId}. Make it with: pulumi up --stack ${stack}`,
      { cause: error },
    );
  }
}

/** The groups of machines; IDs follow from names. */
function groupsIn(plan: Plan, subscriptionId: string, resourceGroupName: string): Group[] {
  const idOf = (type: string, inputs: Record<string, string>): string =>
    resourceId(`azure-native:${type}`, { ...inputs, resourceGroupName }, subscriptionId) ?? "";
  return machineGroups(plan).map((machines) => ({
    machines,
    scaleSetIds: machines.scaleSets.map(({ name }) =>
      idOf("compute:VirtualMachineScaleSet", { vmScaleSetName: resourceName("scaleSet", plan.stack, name) }),
    ),
    identityId: idOf("managedidentity:UserAssignedIdentity", {
      resourceName: resourceName("identity", plan.stack, machines.name),
    }),
  }));
}

async function accessTo(
  { rest }: Connection,
  { stack, identities, vault, storage }: Plan,
  resourceGroup: string,
  endpoints: RefreshOptions["endpoints"],
): Promise<VaultAccess> {
  const found = await listClientIds(questions(rest), resourceGroup);
  const clientIds = identities.map(({ group, name }) => {
    const clientId = found.get(name);
    if (clientId !== undefined) return [group, clientId] as const;
    throw new Error(
      `stack ${stack}: ${resourceGroup} has no identity ${name}. Make it with: pulumi up --stack ${stack}`,
    );
  });
  return {
    uri: vaultUri(vault.name, endpoints.vaultSuffix),
    storeUrl: blobService(storage.name, endpoints),
    clientIds: Object.fromEntries(clientIds),
  };
}

async function wayInTo(connection: Connection, plan: Plan, resourceGroup: string): Promise<WayIn> {
  const { stack, reverseProxy } = plan;
  if (!reverseProxy.public) {
    const way = await wayThroughEntry(connection, plan);
    if ("closed" in way) throw new Error(withoutWayIn(plan, way));
    return way;
  }
  const name = resourceName("publicAddress", stack);
  const { ipAddress } = await connection.network.publicIPAddresses.get(resourceGroup, name);
  if (ipAddress !== undefined) return { jumps: [ipAddress] };
  throw new Error(`stack ${stack}: ${name} has no address yet; run pulumi up --stack ${stack}`);
}
