/**
 * What is asked of the project's pipeline against dev: a preview that everybody may see, and a merge request that wants
 * more. It proves nothing about Azure or GitLab themselves; the whole is in `long/pipeline.test.ts`.
 */
import { afterAll, beforeAll } from "vitest";
import { type LabPipelines, startLabPipelines } from "../pipeline/testing/labPipelines.ts";
import { attacks } from "../pipeline/hostile.ts";
import { changeOfInstances, hostile } from "../pipeline/testing/questions.ts";

/** Registers the questions as tests. They build on each other, in their order, and change nothing of dev. */
export function pipeline(): void {
  let pipelines: LabPipelines | undefined;
  const begun = (): LabPipelines => {
    if (pipelines === undefined) throw new Error("the pipelines did not begin");
    return pipelines;
  };
  beforeAll(async () => {
    // The other stacks do not stand.
    pipelines = await startLabPipelines(["preview:prod", "preview:tools"]);
    await pipelines.publish("dev");
  });
  afterAll(() => pipelines?.end());

  changeOfInstances(begun, "dev", "front", 2);

  for (const attack of attacks.filter(({ branch }) => branch === "program")) hostile(begun, attack);
}
