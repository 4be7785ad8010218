/** Microsoft.Compute/virtualMachines: in the lab they are made by scale sets. */
import { isDeepStrictEqual } from "node:util";
import type { WorldStatus } from "../../world.ts";
import type { Context } from "../context.ts";
import { notInLab } from "../errors.ts";
import { keyOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { Draft, Outcome, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { computeType } from "./computeType.ts";
import { scriptsOf, withoutProtected } from "./extensions.ts";
import { keptIdentity, renderIdentity, withLowerKeys } from "./identity.ts";
import { instanceView, machineStatus, shownState } from "./instanceView.ts";
import { machineActions } from "./machineActions.ts";
import { isProvisionedLate, notStarted, provisioningTimedOut } from "./lateMachines.ts";
import { projectMachine } from "./machineProjection.ts";
import { machineBody, setKeyOf, type MachineBody } from "./machineSchema.ts";
import { renderOsProfile } from "./osProfile.ts";
import { removeMember } from "./removal.ts";
import type { ScaleSetBody } from "./scaleSetSchema.ts";

/** Provisioned when the agent inside answers and every script has ended well. */
function outcome(machine: Resource<MachineBody>, status: WorldStatus): Outcome {
  const seen = machineStatus(machine, status);
  if (machine.state === "Deleting") return status.revision >= machine.revision && !seen ? "done" : "pending";
  const failure = status.errors.find((one) => one.id === machine.key);
  if (failure) return notStarted(machine, failure.message);
  if (machine.computed.powered === false) return status.revision >= machine.revision ? "done" : "pending";
  if (!seen?.ready) return seen?.late === undefined ? "pending" : provisioningTimedOut(machine, seen.late);
  const extensions = machine.body.properties.extensions ?? [];
  for (const script of scriptsOf(machine.key, extensions)) {
    const result = seen.scripts.find((one) => one.id === script.id && one.sequence === script.sequence);
    if (!result) return "pending";
    const name = script.id.slice(script.id.lastIndexOf("/") + 1);
    const suppressed = extensions.find((one) => one.name.toLowerCase() === name)?.properties.suppressFailures === true;
    if (result.exitStatus === 0 || suppressed) continue;
    return {
      code: "VMExtensionProvisioningError",
      message: `VM '${machine.name}' has reported a failure when processing extension '${name}' (publisher 'Microsoft.Azure.Extensions' and type 'CustomScript'). Error message: 'Enable failed: failed to execute command: command terminated with exit status=${result.exitStatus}\n[stdout]\n\n[stderr]\n${result.stderr}'.`,
    };
  }
  return "done";
}

function renderExtension(
  machine: Resource<MachineBody>,
  extension: NonNullable<MachineBody["properties"]["extensions"]>[number],
): object {
  const { properties } = withoutProtected(extension);
  return {
    name: extension.name,
    id: `${machine.id}/extensions/${extension.name}`,
    type: `${types.machine}/extensions`,
    location: machine.body.location,
    properties: { ...properties, provisioningState: machine.state },
  };
}

function render(machine: Resource<MachineBody>, context: Context, query: URLSearchParams): object {
  const { extensions, ...properties } = machine.body.properties;
  const { zones, identity } = machine.body;
  const expanded = query.get("$expand")?.toLowerCase() === "instanceview" || query.get("statusOnly") === "true";
  return {
    ...(zones && { zones }),
    ...(identity && { identity: renderIdentity(identity, context, "entries") }),
    resources: (extensions ?? []).map((extension) => renderExtension(machine, extension)),
    properties: {
      ...properties,
      osProfile: renderOsProfile(properties.osProfile),
      storageProfile: shownDisks(properties.storageProfile),
      provisioningState: shownState(machine, context.store),
      vmId: machine.guid,
      timeCreated: machine.created,
      ...(expanded && { instanceView: instanceView(machine, context) }),
    },
  };
}

/** What GET answered, sent back: with what GET leaves out of the profiles, and without what it adds to them. */
function completed(given: Record<string, unknown>, { body }: Resource<MachineBody>): Record<string, unknown> {
  const { properties: before, ...kept } = body;
  const inner = (given["properties"] ?? {}) as Record<string, unknown>;
  const shown = { osProfile: renderOsProfile(before.osProfile), storageProfile: shownDisks(before.storageProfile) };
  const unchanged = Object.entries(shown)
    .filter(([name, value]) => isDeepStrictEqual(inner[name], JSON.parse(JSON.stringify(value))))
    .map(([name]) => [name, before[name as keyof typeof shown]] as const);
  return { ...kept, ...given, properties: { ...before, ...inner, ...Object.fromEntries(unchanged) } };
}

const shownDisks = (profile: MachineBody["properties"]["storageProfile"]): object => ({ ...profile, dataDisks: [] });

/** Of what a PUT or PATCH can change, the lab has tags, identities and boot diagnostics. */
function prepare({ body, existing }: Draft<MachineBody>, context: Context): void {
  body.identity = keptIdentity(body.identity, context);
  const fixed = ({ properties, ...rest }: MachineBody): object => ({
    ...rest,
    tags: undefined,
    identity: undefined,
    properties: { ...properties, diagnosticsProfile: undefined },
  });
  if (existing && !isDeepStrictEqual(fixed(body), fixed(existing.body)))
    throw notInLab("changes of machines besides tags, identities and boot diagnostics; change their scale set");
}

/** `'virtualMachineScaleSet/id' eq '/subscriptions/...'`, the filter by which the members of a set are listed. */
function filter(machines: Resource<MachineBody>[], query: URLSearchParams): Resource<MachineBody>[] {
  const match = /^\s*'?virtualMachineScaleSet\/id'?\s+eq\s+'?([^']+?)'?\s*$/i.exec(query.get("$filter") ?? "");
  if (!match) return machines;
  return machines.filter((machine) => setKeyOf(machine) === keyOf(match[1]!));
}

/** A deletion asks for one member less: the scale set does not make another. */
function deleting(machine: Resource<MachineBody>, context: Context): void {
  const { store } = context;
  removeMember(machine, context);
  const set = store.live<ScaleSetBody>(machine.body.properties.virtualMachineScaleSet?.id ?? "");
  if (!set) return;
  const capacity = Math.max(0, (set.body.sku.capacity ?? 0) - 1);
  store.put({ ...set, body: { ...set.body, sku: { ...set.body.sku, capacity } } }, false);
}

export const virtualMachines: ResourceType<MachineBody> = {
  ...computeType,
  type: types.machine,
  location: "regional",
  schema: machineBody,
  patch: "merge",
  spelled: withLowerKeys,
  completed,
  prepare,
  listed: (answer) => ({ ...answer, resources: (answer["resources"] as { id: string }[]).map(({ id }) => ({ id })) }),
  refusePut: "virtual machines outside of a scale set; make a Microsoft.Compute/virtualMachineScaleSets",
  render,
  project: (machine, context) => ({ machines: projectMachine(machine, context) }),
  filter,
  outcome,
  recovers: isProvisionedLate,
  deleting,
  actions: machineActions,
  views: {
    instanceview: (machine, context) => instanceView(machine, context),
    extensions: (machine) => ({
      value: (machine.body.properties.extensions ?? []).map((extension) => renderExtension(machine, extension)),
    }),
  },
};
