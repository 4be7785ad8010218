/** Beginnings and ends of asynchronous operations. */
import { randomUUID } from "node:crypto";
import type { ErrorBody } from "./errors.ts";
import type { Operation } from "./operation.ts";
import type { Store } from "./store.ts";

/** Finished operations are forgotten after this time, as Azure does after some hours. */
const keptMilliseconds = 60 * 60 * 1000;

export function begin(
  store: Store,
  kind: Operation["kind"],
  resource: string,
  more: Partial<Operation> = {},
): Operation {
  for (const old of store.operations()) {
    const age = old.ended === undefined ? 0 : Date.now() - Date.parse(old.ended);
    if (age > keptMilliseconds) store.removeOperation(old.name);
  }
  const started = new Date().toISOString();
  const operation: Operation = { name: randomUUID(), resource, kind, status: "InProgress", started, ...more };
  store.putOperation(operation);
  return operation;
}

export function end(store: Store, operation: Operation, error?: ErrorBody, result?: unknown): void {
  const ended = new Date().toISOString();
  const status = error ? "Failed" : "Succeeded";
  store.putOperation({ ...operation, status, ended, ...(error && { error }), ...(result !== undefined && { result }) });
}

/** Fails what a new server cannot continue: effects that ran in the server before it. */
export function failInterrupted(store: Store): void {
  for (const operation of store.operations()) {
    if ((operation.kind !== "run" && operation.kind !== "restart") || operation.status !== "InProgress") continue;
    end(store, operation, {
      code: "OperationPreempted",
      message: "The lab was restarted while the operation ran; ask again.",
    });
  }
}
