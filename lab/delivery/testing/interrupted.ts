/** Work that was killed, or failed at its end, is done by the next run. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { differences } from "../../../delivery/preview/compare.ts";
import { countsOf, parseRecord } from "../../../delivery/record.ts";
import type { Export } from "../../../delivery/state/secretFree.ts";
import { holds } from "../../polling.ts";
import { type Place, type Run, stack } from "./place.ts";
import { apply, group, keyed, network, other, stand, stateOf } from "./resources.ts";
import type { ResourceSpec } from "./spec.ts";

/** A lock of somebody else on the stack, in the folder of a backend; returns the folder of its locks. */
function lock(place: Place, backend: string): string {
  const locks = place.file(`${backend}/.pulumi/locks/organization/small/${stack}`);
  mkdirSync(locks, { recursive: true });
  writeFileSync(join(locks, "00000000-0000-0000-0000-000000000000.json"), JSON.stringify({ pid: 1, username: "dead" }));
  return locks;
}

/** An apply that finds the stack locked has begun nothing: what the other one does meanwhile was not approved. */
export async function lockedStack(place: Place): Promise<void> {
  const secrets = keyed(place);
  const write = (...resources: ResourceSpec[]) => place.write({ program: { resources }, secrets });
  await stand(place, { program: { resources: [group] }, secrets });
  write(group, other());
  await place.preview();
  const locks = lock(place, "backend");
  const locked = await apply(place);
  expect(locked.status, locked.stdout + locked.stderr).toBe(1);
  expect(locked.stderr).toContain("--cancel-lock");
  rmSync(locks, { recursive: true });
  write(group, network({}));
  place.up();
  write(group, network({}), other());
  expect(await apply(place)).toMatchObject({ status: 1, stderr: expect.stringMatching(/state from which/) as string });
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
  const secrets = keyed(place);
  await stand(place, { program: { resources: [group] }, secrets });
  place.write({ program: { resources: [group, other()] }, secrets });
  await place.preview();
  const backend = place.environment["PLATFORM_PREVIEW_BACKEND"];
  place.environment["PLATFORM_PREVIEW_BACKEND"] = `file://${place.file("nowhere")}`;
  const failed = await apply(place);
  expect(failed.status, failed.stdout + failed.stderr).toBe(1);
  expect(stateOf(place)).toContain("::other");
  place.environment["PLATFORM_PREVIEW_BACKEND"] = backend;
  const again = await apply(place);
  expect(again.status, again.stdout + again.stderr).toBe(0);
  const { record } = await place.preview();
  expect(record.steps).toEqual([]);
  expect(place.pulumi("stack", "tag", "get", "delivery:applied", "--stack", stack).trim()).toBe(record.commit);
}

/**
 * An apply that gets a signal, with its process group, while it makes the first of two resources; its record is
 * `record.json`.
 *
 * @param told What it says before that resource is made.
 */
async function signal(place: Place, name: NodeJS.Signals, told?: string): Promise<Run> {
  const secrets = keyed(place);
  await stand(place, { program: { resources: [] }, secrets });
  const named: ResourceSpec = { ...group, name: "rg", inputs: { resourceGroupName: "rg" } };
  place.write({ program: { resources: [named, network({ of: "${id:rg}" })] }, secrets });
  await place.preview();
  writeFileSync(place.file("made/hang"), "");
  const run = apply(place);
  const makes = () => existsSync(place.file("made/rg"));
  expect(await holds(makes, { timeoutSeconds: 120, intervalSeconds: 0.1 })).toBe(true);
  process.kill(-place.group!, name);
  if (told !== undefined) {
    const said = () => place.output.includes(told);
    expect(await holds(said, { timeoutSeconds: 20, intervalSeconds: 0.1 }), place.output).toBe(true);
  } else await run;
  rmSync(place.file("made/hang"));
  return run;
}

