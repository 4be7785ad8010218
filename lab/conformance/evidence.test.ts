import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { estimate, estimateText } from "./cost.ts";
import {
  countEvidence,
  countTable,
  greatestShareOfGuesses,
  guessesFile,
  guessesTable,
  shareOfGuesses,
} from "./count.ts";
import { loadSuite, type Case } from "./load.ts";
import { unprovenIn } from "./typesEvidence.ts";

const suite = loadSuite();

test("fewer than 15% of the cases are guesses", () => {
  expect(shareOfGuesses(suite.cases)).toBeLessThan(greatestShareOfGuesses);
});

test("GUESSES.md is what `node lab/conformance/count.ts --write` writes", () => {
  expect(readFileSync(guessesFile, "utf8")).toBe(guessesTable(suite.cases));
});

test("cases by types assert names and values that the SDK's types have, or that they send themselves", () => {
  const unproven = suite.cases.flatMap((one) => unprovenIn(one, suite).map((text) => `${one.file}: ${text}`));
  expect(unproven).toEqual([]);
});

test("a name that the types do not have is told", () => {
  const step = { request: { method: "GET" as const, path: "/x" }, expect: { status: 200, body: {} } };
  const one: Case = {
    title: "A wrong name",
    file: "network/x.yml",
    provider: "network",
    evidence: { kind: "types", resource: "Microsoft.Network/loadBalancers", version: "2024-05-01" },
    steps: [
      { ...step, expect: { status: 200, body: { properties: { probees: [], probes: [{ name: "Sometimes" }] } } } },
    ],
  };
  expect(unprovenIn(one, suite)).toEqual(["body.properties.probees", 'body.properties.probes[0].name: "Sometimes"']);
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
