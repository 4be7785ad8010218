/** The environments of the project's stack files, each with its plan. */
import type { Administrators } from "../../environment/administrators.ts";
import { planEnvironment, type Plan } from "../../environment/plan.ts";
import type { Environment } from "../../environment/schema.ts";
import { peersOf } from "../../environment/siblings.ts";
import { readStackFile, stacks } from "../cli/stacks.ts";
import { environmentOf } from "../cli/stackFile.ts";

export interface Planned {
  stack: string;
  environment: Environment;
  plan: Plan;
}

/**
 * Plans of all stack files in a folder, as the files say it: of what `--set` gave an `up` nothing is known here.
 *
 * @param ranges Blocks from which administrators come.
 */
export function planAll(project: string, ranges: string[]): Planned[] {
  const files = stacks(project).map((stack) => ({
    file: `Pulumi.${stack}.yaml`,
    environment: environmentOf(readStackFile(project, stack)),
  }));
  const peers = peersOf(files);
  const broken = files.filter(({ file }) => !peers.some(({ stack }) => file === `Pulumi.${stack}.yaml`));
  if (broken.length > 0)
    throw new Error(`${broken.map(({ file }) => file).join(", ")} cannot be read; bin/lab preview says why`);
  // Of administrators the flows know only where they come from.
  const administrators: Administrators = { ranges, sshKeys: [], user: "" };
  return peers.map(({ stack, environment }) => {
    const others = peers.filter((other) => other.stack !== stack);
    return { stack, environment, plan: planEnvironment(stack, environment, administrators, new Map(), others) };
  });
}
