import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadChoices } from "./choices.ts";
import { estimate, estimateText } from "./cost.ts";
import {
  countEvidence,
  countTable,
  greatestShareOfGuesses,
  guessesFile,
  guessesTable,
  shareOfGuesses,
} from "./count.ts";
import { loadSuite } from "./load.ts";
import type { Case } from "./suite.ts";
import { sdkVersionOf } from "./sdkTypes.ts";
import { unprovenIn } from "./typesEvidence.ts";

const suite = loadSuite();
const choices = loadChoices();

test("fewer than 15% of the cases and choices are guesses", () => {
  expect(shareOfGuesses(suite.cases, choices)).toBeLessThan(greatestShareOfGuesses);
});

test("GUESSES.md is what `node lab/conformance/count.ts --write` writes", () => {
  expect(readFileSync(guessesFile, "utf8")).toBe(guessesTable(suite.cases, choices));
});

test("each choice of the daemon is shown by a test that exists", () => {
  for (const { choice, test: shown } of choices) {
    const source = readFileSync(join(import.meta.dirname, "..", shown.file), "utf8");
    expect(source, choice).toContain(`test(${JSON.stringify(shown.title)}`);
  }
});

test("cases by types assert names and values that the SDK's types have, or that they send themselves", () => {
  const unproven = suite.cases.flatMap((one) => unprovenIn(one, suite).map((text) => `${one.file}: ${text}`));
  expect(unproven).toEqual([]);
});

test("cases by types name the api-version that the SDK's types are of", () => {
  for (const { evidence, file } of suite.cases)
    if (evidence.kind === "types") expect(evidence.version, file).toBe(sdkVersionOf(evidence.resource));
});

const caseOf = (resource: string, properties: Record<string, unknown>): Case => ({
  title: "A case by types",
  file: "network/x.yml",
  provider: "network",
  evidence: { kind: "types", resource, version: "2024-05-01" },
  steps: [{ request: { method: "GET", path: "/x" }, expect: { status: 200, body: { properties } } }],
});

test("a name that the types do not have is told", () => {
  const one = caseOf("Microsoft.Network/loadBalancers", { probees: [], probes: [{ name: "Sometimes" }] });
  expect(unprovenIn(one, suite)).toEqual(["body.properties.probees", 'body.properties.probes[0].name: "Sometimes"']);
});

test("a name or value that only types of other resources have is told", () => {
  const one = caseOf("Microsoft.Network/natGateways", { probes: [], idleTimeoutInMinutes: 4, name: "Inbound" });
  expect(unprovenIn(one, suite)).toContain("body.properties.probes");
  expect(unprovenIn(one, suite)).toContain('body.properties.name: "Inbound"');
});

test("a resource type without known types is an error", () => {
  expect(() => unprovenIn(caseOf("Microsoft.Network/unheardOf", {}), suite)).toThrow("No SDK's types are known");
});

test("the table counts each case once, by provider and over all", () => {
  const counts = countEvidence(suite.cases);
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(suite.cases.length);
  expect(countTable(suite.cases).split("\n").at(-1)).toMatch(new RegExp(`^all .* ${suite.cases.length}$`));
});

test("a run says beforehand what it makes and what that costs", () => {
  const made = estimate(suite.cases, suite);
  expect(made.resources["Microsoft.Network/natGateways"]).toBeGreaterThan(0);
  expect(made.dollars).toBeGreaterThan(0);
  expect(estimateText(made)).toMatch(/x Microsoft\.Network\/natGateways, about 0\.045 \$ an hour each/);
});
