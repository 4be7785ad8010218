/** Before anything is made: everything that is in the way at Azure, at once. Reads only. */
import * as pulumi from "@pulumi/pulumi";
import { connect } from "../azure/arm.ts";
import { questions } from "../azure/questions.ts";
import { regionName } from "../environment/cloud.ts";
import type { Stack } from "../environment/read.ts";
import { ask, type Answers } from "./ask.ts";
import { exampleNameObstacles } from "./exampleNames.ts";
import { judge, switchOff, type Findings, type Place } from "./judge.ts";
import { groupNeeds, type StandingScaleSets } from "./needs.ts";
import { renderObstacles, renderWarning, type Obstacle } from "./obstacle.ts";

/**
 * What keeps a stack from being built; none where nothing does. A preview needs no rights to write: what of them
 * is missing it only tells.
 *
 * @param standing What the stack has already.
 * @throws pulumi.RunError where Azure could not be asked, or as `standing` does.
 */
export async function preflight(
  { planWith, cloud, location, preflight: settings, file, secrets }: Stack,
  standing: Promise<{ scaleSets: StandingScaleSets }>,
): Promise<string[]> {
  if (!settings.enabled) return [];
  // Ports are nothing that Azure could lack.
  const { plan } = planWith(new Map());
  const { rights, deletions, ...found } = location === undefined ? nothing : await findings(location);
  const isPreview = pulumi.runtime.isDryRun();
  if (isPreview) {
    for (const { place, given, change } of [...rights, ...deletions])
      await pulumi.log.info(`pulumi up will need: ${place}: ${given}; ${change}`);
  }
  for (const warning of [...found.warnings, ...(isPreview ? [] : deletions)])
    await pulumi.log.warn(renderWarning(warning));
  const obstacles = [
    ...(settings.exampleNames === "refuse" ? exampleNameObstacles(plan, file) : []),
    ...(location === undefined ? [noLocation(file)] : []),
    ...found.obstacles,
    ...(isPreview ? [] : rights),
  ];
  return obstacles.length > 0 ? [renderObstacles(file, obstacles)] : [];

  async function findings(region: string): Promise<Findings> {
    const { spares } = settings;
    const place = { location: regionName(region), file, spares, given: Object.keys(secrets) };
    const [answers, { scaleSets }] = await Promise.all([answersIn(place), standing]);
    return judge(plan, groupNeeds(plan, scaleSets), answers, place);
  }

  async function answersIn({ location: region, given }: Place): Promise<Answers> {
    try {
      const { rest } = await connect(cloud, {});
      return await ask(questions(rest), plan, region, given);
    } catch (error) {
      throw new pulumi.RunError(
        `Azure could not be asked whether ${file} can be built; nothing was changed.\n  ${(error as Error).message}\n` +
          `  To go on without asking: ${switchOff}`,
      );
    }
  }
}

const nothing: Findings = { obstacles: [], rights: [], deletions: [], warnings: [] };

function noLocation(file: string): Obstacle {
  return {
    place: "azure-native:location",
    given: "(nothing)",
    allowed: "a region of Azure, for example westeurope",
    change: `pulumi config set azure-native:location westeurope, in ${file}`,
  };
}
