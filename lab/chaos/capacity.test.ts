import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capacityText, measureCapacity } from "./capacity.ts";
import { FakeLab, machine, shedding, status, type FakeLabOptions } from "./testing/fakeLab.ts";
import { start } from "./testing/histories.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "capacity-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const front = machine("front", 1);
const measured = (options: Partial<FakeLabOptions>) => {
  const lab = new FakeLab({ status: () => status([front]), ...options });
  return { lab, found: measureCapacity({ tools: lab, wanted: { front: 1 }, seed: 1, directory }) };
};

test("the capacity of an environment is measured and confirmed, within four minutes", async () => {
  const { lab, found } = measured({ answer: (_, number, rate) => shedding(300, number, rate) });
  const { rate, goodput, confirmed } = await found;
  expect({ rate, confirmed }).toEqual({ rate: 290, confirmed: true });
  expect(goodput).toBeCloseTo(300, -1);
  expect((lab.clock.nowMs() - start) / 1000).toBeLessThan(240);
  expect(existsSync(join(directory, "1-at-150"))).toBe(true);
  expect(lab.said.at(-1)).toBe("290 requests a second for 20 s: 100.0% answered well within a second");
});

test("99% must be answered in time, late ones do not count", async () => {
  const late = (share: number) =>
    measured({ answer: (_, number, rate) => (rate > 160 && number % 1000 < 1000 * share ? { latency: 1500 } : {}) })
      .found;
  expect((await late(0.02)).rate).toBeLessThanOrEqual(160);
  expect((await late(0.005)).rate).toBeGreaterThan(1000);
}, 60_000);

test("an environment that serves nothing, and one that is not whole, has no capacity", async () => {
  await expect(measured({ answer: () => ({ status: 502 }) }).found).rejects.toThrow(
    "it is calm: not within 240 s (0 of 60 requests were answered well within 500 ms)",
  );
  await expect(measured({ status: () => status([front], ["front_1"]) }).found).rejects.toThrow(
    "0 of 1 members up behind lb-front",
  );
  await expect(measured({ answer: (_, __, rate) => (rate === 20 ? {} : { status: 503 }) }).found).rejects.toThrow(
    /does not serve \d+ requests a second in time/,
  );
});

test("what was found counts where the environment does not become calm again", async () => {
  let overloaded = false;
  const { found } = measured({ answer: (_, __, rate) => ((overloaded ||= rate > 200) ? { status: 503 } : {}) });
  expect(await found).toMatchObject({ rate: 195, confirmed: false });
});

test("a capacity that no longer step confirmed says so", () => {
  expect(capacityText({ rate: 100, goodput: 99.6, confirmed: false, steps: [] })).toBe(
    "capacity: 100 requests a second (not confirmed by a longer step), best goodput 100",
  );
});
