/** An experiment with applications that are used meanwhile. */
import type { Context, Experiment, Report } from "../../chaos/experiment.ts";
import { becameWhole, loadWasKept, noRequestFailed, writesWereKept, type Verdict } from "../../chaos/goals.ts";
import { runScenario } from "../../chaos/disturbed.ts";
import type { Scenario } from "../../chaos/scenarios.ts";
import type { Tools } from "../../chaos/tools.ts";
import { shortHash } from "../../fabric/names.ts";
import { exitStatus, type Application } from "../capistrano.ts";
import type { Deployer } from "./deployer.ts";
import { releasesOn } from "./machines.ts";

/** Answers until the load ends: no machine is looked for by its first answer. */
const calmAnswers = 1000;

export const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
export const both: readonly Application[] = ["front", "back"];

/** From 0 to below 1, with three digits: the same for the same words. */
export const drawn = (words: string) => (parseInt(shortHash(words), 16) % 1000) / 1000;

export interface Play {
  tools: Tools;
  application: Application;
  /** The same for the same run of the same experiment and application. */
  words: string;
  /** The release that is deployed in the beginning. */
  before: string;
}

/**
 * An experiment that does something with applications at the same time under load, and adds its own verdicts to those of
 * the load.
 */
export function underLoad(
  named: Pick<Experiment, "name" | "title">,
  goals: Scenario["goals"],
  deployer: Deployer,
  applications: readonly Application[],
  play: (play: Play) => Promise<Verdict[]>,
): Experiment {
  const run = async (context: Context): Promise<Report> => {
    const { tools, seed } = context;
    const plays: Play[] = [];
    for (const application of applications) {
      const before = await deployedNow(tools, deployer, application);
      plays.push({ tools, application, before, words: `${seed} ${named.name} ${context.run} ${application}` });
    }
    const own: Verdict[] = [];
    const disturb = async () => {
      const at = tools.clock.nowMs();
      // Each to its end, also where another one fails: nothing may run on after the experiment.
      for (const played of await Promise.allSettled(plays.map(play))) {
        if (played.status === "rejected") throw played.reason;
        own.push(...played.value);
      }
      return at;
    };
    const report = await runScenario({ ...named, goals, calmAnswers, disturb }, context);
    return { ...report, verdicts: [...own, ...report.verdicts] };
  };
  return { ...named, run };
}

export const kept = [loadWasKept, noRequestFailed, writesWereKept, becameWhole];
/** Where one of two machines is out of rotation as the other one is lost, nobody is left: failures are figures only. */
export const keptInLosses = [loadWasKept, writesWereKept, becameWhole];

/** The release that is deployed and that all machines have; a new one where there is none. */
async function deployedNow(tools: Tools, deployer: Deployer, application: Application): Promise<string> {
  const [found = "none", ...others] = await releasesOn(tools, application);
  if (others.length === 0 && !found.startsWith("none")) return found;
  const release = await deployer.publish(application, `first of ${tools.clock.nowMs()}`);
  const { status, output } = await deployer.cap("deploy", application, release);
  if (status !== exitStatus.done) throw new Error(`the first release of ${application} is not deployed:\n${output}`);
  return release;
}
