/** Requests of users while a test does something to the environment. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { outsideClients } from "../chaos/clients.ts";
import { failed, type RequestRecord } from "../chaos/history.ts";
import { loadProgram, startLoad } from "../chaos/load.ts";

/**
 * Requests from outside, each over a connection of its own, while something is done. Returns a line for each that failed.
 *
 * @param targets What is requested, as the load generator takes it: `3 GET <url>`, with the weight before the method.
 * @param rate Requests per second. They leave two slow processors room for an `up`: what is too much is refused.
 * @throws where so few requests were made that none that failed would prove nothing.
 */
export async function failuresDuring(targets: string[], work: () => Promise<unknown>, rate = 60): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "under-load-"));
  try {
    const plan = { ...outsideClients, rate, longestSeconds: 1500, seed: 1, ids: "e2e", timeoutSeconds: 10, targets };
    const load = startLoad(loadProgram(), plan, directory);
    try {
      await work();
    } finally {
      await load.stop();
    }
    const records = await load.records();
    expect(records.length).toBeGreaterThan(100);
    return records.filter(failed).map(asLine);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function asLine({ planned, method, status, latency, error, text }: RequestRecord): string {
  const answer = (error ?? text ?? "").replaceAll(/\s+/g, " ").slice(0, 100);
  return `${new Date(planned).toISOString()} ${method} ${status} after ${Math.round(latency)} ms: ${answer}`;
}
