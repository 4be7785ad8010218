/** Secrets that are planted in programs are nowhere in what `bin/delivery` writes and says. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { PreviewRecord } from "../../../delivery/record.ts";
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
  expect(() => place.up()).toThrow("it ends");
  place.write({ program, secrets: before });
  nowhere("failed run", planted, [await place.delivery("publish", stack), published(place)]);
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
  up: Run;
  now: string;
  published: string;
}

/** A preview, and an `up` that has it as its approval, or another record. */
async function approvedUp(place: Place, approved?: PreviewRecord): Promise<Applied> {
  const { run, record, files } = await place.preview();
  if (approved) writeFileSync(place.file("record.json"), JSON.stringify(approved));
  const out = place.file("now.json");
  const up = await apply(place, "--out", out);
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
