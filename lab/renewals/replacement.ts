/** A proxy is replaced: another one comes, and it leaves once that one is in rotation. */
import { Lack, until } from "../polling.ts";
import type { Days } from "./days.ts";
import { mayLeave, type Event, type Plan } from "./plan.ts";
import { chosen, type Served, type Tools } from "./tools.ts";

export interface Replaced {
  removed: string;
  /** The new one. */
  machine: string;
  /** Seconds from its order until it was in rotation. */
  seconds: number;
  /** What it answered the moment a load balancer took it. */
  served: Served[];
}

/** A new proxy waits for a vault that is away. */
const patienceSeconds = 600;
/** Between two looks at the load balancer. */
const lookSeconds = 0.25;

export async function replace(plan: Plan, { choice }: Event, tools: Tools, days: Days): Promise<Replaced> {
  const { clock } = tools;
  const { names, inRotation } = await tools.proxies();
  const leaving = chosen(inRotation, choice);
  const began = clock.nowMs();
  await tools.grow();
  const newcomer = async () =>
    (await tools.proxies()).inRotation.find(({ name }) => !names.includes(name)) ?? new Lack("none is taken");
  const options = { timeoutSeconds: patienceSeconds, intervalSeconds: lookSeconds, clock };
  const proxy = await until("a new proxy in rotation", newcomer, options);
  const seconds = (clock.nowMs() - began) / 1000;
  const served = await Promise.all(plan.hosts.map((host) => tools.served(proxy, host)));
  while (!mayLeave(plan, days.now())) await days.until(days.now() + 0.1);
  await tools.remove(leaving);
  return { removed: leaving.name, machine: proxy.name, seconds, served };
}
