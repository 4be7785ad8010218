import { join } from "node:path";
import { expect, test } from "vitest";
import { mistakes } from "../../environment/testing/mistakes.ts";
import { withSettings } from "../cli/stackFile.ts";
import { readStackFile } from "../cli/stacks.ts";
import { planned } from "./plan.ts";

test("the same seed gives the same rounds, another seed others", () => {
  expect(planned(7, 20)).toEqual(planned(7, 20));
  expect(planned(8, 20)).not.toEqual(planned(7, 20));
});

test.each([1, 2, 3, 4, 5])(
  "with 20 rounds each twentieth of an up has a moment, and each work its turn (seed %i)",
  (seed) => {
    const rounds = planned(seed, 20);
    expect(rounds.map(({ share }) => Math.floor(share * 20)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    );
    expect(new Set(rounds.map(({ work }) => work.name)).size).toBe(9);
    expect(rounds.filter(({ form }) => form === "delivery up")).toHaveLength(10);
    expect(new Set(rounds.map(({ how }) => how))).toEqual(new Set(["group", "all"]));
  },
);

test("every up has something to do: it builds, or its settings are others than those before", () => {
  for (const { work, before } of planned(3, 50))
    expect(work.fromNothing === true || work.settings.join() !== before.join(), work.name).toBe(true);
});

test("the stack file of dev takes the settings of every work", () => {
  const file = readStackFile(join(import.meta.dirname, "..", ".."), "dev");
  for (const { work } of planned(1, 20)) {
    const environment = withSettings(file, work.settings).config?.["platform:environment"];
    expect(mistakes({ environment }), work.name).toEqual([]);
  }
});
