/** Applies that are not what was approved. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { countsOf, parseRecord, type PreviewRecord } from "../../../delivery/record.ts";
import { type Place, stack } from "./place.ts";
import { group, keyed, network, other, stand, stateOf } from "./resources.ts";
import type { ResourceSpec } from "./spec.ts";

/** What happens between an approval and its apply, or is done to the record: a name, and how. */
interface Between {
  name: string;
  /** Program on main, where it is another one. */
  program?: ResourceSpec[];
  apiKey?: string;
  /** The state has moved by an `up` of this program. */
  moved?: ResourceSpec[];
  /** The record says something else. */
  forge?: (record: PreviewRecord) => void;
  /** What the refusal says. */
  says: RegExp;
  /** The record is none, or says itself that it is of something else: it is not even compared. */
  isNone?: true;
}

const approvedProgram = [group, network({ space: "10.1.0.0/16" }), other()];
const step = (record: PreviewRecord, name: string) => record.steps.find((one) => one.name === name)!;

const between: Between[] = [
  {
    name: "a resource more",
    program: [...approvedProgram, { ...other(), name: "more" }],
    says: /more\n {2}approved: nothing/,
  },
  {
    name: "a resource less",
    program: approvedProgram.slice(0, 2),
    says: /other\n {2}approved: create.*\n {2}now: {6}nothing/,
  },
  { name: "another value", program: [group, network({ space: "10.2.0.0/16" }), other()], says: /10\.2\.0\.0/ },
  {
    name: "another value of what is made",
    program: [group, network({ space: "10.1.0.0/16" }), other({ a: "2" })],
    says: /other/,
  },
  { name: "one more property", program: [group, network({ space: "10.1.0.0/16", more: 1 }), other()], says: /more/ },
  { name: "one property less", program: [group, network({ space: "10.1.0.0/16", tags: {} }), other()], says: /tags/ },
  {
    name: "a replacement",
    program: [group, network({ space: "10.1.0.0/16", fixed: "two" }), other()],
    says: /replace/,
  },
  { name: "a deletion", program: approvedProgram.slice(1), says: /group\n {2}approved: nothing\n {2}now: {6}delete/ },
  { name: "no change at all", program: [group, network({})], says: /now: {6}nothing/ },
  {
    name: "another type under the name",
    program: [group, network({ space: "10.1.0.0/16" }), { ...other(), type: "azure-native:network:NatGateway" }],
    says: /NatGateway/,
  },
  {
    name: "a number in place of a word",
    program: [group, network({ space: "10.1.0.0/16" }), other({ a: 1 })],
    says: /approved: a: "1"\n {2}now: {6}a: 1$/m,
  },
  {
    name: "another parent",
    program: [group, network({ space: "10.1.0.0/16" }), { ...other(), parent: "platform:components:TierHAG" }],
    says: /other\n {2}approved: create.*\n {2}now: {6}nothing/,
  },
  {
    name: "protection of what stands",
    program: [{ ...group, protect: true }, network({ space: "10.1.0.0/16" }), other()],
    says: /group\n {2}approved: nothing\n {2}now: {6}update; \(protect\)/,
  },
  { name: "another secret", apiKey: "another value", says: /secret small:apiKey/ },
  { name: "the same secret, set anew", apiKey: "value of the key", says: /secret small:apiKey/ },
  {
    name: "a change that was applied",
    moved: [group, network({ space: "10.3.0.0/16" })],
    says: /state from which it starts/,
  },
  { name: "the same change, applied", moved: approvedProgram, says: /state from which it starts/ },
  {
    name: "a resource that was made",
    moved: [group, network({}), { ...other(), name: "more" }],
    says: /state from which it starts/,
  },
  { name: "a resource that was deleted", moved: [network({})], says: /state from which it starts/ },
  {
    name: "a forged version of the state",
    forge: (record) => (record.state = "0".repeat(64)),
    says: /state from which it starts/,
  },
  { name: "a record without steps", forge: (record) => (record.steps = []), says: /approved: nothing/ },
  {
    name: "a record with a step more",
    forge: (record) =>
      record.steps.push({ ...step(record, "other"), urn: `${step(record, "other").urn}2`, name: "other2" }),
    says: /now: {6}nothing/,
  },
  {
    name: "a forged value",
    forge: (record) => (step(record, "network").changes[0]!.after = "10.9.0.0/16"),
    says: /10\.9\.0\.0/,
  },
  { name: "a forged operation", forge: (record) => (step(record, "network").operation = "replace"), says: /network/ },
  {
    name: "a forged digest of inputs",
    forge: (record) => (step(record, "other").inputs = "0".repeat(64)),
    says: /0000/,
  },
  { name: "hidden changes", forge: (record) => (step(record, "network").changes = []), says: /no change of space/ },
  {
    name: "a claimed exemption of what changes",
    forge: (record) => {
      step(record, "network").exempt = ["playbook", "capacity"];
      step(record, "network").changes = [];
    },
    says: /steps\.1\.exempt|steps\[1\]\.exempt/,
    isNone: true,
  },
  {
    name: "a record that failed",
    forge: (record) => (record.outcome = "failed"),
    says: /given a preview that failed/,
    isNone: true,
  },
  {
    name: "a record of another stack",
    forge: (record) => (record.stack = "prod"),
    says: /given a record of stack prod, allowed is one of dev/,
    isNone: true,
  },
  { name: "a record without marks of secrets", forge: (record) => delete record.secrets, says: /secret small:apiKey/ },
  {
    name: "a moved state and a forged version",
    moved: [group, network({ space: "10.3.0.0/16" })],
    forge: (record) => (record.state = "1".repeat(64)),
    says: /state from which it starts/,
  },
  { name: "a program that fails", program: [{ ...group, inputs: { refuse: "this" } }], says: /failed/ },
  {
    name: "a change on top of a moved state",
    moved: approvedProgram,
    program: [group, network({ space: "10.4.0.0/16" }), other()],
    says: /state from which it starts/,
  },
];

