/** What is asked of `bin/delivery` with the real engine, as often as wanted: few times by `make check`, all by `make long-test`. */
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { parseCheck } from "../../../delivery/check/record.ts";
import { differences } from "../../../delivery/preview/compare.ts";
import { countsOf, parseRecord, type PreviewRecord } from "../../../delivery/record.ts";
import { changeProgram, generateProgram } from "./generate.ts";
import { type Place, type Run, stack } from "./place.ts";
import { Random } from "./random.ts";
import type { ProgramSpec, ResourceSpec } from "./spec.ts";

/** Previews of generated changes count what the engine counts. */
export async function generatedPreviews(place: Place, count: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const secrets = place.encrypted({
    apiKey: random.text(),
    login: JSON.stringify({ user: random.text(), password: random.text() }),
  });
  const wanted = ["login.user", "login.password"];
  const perProgram = 10;
  let program: ProgramSpec = { resources: [] };
  for (let done = 0; done < count; done++) {
    if (done % perProgram === 0) {
      program = generateProgram(random);
      place.write({ program, secrets, wanted });
      place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
      expect(await place.delivery("publish", stack)).toMatchObject({ status: 0, stderr: "" });
    }
    const changed = changeProgram(random, program);
    place.write({ program: changed, secrets, wanted });
    const [{ run, record, widget }, engine] = [await place.preview(), place.engineCounts()];
    const { create = 0, update = 0, delete: deleted = 0, replace = 0, same = 0 } = engine;
    const about = `seed ${seed}, preview ${done}: ${JSON.stringify(changed)}`;
    expect(run, about).toMatchObject({ status: 0 });
    expect(record.counts, about).toEqual({ create, update, delete: deleted, replace, same });
    expect(widget, about).toEqual({ create: create + replace, update, delete: deleted + replace });
    const operations = record.steps.map(({ operation }) => operation);
    for (const operation of ["create", "update", "delete", "replace"] as const)
      expect(
        operations.filter((one) => one === operation),
        about,
      ).toHaveLength(engine[operation] ?? 0);
    for (const { operation, changes } of record.steps)
      if (operation === "update" || operation === "replace") expect(changes, about).not.toEqual([]);
  }
}

/** The exact preview says what the one without secrets says, as long as the state is the published one, and no secret. */
export async function exactPreviews(place: Place): Promise<void> {
  const apiKey = "value of the key that nobody sees";
  const secrets = place.encrypted({ apiKey });
  const program = { resources: [group, network({ open: "${open:apiKey}" })] };
  place.write({ program, secrets });
  place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
  place.write({ program: { resources: [group, network({ open: "now ${open:apiKey}" })] }, secrets });
  const [out, check] = [place.file("exact.json"), place.file("check.json")];
  const exact = async () => {
    rmSync(out, { force: true });
    const run = await place.delivery("preview", stack, "--exact", "--out", out);
    expect(run.status, run.stderr).toBe(0);
    const text = readFileSync(out, "utf8");
    expect(run.stdout + run.stderr + text).not.toContain(apiKey);
    return parseRecord(text);
  };
  const { record } = await place.preview();
  expect(differences(record, await exact())).toEqual([]);
  const whole = place.environment["PULUMI_BACKEND_URL"];
  const part = readableBackend(place);
  const files = () => readdirSync(part, { recursive: true }).sort();
  const before = files();
  place.environment["PULUMI_BACKEND_URL"] = `file://${part}`;
  expect(differences(record, await exact())).toEqual([]);
  place.environment["PULUMI_BACKEND_URL"] = whole;
  expect(files()).toEqual(before);
  // Somebody has applied without publishing: only the state itself says so.
  place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  expect(differences(record, await exact())).not.toEqual([]);

  // This project has no machines, and no Azure where they could be. That is no silence.
  for (const words of [
    ["check", stack, "--out", check],
    ["drift", stack, "--check-out", check],
  ]) {
    rmSync(check, { force: true });
    const run = await place.delivery(...words);
    expect(run.status, run.stdout + run.stderr).toBe(1);
    expect(run.stdout).toContain("not all machines could be looked at");
    expect(parseCheck(readFileSync(check, "utf8"))).toMatchObject({ stack, outcome: "incomplete", machines: [] });
    expect(run.stdout + run.stderr + readFileSync(check, "utf8")).not.toContain(apiKey);
  }
}

