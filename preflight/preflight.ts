/** Before anything is made: everything that is in the way at Azure, at once. Reads only. */
import * as pulumi from "@pulumi/pulumi";
import { connect } from "../azure/arm.ts";
import { questions } from "../azure/questions.ts";
import type { Stack } from "../environment/read.ts";
import { ask } from "./ask.ts";
import { exampleNameObstacles } from "./exampleNames.ts";
import { judge, switchOff, type Findings } from "./judge.ts";
import { groupNeeds, type StandingScaleSets } from "./needs.ts";
import { renderObstacles, renderWarning, type Obstacle } from "./obstacle.ts";

/**
 * Ends the run where a stack cannot be built. A preview needs no rights to write: what of them is missing it only tells.
 *
 * @param standing The stack's scale sets that exist.
 * @throws pulumi.RunError that lists every obstacle, or says that Azure could not be asked.
 */
export async function preflight(
  { planWith, cloud, location, preflight: settings, file }: Stack,
  standing: StandingScaleSets,
): Promise<void> {
  if (!settings.enabled) return;
  // Ports are nothing that Azure could lack.
  const plan = planWith(new Map());
  const obstacles = [
    ...(settings.exampleNames === "refuse" ? exampleNameObstacles(plan, file) : []),
    ...(location === undefined ? [noLocation(file)] : []),
  ];
  const { rights, deletions, ...found } = location === undefined ? nothing : await findings(location);
  obstacles.push(...found.obstacles);
  if (pulumi.runtime.isDryRun()) {
    for (const { place, given, change } of [...rights, ...deletions])
      await pulumi.log.info(`pulumi up will need: ${place}: ${given}; ${change}`);
  } else {
    obstacles.push(...rights);
    found.warnings.push(...deletions);
  }
  for (const warning of found.warnings) await pulumi.log.warn(renderWarning(warning));
  if (obstacles.length > 0) throw new pulumi.RunError(renderObstacles(file, obstacles));

  async function findings(region: string): Promise<Findings> {
    const { spares } = settings;
    const place = { location: region.toLowerCase().replaceAll(/\s/g, ""), file, spares };
    const groups = groupNeeds(plan, standing);
    try {
      const { rest } = await connect(cloud, {});
      return judge(plan, groups, await ask(questions(rest), plan, groups, place.location), place);
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
