/** Deployments while the applications are used, each taken back by name. */
import type { Experiment } from "../../chaos/experiment.ts";
import { exitStatus } from "../capistrano.ts";
import { ended, type Deployer } from "./deployer.ts";
import { everywhere } from "./machines.ts";
import { both, kept, numbers, underLoad } from "./underLoad.ts";
import type { Verdict } from "../../chaos/goals.ts";

export const deployment = (deployer: Deployer, number: number): Experiment => {
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
