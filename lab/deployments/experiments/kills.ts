/** Deployments that are killed, and what completes them. */
import type { Experiment } from "../../chaos/experiment.ts";
import type { Verdict } from "../../chaos/goals.ts";
import type { Tools } from "../../chaos/tools.ts";
import { exitStatus, type Application, type Killing } from "../capistrano.ts";
import { ended, type Deployer } from "./deployer.ts";
import { everywhere } from "./machines.ts";
import { both, drawn, kept, underLoad, type Play } from "./underLoad.ts";

/** Within which `cap` may be killed, from before it has the lock until after the pointer has moved. */
const killWithinSeconds = 75;
/** Of one that ends before it can be killed. */
const killAttempts = 3;
/** Of timeout(1), for a command that it had to kill; where the whole group is killed there is none. */
const killedStatus = 137;
/** In which the lock of one that was killed is free: docs/deployment.md. */
const freeSeconds = 60;

/** `cap` is killed at some moment: `deploy:complete`, or the next deployment, makes that good. */
export const killed = (deployer: Deployer, number: number, how: Killing["how"]): Experiment => {
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
