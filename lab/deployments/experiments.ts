/** The experiments: each deploys under load, and holds what clients and machines saw against its goals. */
import type { Context, Experiment, Report } from "../chaos/experiment.ts";
import { becameWhole, loadWasKept, noRequestFailed, writesWereKept, type Verdict } from "../chaos/goals.ts";
import { chosen, runScenario } from "../chaos/disturbed.ts";
import type { Scenario } from "../chaos/scenarios.ts";
import type { Tools } from "../chaos/tools.ts";
import type { Result } from "../commands.ts";
import { shortHash } from "../fabric/names.ts";
import { badKinds, type BadKind } from "./badReleases.ts";
import { cap, exitStatus, type Application } from "./capistrano.ts";
import { publishRelease } from "./releases.ts";
import { stepsIn } from "./told.ts";

/** Of a bad release, from the machine's leaving its rotation until it serves what it served. */
const backSeconds = 15;
/** Within which a machine may be lost after a deployment began, which takes longer. */
const lossWithinSeconds = 45;

/** Builds and publishes releases, and runs Capistrano: `publishRelease` and `cap` for one stack. Tests have another. */
export interface Deployer {
  publish(application: Application, words: string, bad?: BadKind): Promise<string>;
  cap(task: string, application: Application, release?: string): Promise<Result>;
}

export const realDeployer = (stack: string): Deployer => ({
  publish: (application, words, bad) => publishRelease(stack, application, words, bad),
  cap: (task, application, release) => cap(stack, task, application, release),
});

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const applicationOf = (number: number): Application => (number % 2 === 1 ? "front" : "back");

