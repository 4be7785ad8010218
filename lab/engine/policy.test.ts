/**
 * The policy pack behind the calls by which the engine asks it: of the committed stacks as they are, of a first preview in
 * which hardly anything is known, and of mistakes in them. Not proved: that Azure would do what a rule is afraid of.
 */
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { policyArguments, readProject } from "../../delivery/project.ts";
import { mistakes, put, type Made, type Mistake } from "../../policy/testing/mistakes.ts";
import { readWaivers } from "../../policy/waivers.ts";
import { runFirstPreview, runPreview } from "../../testing/program.ts";
import { PolicyServer, toldOf, type Violation } from "./testing/policyServer.ts";
import { withoutMarks } from "./testing/secrets.ts";

const directory = resolve(import.meta.dirname, "../../policy");
const stacks = ["dev", "prod", "tools"] as const;
/** Rules that are waived wherever they count; and that of waivers, which has a test of its own. */
const waived = ["scale-set-encryption-at-host", "secret-content-type", "secret-expiry", "waivers"];
/** A day on which the waivers of the committed file hold. */
const day = "2026-12-01";

let server: PolicyServer;
const standing = new Map<string, Made[]>();

beforeAll(async () => {
  server = await PolicyServer.start(directory, { PLATFORM_POLICY_DATE: day });
  for (const stack of stacks) standing.set(stack, toldOf((await runPreview(stack)).recorder.resources, stack));
}, 60_000);
afterAll(() => server.stop());

const texts = (violations: readonly Violation[]) =>
  violations.map(({ policy, urn, message }) => `${policy} ${urn.split("::").at(-1)}: ${message.split("\n").at(-1)}`);

test.each(stacks)("no rule complains of %s", async (stack) => {
  expect(texts(await server.all(standing.get(stack)!))).toEqual([]);
});

test.each(stacks)("no rule complains of %s before any of it is there", async (stack) => {
  const told = toldOf((await runFirstPreview(stack)).resources, stack);
  const unknown = JSON.stringify(told).split(pulumi.runtime.unknownValue).length - 1;
  expect(unknown).toBeGreaterThan(30);
  expect(texts(await server.all(told))).toEqual([]);
});

test("previews and updates by bin/delivery run this pack", () => {
  const root = resolve(directory, "..");
  expect(policyArguments(readProject(root))).toEqual(["--policy-pack", directory]);
});

test("a scale set in each zone is as good as one over all of them", async () => {
  const told = standing.get("prod")!.flatMap((each) => {
    const inZone = (zone: string) => ({
      ...each,
      ...{ name: `front-${zone}-vmss`, urn: each.urn.replace(/[^:]+$/, `front-${zone}-vmss`) },
      inputs: { ...each.inputs, zones: [zone] },
    });
    return each.name === "front-vmss" ? ["1", "2", "3"].map(inZone) : [each];
  });
  expect(texts(await server.analyzeStack(told))).toEqual([]);
});

test("there are two hundred mistakes and more, at least one for each rule that is not waived", async () => {
  const named = new Set(mistakes.map(({ policy }) => policy));
  const policies = await server.policies();
  expect(mistakes.length).toBeGreaterThanOrEqual(200);
  expect([...named].filter((name) => !policies.includes(name))).toEqual([]);
  expect(policies.filter((name) => !named.has(name)).sort()).toEqual(waived);
});

test("every mistake is named by its policy, at its resource", async () => {
  const missed: string[] = [];
  // The engine asks of secrets before it asks of machines, which wait for the right to read them.
  for (const told of standing.get("dev")!.filter(({ type }) => type.endsWith(":Secret"))) await server.analyze(told);
  for (const mistake of mistakes) {
    const made = withMistake(mistake);
    const found = await answers(mistake, made);
    const of = mistake.resource === undefined ? undefined : made.find(({ name }) => name === mistake.resource)?.urn;
    if (!found.some(({ policy, urn }) => policy === mistake.policy && (of === undefined || urn === of))) {
      missed.push(`${mistake.policy}: ${mistake.what}; instead ${texts(found).join(" | ") || "nothing"}`);
    }
  }
  expect(missed).toEqual([]);
}, 60_000);

