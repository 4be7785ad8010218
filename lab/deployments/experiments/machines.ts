/** What the machines with an application have and run. */
import type { Verdict } from "../../chaos/goals.ts";
import type { Tools } from "../../chaos/tools.ts";
import type { Application } from "../capistrano.ts";

export const machinesOf = async (tools: Tools, application: Application) =>
  (await tools.status()).machines.filter(({ tier, state }) => tier === application && state !== "terminating");

/** What `platform-release status` says of an application. */
interface OnMachine {
  release?: string | null;
  trying?: boolean;
  running?: string[];
  deployed?: string;
}

/** The releases that the machines with an application have and run, and that which is deployed: each once. */
export async function releasesOn(tools: Tools, application: Application): Promise<string[]> {
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

/** @param allowed The releases of which all machines may have one, which is the deployed one. */
export async function everywhere(tools: Tools, application: Application, ...allowed: string[]): Promise<Verdict> {
  const found = await releasesOn(tools, application);
  return {
    goal: `every machine of ${application} has what is deployed`,
    wanted: allowed.join(" or "),
    got: found.join(", "),
    met: allowed.includes(found.join()),
  };
}