/** Programs that put secrets where they do not belong; `${name}` of each is a secret of its own. */
const leaks: ((name: string) => Partial<ProgramSpec> & { resources: ResourceSpec[] })[] = [
  // Marked as secret; a part of one; said openly; encoded; told by the provider.
  (name) => ({ resources: [resource(name, { key: `\${secret:${name}}` })] }),
  (name) => ({ resources: [resource(name, { url: `https://\${secret:${name}}@host/?q=\${secret:${name}}` })] }),
  (name) => ({ resources: [resource(name, { open: `\${open:${name}}`, in: { deep: [`a \${open:${name}} b`] } })] }),
  (name) => ({ resources: [resource(name, { custom: `\${base64:${name}}` })] }),
  (name) => ({ resources: [resource(name, { leak: `\${secret:${name}}` })] }),
  (name) => ({ resources: [resource(name, { leak: `\${secret:${name}}`, fixed: `\${secret:${name}}` })] }),
  // As the name of a resource, and of a property.
  (name) => ({ resources: [{ ...resource(name, { [`is \${open:${name}}`]: 1 }), name: `at-\${open:${name}}` }] }),
  // A command's environment, and what replaces it.
  (name) => ({
    resources: [resource(name, { environment: { KEY: `\${open:${name}}` }, triggers: [`\${secret:${name}}`] })],
  }),
  (name) => ({ resources: [resource(name, {})], print: [`the value is \${secret:${name}}`] }),
  (name) => ({ resources: [resource(name, {})], print: [JSON.stringify({ said: `\${open:${name}}` })] }),
];

const failures: ((name: string) => Partial<ProgramSpec> & { resources: ResourceSpec[] })[] = [
  (name) => ({ resources: [resource(name, {})], error: `it ends with \${open:${name}}` }),
  (name) => ({ resources: [resource(name, { refuse: `\${secret:${name}}` })] }),
];

const resource = (name: string, inputs: Record<string, unknown>): ResourceSpec => ({
  type: "command:local:Command",
  name: `at-${name}`,
  inputs,
});

const merged = (programs: readonly (Partial<ProgramSpec> & { resources: ResourceSpec[] })[]): ProgramSpec => ({
  resources: programs.flatMap(({ resources }) => resources),
  print: programs.flatMap(({ print = [] }) => print),
  ...programs.map(({ error }) => (error === undefined ? {} : { error })).find(({ error }) => error !== undefined),
});

/**
 * Secrets that are planted in configuration, outputs, differences and errors are nowhere in what is written or said.
 *
 * @param errors How many of the ways in which a program and an apply fail are tried.
 */
export async function plantedSecrets(place: Place, count: number, seed: number, errors = 3): Promise<void> {
  const random = new Random(seed);
  const names = Array.from({ length: count }, (_, index) => `secret${index}`);
  // Letters that are written in another way in JSON, in an address and in a shell.
  const values = () => Object.fromEntries(names.map((name) => [name, `${random.text(12)}"/\\+ ${random.text(8)}`]));
  const [first, second, third] = [values(), values(), values()];
  const [before, after, failing] = [place.encrypted(first), place.encrypted(second), place.encrypted(third)];
  const planted = [first, second, third].flatMap(Object.values<string>);
  const program = merged(names.map((name, index) => leaks[index % leaks.length]!(name)));

  place.write({ program, secrets: before });
  nowhere("publish of nothing", planted, [await place.delivery("publish", stack)]);
  // A stack that is new; then one of which every secret changes; then failures of the program, of a check, of an apply.
  const create = await approvedUp(place);
  expect(create.up, create.up.stderr).toMatchObject({ status: 0 });
  nowhere("create", planted, create);
  place.write({ program, secrets: after });
  const update = await approvedUp(place);
  expect(update.up, update.up.stderr).toMatchObject({ status: 0 });
  expect(update.record.counts.update + update.record.counts.replace).toBeGreaterThan(0);
  nowhere("update", planted, update);
  // The newest run is one that has failed, with other values than the state has: so has the configuration since.
  place.write({ program: { resources: [], error: "it ends" }, secrets: failing });
  expect(() => place.pulumi("up", "--yes", "--skip-preview", "--stack", stack)).toThrow("it ends");
  place.write({ program, secrets: before });
  nowhere("failed run", planted, [await place.delivery("publish", stack), published(place)]);
  place.write({ program, secrets: after });
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
  for (const failure of failures.slice(0, errors)) {
    place.write({ program: merged([...names.slice(0, 4)].map((name) => failure(name))), secrets: after });
    const failed = await approvedUp(place);
    expect(failed.run.status).toBe(3);
    expect(failed.record).toMatchObject({ outcome: "failed", error: expect.stringMatching(/\[secret\]/) as string });
    expect(failed.up.status).toBe(1);
    nowhere("failure", planted, failed);
  }
  if (errors <= failures.length) return;
  const [one = ""] = names;
  const refused = { type: "command:local:Command", name: "failing", inputs: { fail: `\${secret:${one}}` } };
  place.write({ program: { resources: [...program.resources, refused] }, secrets: after });
  const failed = await approvedUp(place);
  expect(failed.up.status).toBe(1);
  expect(failed.up.stdout).toContain("it failed with [secret]");
  nowhere("apply that fails", planted, failed);
}