/** One resource of each type that a rule knows, of prod. */
const samples = () => [
  ...new Map(
    standing
      .get("prod")!
      .filter(({ type }) => type.startsWith("azure-native:"))
      .map((each) => [each.type, { ...each, inputs: open(each.inputs) }]),
  ).values(),
];

test("whatever is not known of a resource, no rule complains of it", async () => {
  const complaints: string[] = [];
  for (const sample of samples()) {
    for (const path of pathsOf(sample.inputs)) {
      const told = structuredClone(sample);
      put(told.inputs, path, pulumi.runtime.unknownValue);
      complaints.push(...texts(await server.analyze(told)).map((text) => `${path}: ${text}`));
    }
  }
  expect(complaints).toEqual([]);
}, 120_000);

test("whatever stands where something else should, no rule ends without a verdict", async () => {
  for (const sample of samples()) {
    for (const path of pathsOf(sample.inputs)) {
      const told = structuredClone(sample);
      put(told.inputs, path, [null, "x", 7, [], [null], {}][path.length % 6]);
      await server.analyze(told);
    }
  }
}, 120_000);

test("what is waived is told from the day after its last one, and so is the waiver; no waiver is idle", async () => {
  const later = await PolicyServer.start(directory, { PLATFORM_POLICY_DATE: "2027-11-30" });
  const found = await later.all(standing.get("prod")!);
  const foundInDev = await later.all(standing.get("dev")!);
  later.stop();
  const named = (violations: Violation[]) => [...new Set(violations.map(({ policy }) => policy))].sort();
  expect(named(found)).toEqual(waived);
  expect(named(foundInDev)).toEqual([...waived, "scale-set-trusted-launch"].sort());
  const policies = readWaivers(await server.policies()).policies;
  expect([...new Set(policies.map(({ policy }) => policy)), "waivers"].sort()).toEqual(named(foundInDev));
  const stacks = found.filter(({ policy }) => policy === "waivers").map(({ message }) => message.split("\n").at(-1));
  expect(stacks).toEqual([
    expect.stringMatching(/^scale-set-encryption-at-host of \*-vmss was waived until 2027-11-29: /),
    expect.stringMatching(/^secret-content-type of /),
    expect.stringMatching(/^secret-expiry of /),
  ]);
});

/** What the server says of what is wrong now: of the changed resources, and where that is not it, of the stack. */
async function answers({ policy, resource }: Mistake, made: Made[]): Promise<Violation[]> {
  const changed = made.filter(({ name }) => name === resource || name.endsWith("-2") || name === "extra");
  const found: Violation[] = [];
  for (const each of changed) found.push(...(await server.analyze(each)));
  if (found.some((each) => each.policy === policy)) return found;
  return [...found, ...(await server.analyzeStack(made))];
}

/** The resources of a stack in which a mistake was made. */
function withMistake({ stack, resource, change, changeAll }: Mistake): Made[] {
  const all: Made[] = standing.get(stack)!.map((each) => ({ ...each, inputs: open(each.inputs) }));
  if (changeAll) return changeAll(all);
  const changed = all.find(({ name }) => name === resource);
  if (!changed) throw new Error(`there is no ${resource} in ${stack}: ${all.map(({ name }) => name).join(", ")}`);
  change(changed);
  return all;
}

/** Inputs as a policy sees them: secrets are not marked. */
const open = (inputs: Made["inputs"]): Made["inputs"] => {
  const opened = (value: unknown): unknown => withoutMarks(value, opened);
  return opened(inputs) as Made["inputs"];
};

/** Paths of all that stands in an object, at any depth. */
function pathsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...pathsOf(inner).map((path) => `${key}.${path}`)]);
}
