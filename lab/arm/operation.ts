/** An asynchronous operation: what a client polls until a change is real. Stored in `arm.db` in this shape. */
import type { ErrorBody } from "./errors.ts";

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
