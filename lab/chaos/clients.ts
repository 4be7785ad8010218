/** What the environment's clients do, for the load generator. Pure. */
import { internetBlock, outsideAddresses } from "../fabric/addresses.ts";
import { outside } from "../fabric/names.ts";
import type { LoadPlan } from "./load.ts";

export interface Clients
  extends
    Pick<LoadPlan, "rate" | "longestSeconds" | "seed" | "ids" | "timeoutSeconds">,
    Partial<Pick<LoadPlan, "newConnections">> {
  /** Of the stack. */
  urls: readonly string[];
}

/**
 * Clients outside of every network, with a connection for each request, so that no client hides a failure by sending
 * again.
 */
export const outsideClients = {
  namespace: outside,
  from: outsideAddresses,
  within: [internetBlock],
  newConnections: true,
} satisfies Partial<LoadPlan>;

/** Such clients: 95% read the page, 5% write a message whose text is unique. */
export function clientsPlan({ urls, ...plan }: Clients): LoadPlan {
  const url = urls.find((one) => one.includes("//www.")) ?? urls[0];
  if (!url) throw new Error("the stack has no URL");
  return { ...outsideClients, targets: [`95 GET ${url}`, `5 POST ${url} {"text":"{{id}}"}`], ...plan };
}

/** The beginning of the IDs that a run writes: no other has it. */
export function idsOf(letter: string, now: number): string {
  return `${letter}${Math.floor(now / 1000).toString(36)}`;
}
