/** From what the fabric reports to provisioning states and the ends of operations. */
import type { WorldStatus } from "../world.ts";
import { machineStatus } from "./compute/instanceView.ts";
import { startTimedOut } from "./compute/lateMachines.ts";
import type { Context } from "./context.ts";
import type { Operation } from "./operation.ts";
import { end } from "./operations.ts";
import { typeNamed } from "./registry.ts";
import type { Resource } from "./resource.ts";
import type { Outcome } from "./resourceType.ts";

export function advance(status: WorldStatus, context: Context): void {
  const { store } = context;
  store.transaction(() => {
    // A resource can wait for another (a scale set for its members, a group for its contents): until nothing moves.
    for (let moved = true; moved;) {
      moved = false;
      for (const resource of store.all()) {
        if (isMoving(resource, status)) moved = advanceResource(resource, status, context) || moved;
      }
    }
    for (const operation of store.operations()) {
      if (operation.status === "InProgress") advanceOperation(operation, status, context);
    }
  });
}

function isMoving(resource: Resource, status: WorldStatus): boolean {
  if (resource.state === "Failed") return typeNamed(resource.type)?.recovers?.(resource, status) ?? false;
  return resource.state !== "Succeeded";
}

function advanceResource(resource: Resource, status: WorldStatus, context: Context): boolean {
  const outcome = typeNamed(resource.type)?.outcome?.(resource, status, context) ?? outcomeOfRevision(resource, status);
  if (outcome === "pending") return false;
  const { store } = context;
  if (outcome === "done") {
    if (resource.state === "Deleting") {
      typeNamed(resource.type)?.leaving?.(resource, context);
      store.remove(resource.id);
    } else store.put({ ...withChange(resource, context), state: "Succeeded", error: undefined }, false);
    return true;
  }
  const computed = resource.state === "Deleting" ? { ...resource.computed, gone: true } : resource.computed;
  store.put({ ...resource, state: "Failed", error: outcome, computed }, false);
  return true;
}

function outcomeOfRevision(resource: Resource, status: WorldStatus): Outcome {
  if (status.revision < resource.revision) return "pending";
  const failure = status.errors.find((error) => error.id === resource.key);
  return failure ? { code: "InternalServerError", message: failure.message } : "done";
}

/** With the time of its change, which is complete now. */
const withChange = (resource: Resource, { nowMilliseconds }: Context): Resource => ({
  ...resource,
  computed: { ...resource.computed, changed: new Date(nowMilliseconds()).toISOString() },
});

function advanceOperation(operation: Operation, status: WorldStatus, context: Context): void {
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
      const failure = status.errors.find((error) => error.id === resource.key);
      if (failure) return end(store, operation, { code: "VMStartTimedOut", message: failure.message });
      const seen = machineStatus(resource, status);
      if (operation.kind === "start" && seen?.late !== undefined)
        return end(store, operation, startTimedOut(resource, seen.late));
      const reached =
        operation.kind === "stop"
          ? seen?.power !== "running" && seen?.power !== "starting"
          : seen?.power === "running" && seen.ready;
      if (!reached) return;
      store.put(withChange(resource, context), false);
      return end(store, operation);
    }
    // Their own effect ends them.
    case "restart":
    case "run":
      return;
  }
}
