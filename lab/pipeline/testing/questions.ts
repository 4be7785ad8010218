/** What is asked of the project's pipelines against a stack of the lab that stands. */
import { expect, test } from "vitest";
import { load, dump } from "js-yaml";
import { projectId } from "../../../delivery/gitlab/testing/server.ts";
import { type Counts, parseRecord, type PreviewRecord } from "../../../delivery/record.ts";
import { passphrase } from "../../../delivery/state/passphrase.ts";
import { lab, labCommand, run } from "../../commands.ts";
import { credentials } from "../../credentials.ts";
import { stateDir } from "../../paths.ts";
import { armPort } from "../../settings.ts";
import { type Attack, gains, type Known, type Loot, lootFile, lootGroup, untried } from "../hostile.ts";
import { labSecrets } from "../stackFiles.ts";
import type { LabPipelines } from "./labPipelines.ts";
import { type JobResult, jobOf, type PipelineResult } from "./pipelines.ts";
import { ownFile } from "./runner.ts";

/** The record that a job left. */
export function recordOf(job: JobResult, stack: string): PreviewRecord {
  const text = job.files[`preview.${stack}.json`];
  if (text === undefined) throw new Error(`job ${job.name} left no record:\n${job.output}`);
  return parseRecord(text);
}

/** Nothing that everybody sees of these pipelines holds a secret. */
export function expectNoSecrets(pipelines: LabPipelines, results: readonly PipelineResult[]): void {
  const shown = [
    ...results.flatMap(({ jobs }) => jobs.flatMap(({ output, files }) => [output, ...Object.values(files)])),
    ...pipelines.gitlab.mergeRequests.flatMap(({ notes }) => notes.map(({ body }) => body)),
    ...pipelines.gitlab.issues.map(({ description }) => description),
  ].join("\n");
  for (const secret of [...labSecrets(), pipelines.gitlab.token]) expect(shown.includes(secret)).toBe(false);
}

type Environment = { tiers: Record<string, { instances: number }> };

/** The stack's file with another number of machines of a tier. */
export function withInstances(pipelines: LabPipelines, stack: string, tier: string, instances: number) {
  const path = `Pulumi.${stack}.yaml`;
  const file = load(pipelines.origin.read(path)) as { config: { "platform:environment": Environment } };
  const found = file.config["platform:environment"].tiers[tier];
  if (!found) throw new Error(`${path} has no tier ${tier}`);
  found.instances = instances;
  return { [path]: dump(file) };
}

/** What the engine itself says of that change. */
async function engineCounts(stack: string, tier: string, instances: number): Promise<Counts> {
  const { stdout } = await lab("preview", stack, "--set", `tiers.${tier}.instances=${instances}`, "--", "--json");
  const { changeSummary } = JSON.parse(stdout.slice(stdout.indexOf("{"))) as { changeSummary: Partial<Counts> };
  const { create = 0, update = 0, delete: gone = 0, replace = 0 } = changeSummary;
  return { create, update, delete: gone, replace };
}

/** Tests that a change of a stack's machines is told as the engine tells it, in one note. The stack stands. */
export function changeOfInstances(pipelines: () => LabPipelines, stack: string, tier: string, standing: number): void {
  const branch = `more-of-${stack}`;

  test(`a change of ${stack}'s machines: widget, note and engine agree, and a second push edits the same note`, async () => {
    const { open, ofRequest, scheduled, origin } = pipelines();
    const request = open(branch, withInstances(pipelines(), stack, tier, standing + 1));
    const results = [await ofRequest(request, branch)];
    const job = jobOf(results[0]!, `preview:${stack}`);
    expect(job.status, job.output).toBe("success");
    const { create, update, delete: gone, replace } = recordOf(job, stack).counts;
    expect({ create, update, delete: gone, replace }).toEqual(await engineCounts(stack, tier, standing + 1));
    expect(update).toBeGreaterThan(0);
    expect(JSON.parse(job.files[`widget.${stack}.json`] ?? "")).toEqual({
      create: create + replace,
      update,
      delete: gone + replace,
    });
    results.push(await scheduled("notes"));
    expect(request.notes).toHaveLength(1);
    const [first] = request.notes;
    expect(first?.body).toContain(`${update} to change`);
    expect(first?.body).toContain("sku.capacity");

    origin.commit(branch, withInstances(pipelines(), stack, tier, standing + 2));
    results.push(await ofRequest(request, branch), await scheduled("notes"));
    expect(request.notes.map(({ id }) => id)).toEqual([first?.id]);
    expect(request.notes[0]?.body).toContain(`+   sku.capacity: ${standing + 2}`);
    expectNoSecrets(pipelines(), results);
  }, 600_000);
}