/** The releases that the machines with an application have, and that which is deployed: each once. */
async function releasesOn(tools: Tools, application: Application): Promise<string[]> {
  const { machines } = await tools.status();
  const found = await Promise.all(
    machines
      .filter(({ tier, state }) => tier === application && state !== "terminating")
      .map(async ({ name }) => {
        const text = await tools.sudo(name, "platform-release status", 60).catch(() => "{}");
        const { [application]: found } = JSON.parse(text) as Record<string, { release: string; deployed?: string }>;
        return [found?.release ?? `none on ${name}`, found?.deployed ?? "none"];
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

async function everywhere(tools: Tools, application: Application, release: string): Promise<Verdict> {
  const found = await releasesOn(tools, application);
  return {
    goal: "every machine has what is deployed",
    wanted: release,
    got: found.join(", "),
    met: found.join() === release,
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
  /** The same for the same run of the same experiment. */
  words: string;
  /** The release that is deployed in the beginning. */
  before: string;
}

/** Does something under load, and adds its own verdicts to those of the load. */
async function underLoad(
  { name, title }: Pick<Experiment, "name" | "title">,
  goals: Scenario["goals"],
  deployer: Deployer,
  application: Application,
  play: (play: Play) => Promise<Verdict[]>,
  context: Context,
): Promise<Report> {
  const { tools } = context;
  const before = await deployedNow(tools, deployer, application);
  const own: Verdict[] = [];
  const report = await runScenario(
    {
      name,
      title,
      goals,
      disturb: async () => {
        const at = tools.clock.nowMs();
        const words = `${context.seed} ${name} ${context.run}`;
        own.push(...(await play({ tools, words, before })));
        return at;
      },
    },
    context,
  );
  return { ...report, verdicts: [...own, ...report.verdicts] };
}

const kept = [loadWasKept, noRequestFailed, writesWereKept, becameWhole];

/** Five deployments, each taken back by name. */
const deployment = (deployer: Deployer, number: number): Experiment => {
  const application = applicationOf(number);
  const named = {
    name: `deployments-${number}`,
    title: `five releases of ${application} are deployed and rolled back`,
  };
  const play = async ({ tools, words, before }: Play) => {
    const verdicts: Verdict[] = [];
    for (const turn of numbers(5)) {
      const release = await deployer.publish(application, `${words} ${turn} ${tools.clock.nowMs()}`);
      verdicts.push(
        ended(`deployment ${turn}`, await deployer.cap("deploy", application, release), exitStatus.done),
        await everywhere(tools, application, release),
        ended(`rollback ${turn}`, await deployer.cap("deploy:rollback", application, before), exitStatus.done),
        await everywhere(tools, application, before),
      );
      tools.say(`${named.name}: ${turn} of 5`);
    }
    return verdicts;
  };
  return { ...named, run: (context) => underLoad(named, kept, deployer, application, play, context) };
};

/** One bad release of each kind: nobody sees it. */
const bad = (deployer: Deployer, number: number): Experiment => {
  const application = applicationOf(number);
  const named = { name: `bad-${number}`, title: `bad releases of ${application}: ${badKinds.join(", ")}` };
  const play = async ({ tools, words, before }: Play) => {
    const verdicts: Verdict[] = [];
    for (const kind of badKinds) verdicts.push(...(await deployBad(tools, deployer, application, kind, words, before)));
    return verdicts;
  };
  return { ...named, run: (context) => underLoad(named, kept, deployer, application, play, context) };
};

/** Deploys a bad release, and tells whether it was away in time. */
async function deployBad(
  tools: Tools,
  deployer: Deployer,
  application: Application,
  kind: BadKind,
  words: string,
  before: string,
): Promise<Verdict[]> {
  const release = await deployer.publish(application, `${words} ${kind} ${tools.clock.nowMs()}`, kind);
  const result = await deployer.cap("deploy", application, release);
  const [step, ...more] = stepsIn(result.output);
  const seconds = step ? step.seconds - (await noticeSeconds(tools, application)) : NaN;
  tools.say(`${kind}: back after ${seconds.toFixed(1)} s`);
  return [
    ended(`${kind} is refused`, result, exitStatus.wentBack),
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
  const machine = (await tools.status()).machines.find(({ tier }) => tier === application);
  if (!machine) throw new Error(`no machine of ${application}`);
  const { notice } = JSON.parse(await tools.sudo(machine.name, "cat /etc/platform/drain.json", 60)) as {
    notice: number;
  };
  return 2 * notice;
}

/** A machine loses its power at some moment of a deployment, and is repaired: another one is born. */
const repair = (deployer: Deployer, number: number): Experiment => {
  const application = applicationOf(number);
  const named = {
    name: `repair-${number}`,
    title: `a ${application} machine is repaired in the middle of a deployment`,
  };
  const play = async ({ tools, words }: Play) => {
    const release = await deployer.publish(application, `${words} ${tools.clock.nowMs()}`);
    const machines = (await tools.status()).machines.filter(({ tier }) => tier === application);
    const lost = chosen(machines, words);
    if (!lost) throw new Error(`no machine of ${application}`);
    const after = (parseInt(shortHash(`${words} when`), 16) % (lossWithinSeconds * 10)) / 10;
    const [result] = await Promise.all([
      deployer.cap("deploy", application, release),
      tools.clock.sleep(after).then(async () => {
        await tools.kill(lost.name, "power");
        tools.say(`${lost.name} lost its power ${after} s after the deployment began`);
      }),
    ]);
    const there = (await tools.status()).machines.filter(({ tier }) => tier === application);
    const born = there.filter(({ name }) => !machines.some((one) => one.name === name));
    return [
      ended("the deployment", result, exitStatus.done),
      await everywhere(tools, application, release),
      {
        goal: "the machine was replaced before the deployment ended",
        wanted: "1 new machine, without the lost one",
        got: `${born.length} new, ${there.some(({ name }) => name === lost.name) ? "with" : "without"} the lost one`,
        met: born.length === 1 && !there.some(({ name }) => name === lost.name),
      },
    ];
  };
  // Where one of two machines is out of rotation as the other one is lost, nobody is left: failures are figures only.
  const goals = [loadWasKept, writesWereKept, becameWhole];
  return { ...named, run: (context) => underLoad(named, goals, deployer, application, play, context) };
};

export const experimentsWith = (deployer: Deployer): Experiment[] => [
  ...numbers(10).map((number) => deployment(deployer, number)),
  ...numbers(5).map((number) => bad(deployer, number)),
  ...numbers(20).map((number) => repair(deployer, number)),
];
