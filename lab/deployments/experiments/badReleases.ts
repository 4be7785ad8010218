/** Bad releases that are deployed while the applications are used. */
import type { Experiment } from "../../chaos/experiment.ts";
import type { Verdict } from "../../chaos/goals.ts";
import type { Tools } from "../../chaos/tools.ts";
import { badKinds, type BadKind } from "../badReleases.ts";
import { exitStatus, type Application } from "../capistrano.ts";
import { stepsIn } from "../told.ts";
import { ended, type Deployer } from "./deployer.ts";
import { everywhere, machinesOf } from "./machines.ts";
import { kept, underLoad } from "./underLoad.ts";

/**
 * Of a bad release, from the beginning of its activation until the machine serves what it served. The machine's waits
 * until its load balancers have noticed, before and after, are not in it.
 */
const backSeconds = 15;

/** One bad release of each kind: nobody sees it. */
export const bad = (deployer: Deployer, number: number, applications: readonly Application[]): Experiment => {
  const named = {
    name: `bad-${number}`,
    title: `bad releases of ${applications.join(" and ")}: ${badKinds.join(", ")}`,
  };
  return underLoad(named, kept, deployer, applications, async ({ tools, application, words, before }) => {
    // All before the first deployment: what builds a release takes processors from the time that is measured.
    const releases: [BadKind, string][] = [];
    for (const kind of badKinds)
      releases.push([kind, await deployer.publish(application, `${words} ${kind} ${tools.clock.nowMs()}`, kind)]);
    const verdicts: Verdict[] = [];
    for (const [kind, release] of releases)
      verdicts.push(...(await deployBad(tools, deployer, application, kind, release, before)));
    return verdicts;
  });
};

/** Deploys a bad release, and tells whether it was away in time. */
async function deployBad(
  tools: Tools,
  deployer: Deployer,
  application: Application,
  kind: BadKind,
  release: string,
  before: string,
): Promise<Verdict[]> {
  const result = await deployer.cap("deploy", application, release);
  const [step, ...more] = stepsIn(result.output);
  const seconds = step ? step.seconds - (await noticeSeconds(tools, application)) : NaN;
  tools.say(`${application}: ${kind}: back after ${seconds.toFixed(1)} s`);
  return [
    ended(`${kind} of ${application} is refused`, result, exitStatus.wentBack),
    {
      goal: `${kind} is back on the first machine, and on no other`,
      wanted: `refused within ${backSeconds} s`,
      got: `${step?.outcome ?? "nothing"} after ${seconds.toFixed(1)} s, then ${more.length} more`,
      met: step?.outcome === "refused" && more.length === 0 && seconds <= backSeconds,
    },
    await everywhere(tools, application, before),
  ];
}

/** Seconds that a machine waits, before and after, until its load balancers have noticed: it serves meanwhile. */
async function noticeSeconds(tools: Tools, application: Application): Promise<number> {
  const [machine] = await machinesOf(tools, application);
  if (!machine) throw new Error(`no machine of ${application}`);
  const { notice } = JSON.parse(await tools.sudo(machine.name, "cat /etc/platform/drain.json", 60)) as {
    notice: number;
  };
  return 2 * notice;
}
