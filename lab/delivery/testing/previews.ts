/** Previews by `bin/delivery` say what the engine says, also those from the state itself. */
import { cpSync, globSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { parseCheck } from "../../../delivery/check/record.ts";
import { differences } from "../../../delivery/preview/compare.ts";
import { parseRecord } from "../../../delivery/record.ts";
import { changeProgram, generateProgram } from "./generate.ts";
import { type Place, stack } from "./place.ts";
import { Random } from "./random.ts";
import { group, network, stand } from "./resources.ts";
import type { ProgramSpec } from "./spec.ts";

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
      place.up();
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
  await stand(place, { program, secrets });
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
  place.up();
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

/** A copy of what `bin/azure-state --exact` lets the stack's identity read of the backend. */
function readableBackend(place: Place): string {
  const [backend, part] = [place.file("backend"), place.file("readable")];
  const paths = [".pulumi/meta.yaml", `.pulumi/stacks/small/${stack}.*`, `.pulumi/history/small/${stack}/*`];
  for (const path of globSync(paths, { cwd: backend })) cpSync(join(backend, path), join(part, path));
  return part;
}
