/**
 * The experiments: each deploys under load, and holds what clients and machines saw against its goals. Front and back are
 * deployed at the same time: each tier has a lock and a load balancer of its own.
 */
import type { Context, Experiment, Report } from "../chaos/experiment.ts";
import { becameWhole, loadWasKept, noRequestFailed, writesWereKept, type Verdict } from "../chaos/goals.ts";
import { chosen, runScenario } from "../chaos/disturbed.ts";
import type { Scenario } from "../chaos/scenarios.ts";
import type { Tools } from "../chaos/tools.ts";
import type { Result } from "../commands.ts";
import { shortHash } from "../fabric/names.ts";
import { Lack, until } from "../polling.ts";
import { badKinds, type BadKind } from "./badReleases.ts";
import { cap, exitStatus, type Application, type Killing } from "./capistrano.ts";
import { publishRelease } from "./releases.ts";
import { stepsIn } from "./told.ts";

/** Of a bad release, from the machine's leaving its rotation until it serves what it served. */
const backSeconds = 15;
/** Within which a machine may be lost after a deployment began, which takes longer. */
const lossWithinSeconds = 45;
/** Within which `cap` may be killed, from before it has the lock until after the pointer has moved. */
const killWithinSeconds = 75;
/** Of one that ends before it can be killed. */
const killAttempts = 3;
/** Of timeout(1), for a command that it had to kill; where the whole group is killed there is none. */
const killedStatus = 137;
/** In which the lock of one that was killed is free: docs/deployment.md. */
const freeSeconds = 60;
/** Answers until the load ends: no machine is looked for by its first answer. */
const calmAnswers = 1000;

/** Builds and publishes releases, and runs Capistrano: `publishRelease` and `cap` for one stack. Tests have another. */
export interface Deployer {
  publish(application: Application, words: string, bad?: BadKind): Promise<string>;
  cap(task: string, application: Application, release?: string, killing?: Killing): Promise<Result>;
}

export const realDeployer = (stack: string): Deployer => ({
  publish: (application, words, bad) => publishRelease(stack, application, words, bad),
  cap: (task, application, release, killing) => cap(stack, task, application, release, killing),
});

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const both: readonly Application[] = ["front", "back"];

/** From 0 to below 1, with three digits: the same for the same words. */
const drawn = (words: string) => (parseInt(shortHash(words), 16) % 1000) / 1000;

const machinesOf = async (tools: Tools, application: Application) =>
  (await tools.status()).machines.filter(({ tier, state }) => tier === application && state !== "terminating");

/** What `platform-release status` says of an application. */
interface OnMachine {
  release?: string | null;
  trying?: boolean;
  running?: string[];
  deployed?: string;
}

/** The releases that the machines with an application have and run, and that which is deployed: each once. */
async function releasesOn(tools: Tools, application: Application): Promise<string[]> {
  const found = await Promise.all(
    (await machinesOf(tools, application)).map(async ({ name }) => {
      const text = await tools.sudo(name, "platform-release status", 60).catch(() => "{}");
      const { [application]: found } = JSON.parse(text) as Record<string, OnMachine>;
      const { trying, running = [], deployed = "none" } = found ?? {};
      const release = found?.release ?? `none on ${name}`;
      return [trying ? `${release}, whose activation has not ended, on ${name}` : release, ...running, deployed];
    }),
  );
  return [...new Set(found.flat())];
}

/** How a command of Capistrano ended, as a verdict on it. */
function ended(what: string, { status, output, seconds }: Result, wanted: number): Verdict {
  const reason = output.trim().split("\n").slice(-2).join("; ");
  return {
    goal: what,
    wanted: `exit status ${wanted}`,
    got: `${status} after ${seconds.toFixed(0)} s${status === wanted ? "" : `: ${reason}`}`,
    met: status === wanted,
  };
}

/** @param allowed The releases of which all machines may have one, which is the deployed one. */
async function everywhere(tools: Tools, application: Application, ...allowed: string[]): Promise<Verdict> {
  const found = await releasesOn(tools, application);
  return {
    goal: `every machine of ${application} has what is deployed`,
    wanted: allowed.join(" or "),
    got: found.join(", "),
    met: allowed.includes(found.join()),
  };
}

/** The release that is deployed and that all machines have; a new one where there is none. */
async function deployedNow(tools: Tools, deployer: Deployer, application: Application): Promise<string> {
  const [found = "none", ...others] = await releasesOn(tools, application);
  if (others.length === 0 && !found.startsWith("none")) return found;
  const release = await deployer.publish(application, `first of ${tools.clock.nowMs()}`);
  const { status, output } = await deployer.cap("deploy", application, release);
  if (status !== exitStatus.done) throw new Error(`the first release of ${application} is not deployed:\n${output}`);
  return release;
}

