/**
 * The project's pipeline against dev: a preview that everybody may see, and a merge request that wants more. The tests
 * build on each other, in their order. They do not prove anything about Azure or GitLab themselves; the whole is in
 * `long/pipeline.test.ts`.
 */
import { afterAll, beforeAll } from "vitest";
import { lab } from "../commands.ts";
import { type LabPipelines, startLabPipelines } from "../pipeline/testing/labPipelines.ts";
import { attacks } from "../pipeline/hostile.ts";
import { changeOfInstances, hostile } from "../pipeline/testing/questions.ts";

let pipelines: LabPipelines;
beforeAll(async () => {
  await lab("up", "dev");
  // The other stacks do not stand.
  pipelines = await startLabPipelines(["preview:prod", "preview:tools"]);
  await pipelines.publish("dev");
});
afterAll(async () => {
  await pipelines?.end();
  await lab("down");
});

changeOfInstances(() => pipelines, "dev", "front", 2);

for (const attack of attacks.filter(({ branch }) => branch === "program")) hostile(() => pipelines, attack);
