/** Secrets that are planted in programs, and in what Ansible says, are nowhere in what `bin/delivery` writes and says. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { fold } from "../../../delivery/check/fold.ts";
import type { CheckRecord } from "../../../delivery/check/record.ts";
import { checkText } from "../../../delivery/check/text.ts";
import { putDriftIssue } from "../../../delivery/gitlab/driftIssue.ts";
import { noteOf } from "../../../delivery/gitlab/note.ts";
import { checkOf } from "../../../delivery/gitlab/testing/checks.ts";
import { fixture } from "../../../delivery/gitlab/testing/fixture.ts";
import { commit } from "../../../delivery/gitlab/testing/records.ts";
import { readProject } from "../../../delivery/project.ts";
import { parseRecord, type PreviewRecord } from "../../../delivery/record.ts";
import { readExactStack } from "../../../delivery/state/copy.ts";
import { type Place, type Run, stack } from "./place.ts";
import { Random } from "./random.ts";
import { apply } from "./resources.ts";
import type { ProgramSpec, ResourceSpec } from "./spec.ts";

/** Programs that put secrets where they do not belong; `${name}` of each is a secret of its own. */
const leaks: ((name: string) => ProgramSpec)[] = [
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

const failures: ((name: string) => ProgramSpec)[] = [
  (name) => ({ resources: [resource(name, {})], error: `it ends with \${open:${name}}` }),
  (name) => ({ resources: [resource(name, { refuse: `\${secret:${name}}` })] }),
];

const resource = (name: string, inputs: Record<string, unknown>): ResourceSpec => ({
  type: "command:local:Command",
  name: `at-${name}`,
  inputs,
});

const merged = (programs: readonly ProgramSpec[]): ProgramSpec => ({
  resources: programs.flatMap(({ resources }) => resources),
  print: programs.flatMap(({ print = [] }) => print),
  ...programs.map(({ error }) => (error === undefined ? {} : { error })).find(({ error }) => error !== undefined),
});

/**
 * Secrets that are planted in configuration, outputs, differences and errors are nowhere in what is written or said, nor
 * in a note or an issue.
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
  expect(() => place.up()).toThrow("it ends");
  place.write({ program, secrets: before });
  nowhere("failed run", planted, [await place.delivery("publish", stack), published(place)]);
  nowhere("drift", planted, await drift(place, planted));
  place.write({ program, secrets: after });
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
  for (const failure of failures.slice(0, errors)) {
    place.write({ program: merged([...names.slice(0, 4)].map((name) => failure(name))), secrets: after });
    const failed = await approvedUp(place, update.record);
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
  note: string;
  up: Run;
  now: string;
  published: string;
}

/** The job in notes and issues. */
const source = { pipeline: 1, job: 1, commit, projectUrl: "https://gitlab.example.com/platform/platform" };

/** A preview, and an `up` that has it as its approval, or another record. */
async function approvedUp(place: Place, approved?: PreviewRecord): Promise<Applied> {
  const { run, record, files } = await place.preview();
  if (approved) writeFileSync(place.file("record.json"), JSON.stringify(approved));
  const out = place.file("now.json");
  const up = await apply(place, "--out", out);
  const now = existsSync(out) ? readFileSync(out, "utf8") : "";
  return { run, record, files, note: noteOf(stack, record, source), up, now, published: published(place) };
}

/** What is told of a stack that is not as its file says, with machines on which Ansible shows secrets. */
async function drift(place: Place, secrets: readonly string[]): Promise<unknown> {
  const out = place.file("drift.json");
  const run = await place.delivery("drift", stack, "--no-machines", "--out", out);
  expect(run.status, run.stdout + run.stderr).toBe(1);
  const record = parseRecord(readFileSync(out, "utf8"));
  const check = await checkThatLeaks(place, secrets);
  const { fake, client } = await fixture();
  try {
    expect(await putDriftIssue(client, stack, record, source, check)).toBe("opened");
    const [issue] = fake.issues;
    expect(issue?.description).toMatch(/Would change[^]*\[secret\]/);
    return { run, record, check, text: checkText(check), issue };
  } finally {
    await fake.close();
  }
}

/** The check of machines, where Ansible has a secret in each difference, task and message. */
async function checkThatLeaks(place: Place, secrets: readonly string[]): Promise<CheckRecord> {
  for (const [name, value] of Object.entries(place.environment)) vi.stubEnv(name, value);
  try {
    const { mask } = await readExactStack(readProject(place.directory), stack);
    const lines = (said: readonly object[]) => said.map((line) => `${JSON.stringify(line)}\n`).join("");
    const shown = (secret: string) =>
      [secret, JSON.stringify(secret), encodeURIComponent(secret), Buffer.from(secret).toString("base64")]
        .map((form) => `+KEY=${form}\n`)
        .join("");
    const changes = secrets.map((secret) => ({
      ...{ host: "back1.dev", role: "health", task: `Write ${secret}` },
      ...{ module: "ansible.builtin.template", diff: `--- before\n+++ after\n${shown(secret)}` },
    }));
    const failures = secrets.flatMap((secret, index) => [
      { host: "back1.dev", task: `Check ${secret}`, message: shown(secret), how: "failed" },
      { host: `front${index}.dev`, task: "Wait", message: `no answer from ${secret}`, how: "silent" },
    ]);
    const { machines } = fold({ changes: lines(changes), failures: lines(failures) }, mask);
    expect(machines).toHaveLength(secrets.length + 1);
    return checkOf(machines, { stack, outcome: "incomplete" });
  } finally {
    vi.unstubAllEnvs();
  }
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
