import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeLab, machine, shedding, status, type FakeLabOptions } from "../chaos/testing/fakeLab.ts";
import { measureCurve, type Series } from "./curve.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "bench-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

async function measured(options: Partial<FakeLabOptions>, repeat = 1) {
  const lab = new FakeLab({ status: () => status([machine("front", 1)]), ...options });
  const series: Series = { name: "dev", capacity: { rate: 100, goodput: 100, confirmed: true, steps: [] }, steps: [] };
  const told: number[] = [];
  await measureCurve(
    { tools: lab, wanted: { front: 1 }, seed: 1, directory },
    series,
    { rates: [50, 100, 200], seconds: 20, repeat, patienceSeconds: 60 },
    ({ offered }) => {
      told.push(offered);
    },
  );
  return { series, told, loads: lab.commands.filter((command) => command.startsWith("load in")).length };
}

test("each rate is measured after a calm, and told", async () => {
  const { series, told, loads } = await measured({ answer: (_, number, rate) => shedding(100, number, rate) });
  expect(series.steps.map(({ goodput, refused }) => [goodput, refused])).toEqual([
    [50, 0],
    [100, 0],
    [100, 100],
  ]);
  expect(told).toEqual([50, 100, 200]);
  expect(loads).toBe(6);
  expect(series.trouble).toBeUndefined();
});

test("a step that is repeated counts with its median", async () => {
  let steps = 0;
  const { series, loads } = await measured(
    {
      answer: (_, number, rate) => {
        if (rate !== 20 && number === 0) steps++;
        return rate === 20 || steps % 3 !== 2 ? {} : { status: 502 };
      },
    },
    3,
  );
  expect(series.steps.map(({ goodput }) => goodput)).toEqual([50, 100, 200]);
  expect(loads).toBe(18);
});

test("a curve ends where the environment does not become calm again, and says so", async () => {
  let collapsed = false;
  const { series, told } = await measured({
    answer: (_, __, rate) => ((collapsed ||= rate === 100) ? { status: 504 } : {}),
  });
  expect(told).toEqual([50, 100]);
  expect(series.trouble).toMatch(/^before 200 requests a second: it is calm: not within 60 s/);
});
