import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stepsOf } from "../lab/migration/steps.ts";
import { wayBack } from "../lab/migration/walk.ts";

const page = readFileSync(join(import.meta.dirname, "migration.md"), "utf8");
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf("\n")), text.split(/^## /m)[0] ?? ""]),
);
/** A part of a step's section, with its lines joined. */
const part = (name: string, what: string) =>
  (new RegExp(`^- \\*\\*${what}\\*\\*: (.*(?:\\n  .*)*)`, "m").exec(sections.get(name) ?? "")?.[1] ?? "").replaceAll(
    /\s+/g,
    " ",
  );

test("the page has every step of the walk, in its order, and no other", () => {
  const names = stepsOf(true).map(({ name }) => name);
  expect([...sections.keys()]).toEqual(names);
  const alone = stepsOf(false).map(({ name }) => name);
  expect(alone).toEqual(names.filter((name) => alone.includes(name)));
});

describe.each(stepsOf(true))("$name", (step) => {
  test("says what to do, how to check it, how to go back and how long to wait", () => {
    for (const what of ["Do", "Check", "Back", "Wait"]) expect(part(step.name, what).length, what).toBeGreaterThan(5);
  });

  test("brings up the stacks that the walk brings up", () => {
    const told = part(step.name, "Do");
    const all = /for stack in ([a-z ]+);/.exec(told)?.[1]?.split(" ") ?? [];
    const ups = [...told.matchAll(/`pulumi up -s ([a-z]+)`/g)].map(([, stack]) => stack);
    expect([...all, ...ups]).toEqual(step.ups);
  });

  test("has a way back where the walk has one, with the stacks that it brings up", () => {
    const told = part(step.name, "Back");
    const back = wayBack(step);
    if (!back) return expect(told).toMatch(/^none/);
    const ups = [...told.matchAll(/`pulumi up -s ([a-z]+)`/g)].map(([, stack]) => stack);
    expect(told).not.toMatch(/^none/);
    if (told.includes("`pulumi up` of the three")) expect(back).toHaveLength(3);
    else expect(ups).toEqual(back);
  });

  test("names the share that the walk sets", () => {
    const shares = JSON.stringify(step.files).match(/(?<="share":)\d+/g) ?? [];
    const text = sections.get(step.name) ?? "";
    for (const share of step.name.startsWith("dev-front") ? shares.slice(0, 1) : shares.slice(-1))
      expect(text).toContain(`share: ${share}`);
  });
});
