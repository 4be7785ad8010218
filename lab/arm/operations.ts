/** Asynchronous operations: what a client polls until a change is real. */
import { randomUUID } from "node:crypto";
import type { ErrorBody } from "./errors.ts";
import type { Store } from "./store.ts";

export interface Operation {
  name: string;
  /** Lower-case ID of the resource it is about. */
  resource: string;
  kind: "put" | "delete" | "start" | "stop" | "restart" | "run";
  status: "InProgress" | "Succeeded" | "Failed";
  started: string;
  ended?: string;
  error?: ErrorBody;
  /** What the operation's result URL answers in the end. */
  result?: unknown;
  /** The world's revision that must be reached, for start and stop. */
  revision?: number;
}

/** Finished operations are forgotten after this time, as Azure does after some hours. */
const keptFor = 60 * 60 * 1000;

export function begin(
  store: Store,
  kind: Operation["kind"],
  resource: string,
  more: Partial<Operation> = {},
): Operation {
  for (const old of store.operations()) {
    if (old.ended !== undefined && Date.now() - Date.parse(old.ended) > keptFor) store.removeOperation(old.name);
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

/** The body behind `Azure-AsyncOperation`. */
export function renderOperation(operation: Operation): object {
  return {
    name: operation.name,
    status: operation.status,
    startTime: operation.started,
    ...(operation.ended && { endTime: operation.ended }),
    ...(operation.error && { error: operation.error }),
    ...(operation.result !== undefined && { properties: { output: operation.result } }),
  };
}
