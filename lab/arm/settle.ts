/** From what the fabric reports to provisioning states and the ends of operations. */
import type { WorldStatus } from "../world.ts";
import { machineStatus } from "./compute/virtualMachines.ts";
import { keyOf } from "./ids.ts";
import { types } from "./network/names.ts";
import { end, type Operation } from "./operations.ts";
import { typeNamed } from "./registry.ts";
import type { Context, Outcome, Resource } from "./types.ts";

export function settleAll(status: WorldStatus, context: Context): void {
  const { store } = context;
  store.transaction(() => {
    // A resource can wait for another (a scale set for its members, a group for its contents): until nothing moves.
    for (let moved = true; moved;) {
      moved = false;
      for (const resource of store.all()) {
        if (resource.state !== "Succeeded" && resource.state !== "Failed")
          moved = settleOne(resource, status, context) || moved;
      }
    }
    for (const operation of store.operations()) {
      if (operation.status === "InProgress") settleOperation(operation, status, context);
    }
  });
}

function settleOne(resource: Resource, status: WorldStatus, context: Context): boolean {
  const outcome = outcomeOf(resource, status, context);
  if (outcome === "pending") return false;
  const { store } = context;
  if (outcome === "done") {
    if (resource.state === "Deleting") store.remove(resource.id);
    else store.put({ ...withChange(resource, context), state: "Succeeded", error: undefined }, false);
    return true;
  }
  const computed = resource.state === "Deleting" ? { ...resource.computed, gone: true } : resource.computed;
  store.put({ ...resource, state: "Failed", error: outcome, computed }, false);
  return true;
}

/** With the time of its change, which is complete now. */
const withChange = (resource: Resource, { now }: Context): Resource => ({
  ...resource,
  computed: { ...resource.computed, changed: new Date(now()).toISOString() },
});

function outcomeOf(resource: Resource, status: WorldStatus, context: Context): Outcome {
  const own = typeNamed(resource.type)?.settle;
  if (own) return own(resource, status, context);
  if (resource.state === "Deleting" && usedByMachine(resource, context)) return "pending";
  if (status.revision < resource.revision) return "pending";
  const failure = status.errors.find((error) => error.id === resource.key);
  return failure ? { code: "InternalServerError", message: failure.message } : "done";
}

/** A network interface keeps its address until its machine is gone. */
function usedByMachine(resource: Resource, { store }: Context): boolean {
  return resource.type === types.networkInterface && store.get(resource.computed.machineId ?? "") !== undefined;
}

function settleOperation(operation: Operation, status: WorldStatus, context: Context): void {
  const { store } = context;
  const resource = store.get(operation.resource);
  const vanished = {
    code: "ResourceNotFound",
    message: `The resource ${operation.resource} was deleted while the operation ran.`,
  };
  switch (operation.kind) {
    case "delete":
      if (!resource) end(store, operation);
      else if (resource.state === "Failed") end(store, operation, resource.error ?? vanished);
      return;
    case "put":
      if (!resource || resource.state === "Deleting") end(store, operation, vanished);
      else if (resource.state === "Succeeded") end(store, operation);
      else if (resource.state === "Failed") end(store, operation, resource.error);
      return;
    case "start":
    case "stop": {
      if (!resource) return end(store, operation, vanished);
      if (status.revision < operation.revision!) return;
      const failure = status.errors.find((error) => error.id === keyOf(resource.id));
      if (failure) return end(store, operation, { code: "VMStartTimedOut", message: failure.message });
      const seen = machineStatus(resource, status);
      const reached =
        operation.kind === "stop"
          ? seen?.power !== "running" && seen?.power !== "starting"
          : seen?.power === "running" && seen.ready;
      if (!reached) return;
      store.put(withChange(resource, context), false);
      return end(store, operation);
    }
    // Ended by whoever started it.
    case "restart":
    case "run":
      return;
  }
}

/** What a restart of the server cannot continue: effects that were running inside it. */
export function failInterrupted({ store }: Pick<Context, "store">): void {
  for (const operation of store.operations()) {
    if ((operation.kind !== "run" && operation.kind !== "restart") || operation.status !== "InProgress") continue;
    end(store, operation, {
      code: "OperationPreempted",
      message: "The lab was restarted while the operation ran; ask again.",
    });
  }
}