/** How many ways there are in which an apply is not what was approved. */
export const differing = between.length;
/** How many of them are compared with what was approved. */
export const compared = between.filter(({ isNone }) => !isNone).length;

/** Applies that differ from what was approved, or start from another state, are refused and change nothing. */
export async function differingApplies(place: Place, which: readonly number[]): Promise<void> {
  const secrets = keyed(place);
  for (const { name, program, apiKey: fresh, moved, forge, says, isNone } of which.map((index) => between[index]!)) {
    const write = (resources: ResourceSpec[], used = secrets) => place.write({ program: { resources }, secrets: used });
    await stand(place, { program: { resources: [group, network({})] }, secrets });
    write(approvedProgram);
    const { record } = await place.preview();
    expect(record.steps, name).toHaveLength(2);
    forge?.(record);
    Object.assign(record.counts, countsOf(record.steps));
    writeFileSync(place.file("approved.json"), JSON.stringify(record));
    if (moved) {
      write(moved);
      place.up();
    }
    const now = fresh === undefined ? secrets : keyed(place, fresh);
    write(program ?? approvedProgram, now);
    const before = stateOf(place);
    const out = place.file("now.json");
    rmSync(out, { force: true });
    const up = await place.delivery("up", stack, "--approved", place.file("approved.json"), "--out", out);
    expect(up.status, `${name}: ${up.stdout}${up.stderr}`).toBe(isNone ? 2 : 1);
    expect(up.stderr, name).toMatch(says);
    expect(stateOf(place), name).toBe(before);
    if (isNone) continue;
    expect(up.stderr, name).toContain("this is not what was approved, and nothing was applied");
    expect(parseRecord(readFileSync(out, "utf8")), name).toMatchObject({ version: 1, stack });
  }
}
