/** What an experiment deploys with. */
import type { Result } from "../../commands.ts";
import type { Verdict } from "../../chaos/goals.ts";
import type { BadKind } from "../badReleases.ts";
import { cap, type Application, type Killing } from "../capistrano.ts";
import { publishRelease } from "../releases.ts";

/** Builds and publishes releases, and runs Capistrano: `publishRelease` and `cap` for one stack. Tests have another. */
export interface Deployer {
  publish(application: Application, words: string, bad?: BadKind): Promise<string>;
  cap(task: string, application: Application, release?: string, killing?: Killing): Promise<Result>;
}

export const realDeployer = (stack: string): Deployer => ({
  publish: (application, words, bad) => publishRelease(stack, application, words, bad),
  cap: (task, application, release, killing) => cap(stack, task, application, release, killing),
});

/** How a command of Capistrano ended, as a verdict on it. */
export function ended(what: string, { status, output, seconds }: Result, wanted: number): Verdict {
  const reason = output.trim().split("\n").slice(-2).join("; ");
  return {
    goal: what,
    wanted: `exit status ${wanted}`,
    got: `${status} after ${seconds.toFixed(0)} s${status === wanted ? "" : `: ${reason}`}`,
    met: status === wanted,
  };
}
