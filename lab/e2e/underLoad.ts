/** Requests of users while a test does something to the environment. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { failed, type RequestRecord } from "../chaos/history.ts";
import { loadProgram, startLoad } from "../chaos/load.ts";
import { internetBlock } from "../fabric/addresses.ts";
import { outside } from "../fabric/names.ts";

/**
 * Reads from outside, each over a connection of its own, while something is done. Returns the requests that failed.
 *
 * @param url What is read, 150 times a second.
 * @throws where so few requests were made that none that failed would prove nothing.
 */
export async function failuresDuring(url: string, work: () => Promise<unknown>): Promise<RequestRecord[]> {
  const directory = mkdtempSync(join(tmpdir(), "under-load-"));
  try {
    const plan = {
      namespace: outside,
      rate: 150,
      longestSeconds: 1200,
      seed: 1,
      ids: "e2e",
      within: [internetBlock],
      newConnections: true,
      timeoutSeconds: 10,
      targets: [`1 GET ${url}`],
    };
    const load = startLoad(loadProgram(), plan, directory);
    try {
      await work();
    } finally {
      await load.stop();
    }
    const records = await load.records();
    expect(records.length).toBeGreaterThan(100);
    return records.filter(failed);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