function known({ identities, gitlab }: LabPipelines, mergeRequest: number): Known {
  const { subscriptionId, tenantId } = credentials();
  return {
    arm: `https://127.0.0.1:${armPort}`,
    subscriptionId,
    tenantId,
    identities,
    gitlab: gitlab.url,
    projectId,
    mergeRequest,
    stateDir,
  };
}

/** What the code left in jobs that ran. */
const lootsOf = (jobs: readonly JobResult[]): Loot[] =>
  jobs.flatMap(({ clone }) => (clone && ownFile(clone, lootFile)) ?? []).map((text) => JSON.parse(text) as Loot);

/**
 * It has tried everything, and got what one identity may read.
 *
 * @param key Passphrase of the states that the job reads; without one it reads none.
 */
function expectNoGain(
  loot: Loot,
  { gitlab }: LabPipelines,
  knows: Known,
  identity: string | undefined,
  key?: string,
): void {
  expect(untried(loot, knows, identity)).toEqual([]);
  const { answers, environment, files } = loot;
  // If any, that of the copy without secrets, which everybody knows.
  expect(environment["PULUMI_CONFIG_PASSPHRASE"] ?? passphrase).toBe(key ?? passphrase);
  const isState = (path: string) => path.startsWith(`${knows.stateDir}/pulumi/`);
  expect(Object.keys(files).some(isState), Object.keys(files).join(", ")).toBe(key !== undefined);
  // A job that reads states has what they hold: in the lab, the deployer's login too, which `bin/lab up` configures.
  const others = Object.fromEntries(Object.entries(files).filter(([path]) => !isState(path)));
  const secrets = [...labSecrets(), gitlab.token].filter((secret) => secret !== key);
  expect(gains({ ...loot, files: others }, secrets, identity)).toEqual([]);
  // It reads, so that what is refused is refused for its rights. A fork is nobody.
  if (identity !== undefined)
    expect(answers).toMatchObject({
      [`read as ${identity}`]: 200,
      [`write as ${identity}`]: 403,
      [`delete as ${identity}`]: 403,
    });
  for (const name of Object.keys(knows.identities).filter((one) => one !== identity))
    expect(answers[`login as ${name}`], name).toMatch(/AADSTS700213/);
  for (const [what, answer] of Object.entries(answers)) if (what.startsWith("comment")) expect(answer, what).toBe(401);
}

/** Tests that a hostile merge request gets nothing. */
export function hostile(pipelines: () => LabPipelines, attack: Attack): void {
  test(`a merge request with code ${attack.name} gets no key, no secret, no write and no comment`, async () => {
    const { open, ofRequest, start, gitlab, origin } = pipelines();
    const writes = gitlab.writes().length;
    const request = open(attack.branch, {});
    const knows = known(pipelines(), request.iid);
    origin.commit(
      attack.branch,
      attack.changes(knows, (path) => origin.read(path)),
    );
    const result = await ofRequest(request, attack.branch, attack.fork);
    expectNoSecrets(pipelines(), [result]);
    const identity = attack.fork ? undefined : "reader";
    const loots = lootsOf(result.jobs);
    if (attack.branch === "playbook") {
      // It does not run in a preview, which does not end by it.
      const { status, output } = jobOf(result, "preview:dev");
      expect(status, output).toBe("success");
      expect(loots).toEqual([]);
    } else expect(loots).not.toEqual([]);
    for (const loot of loots) expectNoGain(loot, pipelines(), knows, identity);
    if (attack.deployment) {
      const { job, identity: exact, decrypts } = attack.deployment;
      // GitLab refuses it to the author; in the hands of somebody who may deploy it is the exact identity, and no writer.
      expect(["failed", "manual"]).toContain(jobOf(result, job).status);
      expect(jobOf(result, job).clone).toBeUndefined();
      const ran = await start(result.id, job);
      const [loot, ...more] = lootsOf([ran]);
      if (!loot || more.length > 0) throw new Error(`the code did not run once in ${job}:\n${ran.output}`);
      expectNoGain(loot, pipelines(), knows, exact, decrypts && credentials().passphrase);
      expectNoSecrets(pipelines(), [{ ...result, jobs: [ran] }]);
    }
    expect(gitlab.writes()).toHaveLength(writes);
    const log = await run([labCommand, "log", "arm"]);
    const made = log.stdout.split("\n").filter((line) => line.includes(lootGroup) && /"status":2\d\d/.test(line));
    expect(made).toEqual([]);
  }, 600_000);
}
