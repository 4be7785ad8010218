/** Deployments around the loss of a machine, in whose place another one is born. */
import { chosen } from "../../chaos/disturbed.ts";
import type { Experiment } from "../../chaos/experiment.ts";
import type { Verdict } from "../../chaos/goals.ts";
import type { Result } from "../../commands.ts";
import { Lack, until } from "../../polling.ts";
import { exitStatus, type Application } from "../capistrano.ts";
import { ended, type Deployer } from "./deployer.ts";
import { everywhere, machinesOf } from "./machines.ts";
import { both, drawn, keptInLosses, numbers, underLoad, type Play } from "./underLoad.ts";

/** Within which a machine may be lost after a deployment began: it takes 70 s for front and 33 s for back. */
const lossWithinSeconds: Record<Application, number> = { front: 60, back: 27 };

/** Takes the power from one of the machines of an application, after some seconds; returns those that there were. */
async function lose({ tools, application }: Play, words: string, afterSeconds: number) {
  const machines = await machinesOf(tools, application);
  const lost = chosen(machines, words);
  if (!lost) throw new Error(`no machine of ${application}`);
  await tools.clock.sleep(afterSeconds);
  await tools.kill(lost.name, "power");
  tools.say(`${lost.name} lost its power after ${afterSeconds.toFixed(1)} s`);
  return { machines, lost, afterSeconds };
}

type Losing = Awaited<ReturnType<typeof lose>>;

/** Whether the deployment had not ended when the machine was lost. */
const inTheMiddle = (application: Application, { seconds }: Result, { afterSeconds }: Losing): Verdict => ({
  goal: `a machine of ${application} is lost in the middle of a deployment`,
  wanted: `before its ${seconds.toFixed(0)} s are over`,
  got: `after ${afterSeconds.toFixed(1)} s`,
  met: afterSeconds < seconds,
});

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
export const repair = (deployer: Deployer, number: number): Experiment => {
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
        lose(play, words, lossWithinSeconds[application] * drawn(`${words} when`)),
      ]);
      verdicts.push(
        inTheMiddle(application, result, losing),
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
export const repairThenDeploy = (deployer: Deployer, number: number, when: "boots" | "serves"): Experiment => {
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
