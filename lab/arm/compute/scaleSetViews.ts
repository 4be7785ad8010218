/** What a scale set tells about its members, and what can be asked of them together. */
import { z } from "zod";
import type { Context } from "../context.ts";
import { badRequest } from "../errors.ts";
import { begin, end } from "../operations.ts";
import type { Resource } from "../resource.ts";
import type { Action, View } from "../resourceType.ts";
import { choice, validate } from "../schema.ts";
import { healthStatus, machineStatus, powerStatus, provisioningStatus, shownState } from "./instanceView.ts";
import { applyModel, membersOf, reconcile } from "./members.ts";
import { removeMember } from "./removal.ts";
import { newService, repairState } from "./repairs.ts";
import type { ScaleSetBody } from "./scaleSetSchema.ts";

/** Status codes and how many members have them. */
function summary(set: Resource<ScaleSetBody>, context: Context): { code: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const member of membersOf(set, context.store)) {
    const seen = machineStatus(member, context.status());
    const codes = [
      `ProvisioningState/${shownState(member, context.store).toLowerCase()}`,
      powerStatus(member, seen).code,
      healthStatus(member, seen)?.code,
    ];
    for (const code of codes) if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return [...counts].map(([code, count]) => ({ code, count }));
}

/** The service's state, and from the API version that has it, what it does. */
function repairsView(set: Resource<ScaleSetBody>, query: URLSearchParams): object {
  const { ongoing, changed } = set.computed.repairs ?? newService;
  const tells = changed !== undefined && query.get("api-version")! >= "2025-04-01";
  return {
    serviceName: "AutomaticRepairs",
    serviceState: repairState(set),
    ...(tells && {
      latestOperationStatus: ongoing.length > 0 ? "InProgress" : "Completed",
      lastStatusChangeTime: changed,
    }),
  };
}

function setView(set: Resource<ScaleSetBody>, context: Context, query: URLSearchParams): object {
  const status = { ...provisioningStatus(set, context.store), time: set.created };
  return {
    virtualMachine: { statusesSummary: summary(set, context) },
    extensions: [],
    statuses: [status],
    orchestrationServices: [repairsView(set, query)],
  };
}

/** Members, in the shape in which a scale set lists its instances; of Flexible ones, without instance views. */
function instances(set: Resource<ScaleSetBody>, context: Context): object {
  return {
    value: membersOf(set, context.store).map((member) => ({
      instanceId: member.name,
      id: `${set.id}/virtualMachines/${member.name}`,
      name: member.name,
      type: "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
      location: member.body.location,
      ...(member.body.zones && { zones: member.body.zones }),
      properties: { provisioningState: shownState(member, context.store), vmId: member.guid },
    })),
  };
}

const ids = z.object({ instanceIds: z.array(z.string()) });

function chosen(set: Resource<ScaleSetBody>, context: Context, body: unknown): ReturnType<typeof membersOf> {
  const { instanceIds } = validate(ids, body, "compute", "VirtualMachineScaleSetVMInstanceRequiredIDs");
  const members = membersOf(set, context.store);
  if (instanceIds.includes("*")) return members;
  return instanceIds.map((id) => {
    const member = members.find((one) => one.name.toLowerCase() === id.toLowerCase());
    if (!member)
      throw badRequest(
        "InvalidParameter",
        `The provided instanceId ${id} is not an active Virtual Machine Scale Set VM instanceId.`,
        "instanceIds",
      );
    return member;
  });
}

const serviceState = z.strictObject({ serviceName: choice("AutomaticRepairs"), action: choice("Resume", "Suspend") });

export const scaleSetViews: Record<string, View<ScaleSetBody>> = {
  instanceview: setView,
  virtualmachines: instances,
  skus: () => ({ value: [] }),
};

export const scaleSetActions: Record<string, Action<ScaleSetBody>> = {
  manualupgrade: (set, context, body) => {
    for (const member of chosen(set, context, body)) applyModel(set, member, context.store);
    const updating = context.store.put({ ...set, state: "Updating", error: undefined }, true);
    return { status: 202, operation: begin(context.store, "put", updating.key).name };
  },
  delete: (set, context, body) => {
    const members = chosen(set, context, body);
    for (const member of members) removeMember(member, context);
    const capacity = Math.max(0, (set.body.sku.capacity ?? 0) - members.length);
    const changed = { ...set, body: { ...set.body, sku: { ...set.body.sku, capacity } }, state: "Updating" as const };
    reconcile(context.store.put(changed, true), context);
    return { status: 202, operation: begin(context.store, "put", set.key).name };
  },
  setorchestrationservicestate: (set, context, body) => {
    const { action } = validate(serviceState, body, "compute", "OrchestrationServiceStateInput");
    const state = action === "Resume" ? ("Running" as const) : ("Suspended" as const);
    const repairs = { ...(set.computed.repairs ?? newService), state, failed: 0 };
    context.store.put({ ...set, computed: { ...set.computed, repairs } }, false);
    const operation = begin(context.store, "put", set.key);
    end(context.store, operation);
    return { status: 202, operation: operation.name };
  },
};
