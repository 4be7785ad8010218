/** Every case against the lab. `run.ts` runs the same cases against Azure. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Groups } from "./groups.ts";
import { startLab, type LabTarget } from "./labTarget.ts";
import { loadSuite } from "./load.ts";
import { appliesTo, runCase } from "./runCase.ts";

const suite = loadSuite();
let target: LabTarget;
let groups: Groups;

beforeAll(async () => {
  target = await startLab();
  groups = new Groups(suite, target);
});
afterAll(() => target.lab.stop());

describe.each([...new Set(suite.cases.map(({ provider }) => provider))])("%s", (provider) => {
  const cases = suite.cases.filter((one) => one.provider === provider && appliesTo(one, "lab"));

  test.each(cases.map((one) => [one.title, one] as const))("%s", async (_, one) => {
    expect(await runCase(one, target, groups), one.file).toEqual([]);
  });
});