/** An apply that is killed so. */
async function kill(place: Place): Promise<void> {
  expect(await signal(place, "SIGKILL")).toMatchObject({ status: null });
}

/** An apply that is told to stop leaves neither a lock nor anything half done, and the next one does the rest. */
export async function stoppedApply(place: Place): Promise<void> {
  const stopped = await signal(place, "SIGTERM", "SIGTERM received; cancelling");
  expect(stopped.status, stopped.stdout + stopped.stderr).toBe(1);
  expect(stopped.stdout).not.toContain("received; terminating");
  const { deployment } = JSON.parse(place.pulumi("stack", "export", "--stack", stack)) as Export;
  expect(deployment.resources?.map(({ urn }) => urn.split("::").at(-1))).toContain("rg");
  expect(deployment.pending_operations ?? []).toEqual([]);
  expect(stateOf(place)).not.toContain("::network");
  const completed = await apply(place);
  expect(completed.status, completed.stdout + completed.stderr).toBe(0);
  expect(stateOf(place)).toContain("::network");
}

/** An apply that was killed is completed by the next one with the same approval; another approval is refused. */
export async function killedApply(place: Place): Promise<void> {
  await kill(place);
  const locked = await apply(place);
  expect(locked.status, locked.stdout + locked.stderr).toBe(1);
  expect(locked.stderr).toContain("--cancel-lock");
  const completed = await apply(place, "--cancel-lock");
  expect(completed.status, completed.stdout + completed.stderr).toBe(0);
  expect(completed.stderr).toContain("has begun before and did not end");
  expect(stateOf(place)).toContain("::network");
  // It has ended: the same approval is one of a state that is gone.
  expect(await apply(place)).toMatchObject({ status: 1, stderr: expect.stringMatching(/state from which/) as string });
}

/** What a killed apply had begun is in the state and in its copy, also where the next approval is refused. */
export async function killedAndRefused(place: Place): Promise<void> {
  await kill(place);
  const record = parseRecord(readFileSync(place.file("record.json"), "utf8"));
  record.steps = record.steps.filter(({ name }) => name !== "network");
  Object.assign(record.counts, countsOf(record.steps));
  writeFileSync(place.file("record.json"), JSON.stringify(record));
  const up = await apply(place, "--cancel-lock");
  expect(up.status, up.stdout + up.stderr).toBe(1);
  expect(up.stderr).toContain("what was being made is in the state of stack dev now; nothing is applied yet");
  expect(up.stderr).toContain("this is not what was approved, and nothing was applied");
  expect(stateOf(place)).toContain("::rg");
  const { steps } = (await place.preview()).record;
  expect(steps.map(({ operation, name }) => [operation, name])).toEqual([["create", "network"]]);
  const applied = await apply(place);
  expect(applied.status, applied.stdout + applied.stderr).toBe(0);
}

/** The old resource that a killed replacement left is deleted, which the approval of the replacement lets an apply do. */
export async function halfReplaced(place: Place): Promise<void> {
  const secrets = keyed(place);
  const stands = (fixed: string) => {
    place.write({ program: { resources: [network({ fixed })] }, secrets });
    place.up();
    return JSON.parse(place.pulumi("stack", "export", "--stack", stack)) as Export;
  };
  const before = stands("one");
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
  place.write({ program: { resources: [network({ fixed: "two" })] }, secrets });
  const approved = (await place.preview()).record;
  const state = stands("two");
  const old = before.deployment.resources?.find(({ urn }) => urn.endsWith("::network"));
  state.deployment.resources?.push({ ...old!, delete: true });
  writeFileSync(place.file("state.json"), JSON.stringify(state));
  place.pulumi("stack", "import", "--stack", stack, "--file", place.file("state.json"));
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
  const { record } = await place.preview();
  expect(record.steps).toMatchObject([{ operation: "delete", name: "network" }]);
  expect(differences(approved, record, { resumed: true })).toEqual([]);
}