interface Play {
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
function underLoad(
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

const kept = [loadWasKept, noRequestFailed, writesWereKept, becameWhole];
/** Where one of two machines is out of rotation as the other one is lost, nobody is left: failures are figures only. */
const keptInLosses = [loadWasKept, writesWereKept, becameWhole];

/** Deployments, each taken back by name. */
const deployment = (deployer: Deployer, number: number): Experiment => {
  const turns = 5;
  const named = {
    name: `deployments-${number}`,
    title: `five releases of front and of back are deployed and rolled back`,
  };
  return underLoad(named, kept, deployer, both, async ({ tools, application, words, before }) => {
    const verdicts: Verdict[] = [];
    const publish = (turn: number) => deployer.publish(application, `${words} ${turn} ${tools.clock.nowMs()}`);
    let release = await publish(1);
    for (const turn of numbers(turns)) {
      verdicts.push(
        ended(
          `deployment ${turn} of ${application}`,
          await deployer.cap("deploy", application, release),
          exitStatus.done,
        ),
        await everywhere(tools, application, release),
      );
      const [back, next] = await Promise.all([
        deployer.cap("deploy:rollback", application, before),
        turn < turns ? publish(turn + 1) : release,
      ]);
      verdicts.push(
        ended(`rollback ${turn} of ${application}`, back, exitStatus.done),
        await everywhere(tools, application, before),
      );
      release = next;
      tools.say(`${named.name}: ${application}: ${turn} of ${turns}`);
    }
    return verdicts;
  });
};

/** One bad release of each kind: nobody sees it. */
const bad = (deployer: Deployer, number: number, applications: readonly Application[]): Experiment => {
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

/** Takes the power from one of the machines of an application, after some seconds; returns those that there were. */
async function lose({ tools, application }: Play, words: string, afterSeconds: number) {
  const machines = await machinesOf(tools, application);
  const lost = chosen(machines, words);
  if (!lost) throw new Error(`no machine of ${application}`);
  await tools.clock.sleep(afterSeconds);
  await tools.kill(lost.name, "power");
  tools.say(`${lost.name} lost its power after ${afterSeconds.toFixed(1)} s`);
  return { machines, lost };
}

type Losing = Awaited<ReturnType<typeof lose>>;

/** Whether another machine stands in the place of the lost one. */
async function replaced({ tools, application }: Play, { machines, lost }: Losing): Promise<Verdict> {
  const there = await machinesOf(tools, application);
  const born = there.filter(({ name }) => !machines.some((one) => one.name === name));
  const without = !there.some(({ name }) => name === lost.name);
  return {
    goal: `the machine of ${application} was replaced before the deployment ended`,
    wanted: "1 new machine, without the lost one",
    got: `${born.length} new, ${without ? "without" : "with"} the lost one`,
    met: born.length === 1 && without,
  };
}

/** A machine loses its power at some moment of a deployment, and is repaired: another one is born. */
const repair = (deployer: Deployer, number: number): Experiment => {
  const named = {
    name: `repair-${number}`,
    title: `a front and a back machine are repaired in the middle of a deployment, twice`,
  };
  return underLoad(named, keptInLosses, deployer, both, async (play) => {
    const { tools, application } = play;
    const verdicts: Verdict[] = [];
    for (const turn of numbers(2)) {
      const words = `${play.words} ${turn}`;
      const release = await deployer.publish(application, `${words} ${tools.clock.nowMs()}`);
      const [result, losing] = await Promise.all([
        deployer.cap("deploy", application, release),
        lose(play, words, lossWithinSeconds * drawn(`${words} when`)),
      ]);
      verdicts.push(
        ended(`deployment ${turn} of ${application}`, result, exitStatus.done),
        await everywhere(tools, application, release),
        await replaced(play, losing),
      );
      tools.say(`${named.name}: ${application}: ${turn} of 2`);
    }
    return verdicts;
  });
};

/** A release is deployed after a machine was lost and replaced, with no `up` in between. */
const repairThenDeploy = (deployer: Deployer, number: number, when: "boots" | "serves"): Experiment => {
  const named = {
    name: `repair-then-deploy-${number}`,
    title: `a front and a back machine are replaced; a release is deployed as soon as the new one ${when}, without an up`,
  };
  return underLoad(named, keptInLosses, deployer, both, async (play) => {
    const { tools, application, words } = play;
    const release = await deployer.publish(application, `${words} ${tools.clock.nowMs()}`);
    const losing = await lose(play, words, 0);
    const look = async () => {
      const born = (await machinesOf(tools, application)).find(
        ({ name }) => !losing.machines.some((one) => one.name === name),
      );
      if (!born) return new Lack("no machine came");
      return when === "boots" || born.health === "Healthy" ? born : new Lack(`${born.name} is ${born.health}`);
    };
    const options = { timeoutSeconds: 600, intervalSeconds: 1, clock: tools.clock };
    const born = await until(`a machine of ${application} in place of ${losing.lost.name} ${when}`, look, options);
    tools.say(`${born.name} ${when}; ${application} is deployed`);
    return [
      ended(`the deployment of ${application}`, await deployer.cap("deploy", application, release), exitStatus.done),
      await everywhere(tools, application, release),
      await replaced(play, losing),
    ];
  });
};

/** `cap` is killed at some moment: `deploy:complete`, or the next deployment, makes that good. */
const killed = (deployer: Deployer, number: number, how: Killing["how"]): Experiment => {
  const named = {
    name: `killed-${number}`,
    title: `cap is killed (${how}) in deployments of front and of back; what comes next completes`,
  };
  return underLoad(named, kept, deployer, both, async (play) => {
    const { tools, application } = play;
    const verdicts: Verdict[] = [];
    for (const next of ["deploy:complete", "deploy"] as const) {
      const { release, standing, verdict } = await killOne(deployer, play, next, how);
      verdicts.push(
        verdict,
        await freed(tools, deployer, application),
        ended(
          `${next} of ${application} after a kill`,
          await deployer.cap(next, application, next === "deploy" ? release : undefined),
          exitStatus.done,
        ),
        await everywhere(tools, application, release, ...(next === "deploy" ? [] : [standing])),
      );
    }
    return verdicts;
  });
};

/** Kills a deployment. One that has ended before is played again with half of the time. */
async function killOne(
  deployer: Deployer,
  { tools, application, words, before }: Play,
  next: string,
  how: Killing["how"],
): Promise<{ release: string; standing: string; verdict: Verdict }> {
  let standing = before;
  let afterSeconds = 1 + killWithinSeconds * drawn(`${words} ${next} when`);
  for (let attempt = 1; ; attempt++, afterSeconds /= 2) {
    const release = await deployer.publish(application, `${words} ${next} ${tools.clock.nowMs()}`);
    const { status, output } = await deployer.cap("deploy", application, release, { afterSeconds, how });
    const wasKilled = status === null || status === killedStatus;
    const got = wasKilled ? "killed" : `ended with ${status}`;
    tools.say(`cap of ${application}: ${got} after ${afterSeconds.toFixed(1)} s: ${lastLineOf(output)}`);
    const verdict = { goal: `cap of ${application} is killed`, wanted: "killed", got, met: wasKilled };
    if (status !== exitStatus.done || attempt === killAttempts) return { release, standing, verdict };
    standing = release;
  }
}

const lastLineOf = (output: string) => output.trim().split("\n").at(-1) ?? "";

/** Whether nobody has the lock, soon after the one that had it was killed. A look takes some seconds: the last one begins after the time. */
async function freed(tools: Tools, deployer: Deployer, application: Application): Promise<Verdict> {
  const began = tools.clock.nowMs();
  let lock = "";
  for (let asked = 0; lock !== "free" && asked < freeSeconds * 1000; await tools.clock.sleep(1)) {
    asked = tools.clock.nowMs() - began;
    const { output } = await deployer.cap("deploy:status", application);
    lock = /^lock +(.*)$/m.exec(output)?.[1]?.trim() ?? lastLineOf(output);
  }
  return {
    goal: `the lock for ${application} is free`,
    wanted: `within ${freeSeconds} s`,
    got: `${lock} after ${((tools.clock.nowMs() - began) / 1000).toFixed(0)} s`,
    met: lock === "free",
  };
}

/** 50 deployments and 50 rollbacks, 25 bad releases, 8 kills, 4 deployments just after a repair, 20 repairs in the middle of one. */
export const experimentsWith = (deployer: Deployer): Experiment[] => [
  ...numbers(5).map((number) => deployment(deployer, number)),
  bad(deployer, 1, both),
  bad(deployer, 2, both),
  bad(deployer, 3, ["front"]),
  killed(deployer, 1, "alone"),
  killed(deployer, 2, "all"),
  repairThenDeploy(deployer, 1, "serves"),
  repairThenDeploy(deployer, 2, "boots"),
  ...numbers(5).map((number) => repair(deployer, number)),
];
