/**
 * The project's pipelines against dev and prod: previews, notes, what is approved and what is applied, drift, and merge
 * requests that want more than a preview. The tests build on each other, in their order. They do not prove anything about
 * Azure or GitLab themselves.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { resourceName } from "../../../environment/names.ts";
import { lab, status } from "../../commands.ts";
import { type LabPipelines, startLabPipelines } from "../../pipeline/testing/labPipelines.ts";
import { jobOf } from "../../pipeline/testing/pipelines.ts";
import { labEnvironment } from "../target.ts";
import { attacks } from "../../pipeline/hostile.ts";
import {
  changeOfInstances,
  expectNoSecrets,
  hostile,
  recordOf,
  withInstances,
} from "../../pipeline/testing/questions.ts";

let pipelines: LabPipelines;
beforeAll(async () => {
  await lab("down");
  await lab("up", "dev");
  await lab("up", "prod");
  pipelines = await startLabPipelines();
  for (const stack of ["dev", "prod"]) await pipelines.publish(stack);
}, 2_400_000);
afterAll(async () => {
  await pipelines?.end();
  await lab("down");
});

/** Counts of a preview that would change nothing. */
const nothing = { create: 0, update: 0, delete: 0, replace: 0 };

const fronts = async () => (await status("dev")).machines.filter(({ tier }) => tier === "front").length;

changeOfInstances(() => pipelines, "prod", "back", 3);
changeOfInstances(() => pipelines, "dev", "front", 2);

for (const attack of attacks) hostile(() => pipelines, attack);

test("a change of the program previews all stacks, also one that does not stand", async () => {
  const { open, ofRequest, origin } = pipelines;
  const request = open("words", { "index.ts": `${origin.read("index.ts")}// Nothing.\n` });
  const result = await ofRequest(request, "words");
  for (const stack of ["dev", "prod", "tools"]) expect(jobOf(result, `preview:${stack}`).status).toBe("success");
  for (const stack of ["dev", "prod"])
    expect(recordOf(jobOf(result, `preview:${stack}`), stack).counts).toMatchObject(nothing);
  expect(recordOf(jobOf(result, "preview:tools"), "tools").counts.create).toBeGreaterThan(20);
}, 900_000);

test("a preview that fails is told in its note with the error", async () => {
  const { open, ofRequest, scheduled, origin } = pipelines;
  const wrong = origin.read("Pulumi.dev.yaml").replace("port: 3000", "port: 300000");
  const request = open("mistake", { "Pulumi.dev.yaml": wrong });
  expect(jobOf(await ofRequest(request, "mistake"), "preview:dev").status).toBe("failed");
  await scheduled("notes");
  expect(request.notes[0]?.body).toContain("Preview of <code>dev</code>: failed");
  expect(request.notes[0]?.body).toContain("300000");
}, 600_000);

test("what was approved is applied, by nobody's hand in dev, and the copy for previews follows", async () => {
  const { open, ofRequest, scheduled, merge, origin } = pipelines;
  const request = open("one-more", withInstances(pipelines, "dev", "front", 3));
  const previewed = await ofRequest(request, "one-more");
  await scheduled("notes");
  const applied = await merge(request, "one-more");
  const { status: ended, output } = jobOf(applied, "apply:dev");
  expect(ended, output).toBe("success");
  expect(await fronts()).toBe(3);
  expectNoSecrets(pipelines, [previewed, applied]);
  // A file that is as it was makes no preview.
  const again = open("same", { "Pulumi.dev.yaml": `${origin.read("Pulumi.dev.yaml")}# Nothing.\n` });
  expect(recordOf(jobOf(await ofRequest(again, "same"), "preview:dev"), "dev").counts).toMatchObject(nothing);
}, 1_200_000);

test("a record that says something else than what would happen is refused, and what would happen is applied by hand", async () => {
  const { open, ofRequest, scheduled, merge, gitlab } = pipelines;
  const request = open("forged", withInstances(pipelines, "dev", "front", 2));
  await ofRequest(request, "forged");
  const job = request.pipelines.at(-1)?.jobs.find(({ name }) => name === "preview:dev");
  const record = JSON.parse(job?.artifacts["preview.dev.json"] ?? "") as { steps: unknown[]; counts: object };
  job!.artifacts["preview.dev.json"] = JSON.stringify({ ...record, steps: [], counts: { ...nothing, same: 60 } });
  await scheduled("notes");
  const result = await merge(request, "forged", ["apply-anew:dev"]);
  expect(jobOf(result, "apply:dev").status).toBe("failed");
  expect(jobOf(result, "apply:dev").output).toContain("not what was approved");
  expect(jobOf(result, "apply-anew:dev").status, jobOf(result, "apply-anew:dev").output).toBe("success");
  expect(await fronts()).toBe(2);
  expect(gitlab.issues).toEqual([]);
}, 1_200_000);

test("drift is told in one issue per stack, and the issue is closed when it has gone", async () => {
  const { scheduled, gitlab } = pipelines;
  const open = () => gitlab.issues.filter(({ state }) => state === "opened").map(({ title }) => title.split(":")[0]);
  await scheduled("drift");
  expect(open()).toEqual([]);
  const restore = await tagNetwork();
  await scheduled("drift");
  await scheduled("drift");
  expect(open()).toEqual(["Drift of dev"]);
  await restore();
  await scheduled("drift");
  expect(open()).toEqual([]);
}, 2_400_000);

/** Changes dev's network at Azure, as a hand would; resolves to what takes it back. */
async function tagNetwork(): Promise<() => Promise<unknown>> {
  const { network } = labEnvironment("dev").arm();
  const group = resourceName("resourceGroup", "dev");
  for await (const { name = "", tags = {} } of network.virtualNetworks.list(group)) {
    await network.virtualNetworks.updateTags(group, name, { tags: { ...tags, by: "hand" } });
    return () => network.virtualNetworks.updateTags(group, name, { tags });
  }
  throw new Error("dev has no network");
}