interface Applied {
  run: Run;
  record: PreviewRecord;
  files: string;
  up: Run;
  now: string;
  published: string;
}

/** A preview, and an `up` that has it as its approval. */
async function approvedUp(place: Place): Promise<Applied> {
  const { run, record, files } = await place.preview();
  const out = place.file("now.json");
  const up = await place.delivery("up", stack, "--approved", place.file("record.json"), "--out", out);
  return { run, record, files, up, now: existsSync(out) ? readFileSync(out, "utf8") : "", published: published(place) };
}

/** Fails where one of the secrets is in what was written or said, in whatever form. */
function nowhere(about: string, secrets: readonly string[], told: unknown): void {
  const text = JSON.stringify(told);
  for (const secret of secrets) {
    const escaped = [1, 2, 3].map((times) =>
      Array.from({ length: times }).reduce<string>((inner) => JSON.stringify(inner).slice(1, -1), secret),
    );
    // Its first part and its last have no letters that are written in another way.
    const forms = [secret, ...escaped, encodeURIComponent(secret), Buffer.from(secret).toString("base64")];
    for (const form of [...forms, secret.slice(0, 12), secret.slice(-8)])
      if (text.includes(form)) {
        const at = text.indexOf(form);
        throw new Error(`${about}: ${form} is in … ${text.slice(Math.max(0, at - 300), at + 200)}`);
      }
  }
}

/** A copy of what `bin/azure-state --exact` lets the stack's identity read of the backend. */
function readableBackend(place: Place): string {
  const [backend, part] = [place.file("backend"), place.file("readable")];
  const paths = [".pulumi/meta.yaml", `.pulumi/stacks/small/${stack}.*`, `.pulumi/history/small/${stack}/*`];
  for (const path of globSync(paths, { cwd: backend })) cpSync(join(backend, path), join(part, path));
  return part;
}

/** All that the previews' backend has, its secrets decrypted by the passphrase that everybody knows. */
function published(place: Place): string {
  const files = (directory: string): string[] =>
    readdirSync(directory).flatMap((name) => {
      const path = join(directory, name);
      return statSync(path).isDirectory() ? files(path) : [readFileSync(path, "utf8")];
    });
  const variables = {
    PULUMI_BACKEND_URL: place.environment["PLATFORM_PREVIEW_BACKEND"],
    PULUMI_CONFIG_PASSPHRASE: "preview",
  };
  const state = place.pulumiWith(variables, "stack", "export", "--show-secrets", "--stack", stack);
  return [...files(place.file("previews")), state].join("\n");
}

/** The state of the stack, to see that nothing was changed. */
const stateOf = (place: Place) => place.pulumi("stack", "export", "--show-secrets", "--stack", stack);

const network = (inputs: Record<string, unknown>): ResourceSpec => ({
  type: "azure-native:network:VirtualNetwork",
  name: "network",
  inputs: { space: "10.0.0.0/16", fixed: "one", tags: { environment: "dev" }, key: "${secret:apiKey}", ...inputs },
});
const group: ResourceSpec = {
  type: "azure-native:resources:ResourceGroup",
  name: "group",
  inputs: { tags: { a: "b" } },
};
const other = (inputs: Record<string, unknown> = { a: "1" }): ResourceSpec => ({
  type: "azure-native:network:PublicIPAddress",
  name: "other",
  inputs,
});

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

/** How many ways there are in which an apply differs from what was approved. */
export const differing = between.length;

