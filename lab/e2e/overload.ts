/** What is asked of dev when more is asked of it than it can do. `make bench` and `make chaos` measure it at length. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Serving } from "../chaos/serving.ts";
import { measureStep } from "../chaos/step.ts";
import { status } from "../commands.ts";
import { attemptsDuring } from "./attempts.ts";
import { devTools } from "./devTools.ts";
import { names, untilWhole } from "./groupStatus.ts";

/** The highest rate that was served well, in requests a second, and what the best step served within a second. */
export interface Capacity {
  rate: number;
  goodput: number;
}

/** Registers the questions as tests, which build on each other, in their order. Writes down what it finds. */
export function overload(found: Capacity): void {
  const directory = mkdtempSync(join(tmpdir(), "overload-"));
  afterAll(() => rmSync(directory, { recursive: true }));

  const tools = devTools();
  /** Some seconds at a rate, of which the first two do not count. */
  const step = async (rate: number, seconds: number): Promise<Serving> => {
    const plan = { name: `at-${rate}-${seconds}`, rate, seconds, warmUpSeconds: 2 };
    const serving = await measureStep({ tools, seed: 1, directory }, plan);
    console.log(JSON.stringify(serving));
    return serving;
  };

  test("a rising load is served well up to a rate that depends on the machine", async () => {
    await untilWhole();
    for (let rate = 150; rate < 20_000; rate = Math.round(rate * 1.4)) {
      const { good, goodput } = await step(rate, 7);
      found.goodput = Math.max(found.goodput, goodput);
      if (good < 0.99) break;
      found.rate = rate;
    }
    expect(found.rate).toBeGreaterThan(0);
  });

  // Bounds that also hold while something else uses the processors for a moment; the goals are those of `make chaos`.
  test("twice as much costs the excess its answer, soon, and nobody else anything", async () => {
    const before = await status("dev");
    const attempts = await attemptsDuring(tools, () => step(2 * found.rate, 20));
    const excess = attempts.result;
    expect(excess.refused).toBeGreaterThan(0);
    expect(excess.refusedP99).toBeLessThan(500);
    expect(excess.p99).toBeLessThan(1500);
    expect(excess.goodput).toBeGreaterThan(0.6 * found.goodput);
    const after = await status("dev");
    for (const tier of ["front", "back", "reverse-proxy", "back-balancer"])
      expect(names(tier, after), tier).toEqual(names(tier, before));
    expect(attempts.admitted).toBeGreaterThan(10 * excess.goodput);
    expect(attempts.most).toBeLessThanOrEqual(1.1);
    expect(after.loadBalancers.flatMap(({ members }) => members).filter(({ state }) => state !== "up")).toEqual([]);
  });

  test("of six tenths of what it can do nothing is refused", async () => {
    expect(await step(Math.round(0.6 * found.rate), 12)).toMatchObject({ refused: 0, failed: 0 });
  });
}
