/** What the cases ask: the lab or Azure. */
import type { LabStep } from "./schema.ts";

export interface SentRequest {
  method: string;
  /** A path from `/subscriptions` on with its query, the address of a vault, or an address that an answer named. */
  url: string;
  headers: Record<string, string>;
  body?: string;
}

export interface Answer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** JSON, or a string where the answer is something else; undefined when it is empty. */
  body: unknown;
}

export interface Target {
  name: "lab" | "azure";
  subscription: string;
  location: string;
  /** A region that is not `location`. */
  otherLocation: string;
  /** `{tenant}`, `{principalId}`, `{vaultSuffix}`; in the lab what its sign-in takes: `labTarget.ts`. */
  variables: Readonly<Record<string, string>>;
  /** Counts what has changed, where that can be told: a refusal changes nothing. */
  revision?(): number;
  /** Logged in. */
  send(request: SentRequest): Promise<Answer>;
  /** Waits until new role assignments count. */
  untilRightsCount(): Promise<void>;
  /** Milliseconds until the next look at an operation; `retryAfter`: seconds that the answer asked for. */
  pause(retryAfter: number): number;
  /** Does what a `lab` step asks. */
  act?(step: LabStep): void;
  /** Undoes all `lab` steps of a case. */
  reset?(): void;
}

/** Code and message of a refusal, in either of the two forms that providers use. */
export function errorOf(body: unknown): { code: string; message: string } | undefined {
  if (body === null || typeof body !== "object") return undefined;
  const { error = body } = body as { error?: unknown };
  if (error === null || typeof error !== "object") return undefined;
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "string" ? { code, message: typeof message === "string" ? message : "" } : undefined;
}