/** Applies that differ from what was approved, or start from another state, are refused and change nothing. */
export async function differingApplies(place: Place, which: readonly number[]): Promise<void> {
  const { apiKey = "" } = place.encrypted({ apiKey: "value of the key" });
  const secrets = { apiKey };
  for (const { name, program, apiKey: fresh, moved, forge, says, isNone } of which.map((index) => between[index]!)) {
    const write = (resources: ResourceSpec[], used = secrets) => place.write({ program: { resources }, secrets: used });
    write([group, network({})]);
    place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
    expect(await place.delivery("publish", stack), name).toMatchObject({ status: 0 });
    write(approvedProgram);
    const { record } = await place.preview();
    expect(record.steps, name).toHaveLength(2);
    forge?.(record);
    Object.assign(record.counts, countsOf(record.steps));
    writeFileSync(place.file("approved.json"), JSON.stringify(record));
    if (moved) {
      write(moved);
      place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
    }
    const now = fresh === undefined ? secrets : (place.encrypted({ apiKey: fresh }) as typeof secrets);
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

/** The run of Ansible and a scale set, as the program has them: machines and their number are what stands. */
const living = (inputs: Record<string, unknown> = {}, content = "playbooks"): ResourceSpec[] => [
  {
    type: "command:local:Command",
    name: "configuration-ansible",
    parent: "platform:configuration:Playbook",
    deleteBeforeReplace: true,
    inputs: {
      create: "run",
      environment: { PLATFORM_CONTENT: content, PLATFORM_MACHINES: "${live:inventory}" },
      triggers: "${live:machines}",
      ...inputs,
    },
  },
  {
    type: "azure-native:compute:VirtualMachineScaleSet",
    name: "back-vmss",
    parent: "platform:components:TierHAG",
    inputs: { sku: { name: "small", capacity: "${live:capacity}" }, zones: ["1"] },
  },
  {
    type: "azure-native:monitor:AutoscaleSetting",
    name: "back-autoscale",
    parent: "platform:components:TierHAG",
    inputs: { enabled: true },
  },
];

/** Repairs and autoscaling between approval and apply are no difference; what was approved is applied. */
export async function exemptApplies(place: Place, count: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const live = (machines: number) => ({
    inventory: random.text(),
    machines: Array.from({ length: machines }, () => random.text(6)),
    capacity: machines,
  });
  const { apiKey = "" } = place.encrypted({ apiKey: "value of the key" });
  let machines = 2;
  for (let done = 0; done < count; done++) {
    const space = `10.${done}.0.0/16`;
    const resources = [...living(), ...(random.chance(0.7) ? [network({ space })] : [])];
    place.live(live(machines));
    place.write({ program: { resources }, secrets: { apiKey } });
    if (done === 0) {
      place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
      expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
    }
    // Approved while what stands is what the state says, or already something else.
    if (done > 0 && random.chance(0.5)) place.live(live(machines));
    await place.preview();
    if (random.chance(0.5)) machines = 1 + random.below(4);
    place.live(live(machines));
    const up = await place.delivery("up", stack, "--approved", place.file("record.json"));
    expect(up.status, `${done}: ${up.stdout}${up.stderr}`).toBe(0);
  }
  // The same by another property is a difference, and so are other playbooks.
  for (const resources of [living({ create: "something else" }), living({}, "something else")]) {
    place.write({ program: { resources: living() }, secrets: { apiKey } });
    await place.preview();
    place.write({ program: { resources }, secrets: { apiKey } });
    const up = await place.delivery("up", stack, "--approved", place.file("record.json"));
    expect(up).toMatchObject({ status: 1, stderr: expect.stringContaining("something else") as string });
  }
}

/** What was deleted behind Pulumi's back is told; other machines than those of the last apply are no drift. */
export async function drift(place: Place): Promise<void> {
  const { apiKey = "" } = place.encrypted({ apiKey: "value of the key" });
  place.live({ inventory: "one", machines: ["a"], capacity: 1 });
  place.write({ program: { resources: [...living(), network({})] }, secrets: { apiKey } });
  place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  const out = place.file("drift.json");
  place.live({ inventory: "two", machines: ["a", "b"], capacity: 2 });
  const none = await place.delivery("drift", stack, "--no-machines", "--out", out);
  expect(none.status, none.stdout + none.stderr).toBe(0);
  expect(none.stdout).toBe("stack dev: nothing has drifted at Azure\n");
  expect(parseRecord(readFileSync(out, "utf8")).steps.map(({ exempt }) => exempt)).toEqual([
    ["capacity"],
    ["playbook"],
  ]);
  rmSync(place.file("made/network"));
  const some = await place.delivery("drift", stack, "--no-machines", "--out", out);
  expect(some.status, some.stdout + some.stderr).toBe(1);
  expect(some.stdout).toContain("create azure-native:network:VirtualNetwork network");
  // What was merged since the last apply is none; of the applied commit itself, all is.
  const applied = (commit: string) => place.pulumi("stack", "tag", "set", "delivery:applied", commit, "--stack", stack);
  applied("0".repeat(40));
  place.write({ program: { resources: [...living(), network({}), other()] }, secrets: { apiKey } });
  const merged = await place.delivery("drift", stack, "--no-machines", "--out", out);
  expect(merged.status, merged.stdout + merged.stderr).toBe(1);
  expect(merged.stdout).toMatch(/which is no drift: 1\n.*create azure-native:network:VirtualNetwork network/);
  expect(merged.stdout).not.toContain("other");
  const { commit, unapplied } = parseRecord(readFileSync(out, "utf8"));
  expect(unapplied).toBe(1);
  applied(commit);
  expect((await place.delivery("drift", stack, "--no-machines")).stdout).toContain("other");
}

/** A lock of somebody else on the stack, in the folder of a backend; returns the folder of its locks. */
function lock(place: Place, backend: string): string {
  const locks = place.file(`${backend}/.pulumi/locks/organization/small/${stack}`);
  mkdirSync(locks, { recursive: true });
  writeFileSync(join(locks, "00000000-0000-0000-0000-000000000000.json"), JSON.stringify({ pid: 1, username: "dead" }));
  return locks;
}

/** An apply that finds the stack locked has begun nothing: what the other one does meanwhile was not approved. */
export async function lockedStack(place: Place): Promise<void> {
  const { apiKey = "" } = place.encrypted({ apiKey: "value of the key" });
  const write = (...resources: ResourceSpec[]) => place.write({ program: { resources }, secrets: { apiKey } });
  write(group);
  place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
  write(group, other());
  await place.preview();
  const up = () => place.delivery("up", stack, "--approved", place.file("record.json"));
  const locks = lock(place, "backend");
  const locked = await up();
  expect(locked.status, locked.stdout + locked.stderr).toBe(1);
  expect(locked.stderr).toContain("--cancel-lock");
  rmSync(locks, { recursive: true });
  write(group, network({}));
  place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  write(group, network({}), other());
  expect(await up()).toMatchObject({ status: 1, stderr: expect.stringMatching(/state from which/) as string });
}

/** A publish that was killed has left its lock on the copy, which nobody else works on. */
export async function lockedCopy(place: Place): Promise<void> {
  place.write({ program: { resources: [group] } });
  const publish = () => place.delivery("publish", stack);
  expect(await publish()).toMatchObject({ status: 0 });
  const locks = lock(place, "previews");
  const published = await publish();
  expect(published.status, published.stderr).toBe(0);
  expect(readdirSync(locks)).toEqual([]);
}

/** An apply whose copy could not be published is done again, does nothing, and publishes. */
export async function failedPublish(place: Place): Promise<void> {
  const { apiKey = "" } = place.encrypted({ apiKey: "value of the key" });
  place.write({ program: { resources: [group] }, secrets: { apiKey } });
  place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
  place.write({ program: { resources: [group, other()] }, secrets: { apiKey } });
  await place.preview();
  const backend = place.environment["PLATFORM_PREVIEW_BACKEND"];
  const up = () => place.delivery("up", stack, "--approved", place.file("record.json"));
  place.environment["PLATFORM_PREVIEW_BACKEND"] = `file://${place.file("nowhere")}`;
  const failed = await up();
  expect(failed.status, failed.stdout + failed.stderr).toBe(1);
  expect(stateOf(place)).toContain("::other");
  place.environment["PLATFORM_PREVIEW_BACKEND"] = backend;
  const again = await up();
  expect(again.status, again.stdout + again.stderr).toBe(0);
  const { record } = await place.preview();
  expect(record.steps).toEqual([]);
  expect(place.pulumi("stack", "tag", "get", "delivery:applied", "--stack", stack).trim()).toBe(record.commit);
}

/** An apply that is killed while it makes the first of two resources; its record is `record.json`. */
async function kill(place: Place): Promise<void> {
  const { apiKey = "" } = place.encrypted({ apiKey: "value of the key" });
  place.write({ program: { resources: [] }, secrets: { apiKey } });
  place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
  const named: ResourceSpec = { ...group, name: "rg", inputs: { resourceGroupName: "rg" } };
  place.write({ program: { resources: [named, network({ of: "${id:rg}" })] }, secrets: { apiKey } });
  await place.preview();
  writeFileSync(place.file("made/hang"), "");
  const killed = place.delivery("up", stack, "--approved", place.file("record.json"));
  while (!existsSync(place.file("made/rg"))) await sleep(100);
  process.kill(-place.group!, "SIGKILL");
  expect(await killed).toMatchObject({ status: null });
  rmSync(place.file("made/hang"));
}

/** An apply that was killed is completed by the next one with the same approval; another approval is refused. */
export async function killedApply(place: Place): Promise<void> {
  await kill(place);
  const again = (...more: string[]) => place.delivery("up", stack, "--approved", place.file("record.json"), ...more);
  const locked = await again();
  expect(locked.status, locked.stdout + locked.stderr).toBe(1);
  expect(locked.stderr).toContain("--cancel-lock");
  const completed = await again("--cancel-lock");
  expect(completed.status, completed.stdout + completed.stderr).toBe(0);
  expect(completed.stderr).toContain("has begun before and did not end");
  expect(stateOf(place)).toContain("::network");
  // It has ended: the same approval is one of a state that is gone.
  expect(await again()).toMatchObject({ status: 1, stderr: expect.stringMatching(/state from which/) as string });
}

/** Options of resources are told and compared as values are: protection that goes, and what is deleted before it is replaced. */
export async function options(place: Place): Promise<void> {
  const { apiKey = "" } = place.encrypted({ apiKey: "value of the key" });
  const write = (...resources: ResourceSpec[]) => place.write({ program: { resources }, secrets: { apiKey } });
  const held = { ...group, protect: true };
  write(held, network({}));
  place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
  const first = { path: "(deleteBeforeReplace)", kind: "update", before: false, after: true };
  write(held, network({ fixed: "two" }));
  const { steps } = (await place.preview()).record;
  expect(steps).toMatchObject([{ operation: "replace", name: "network" }]);
  expect(steps[0]?.changes).not.toContainEqual(first);

  write(group, { ...network({ fixed: "two" }), deleteBeforeReplace: true });
  const up = await place.delivery("up", stack, "--approved", place.file("record.json"));
  expect(up.status, up.stdout + up.stderr).toBe(1);
  expect(up.stderr).toContain("(protect): true => false");
  expect(up.stderr).toContain("(deleteBeforeReplace): false => true");
  const { run, record } = await place.preview();
  expect(record.steps.find(({ name }) => name === "network")?.changes).toContainEqual(first);
  expect(record.steps.find(({ name }) => name === "group")).toMatchObject({
    operation: "update",
    changes: [{ path: "(protect)", kind: "update", before: true, after: false }],
  });
  expect(run.stdout).toContain("0 to create, 1 to update, 0 to delete, 1 to replace");
  const applied = await place.delivery("up", stack, "--approved", place.file("record.json"));
  expect(applied.status, applied.stdout + applied.stderr).toBe(0);
}

/** What a killed apply had begun is in the state and in its copy, also where the next approval is refused. */
export async function killedAndRefused(place: Place): Promise<void> {
  await kill(place);
  const other = parseRecord(readFileSync(place.file("record.json"), "utf8"));
  other.steps = other.steps.filter(({ name }) => name !== "network");
  Object.assign(other.counts, countsOf(other.steps));
  writeFileSync(place.file("other.json"), JSON.stringify(other));
  const up = await place.delivery("up", stack, "--approved", place.file("other.json"), "--cancel-lock");
  expect(up.status, up.stdout + up.stderr).toBe(1);
  expect(up.stderr).toContain("what was being made is in the state of stack dev now; nothing is applied yet");
  expect(up.stderr).toContain("this is not what was approved, and nothing was applied");
  expect(stateOf(place)).toContain("::rg");
  const { record } = await place.preview();
  expect(record.steps.map(({ operation, name }) => [operation, name])).toEqual([["create", "network"]]);
  const applied = await place.delivery("up", stack, "--approved", place.file("record.json"));
  expect(applied.status, applied.stdout + applied.stderr).toBe(0);
}
