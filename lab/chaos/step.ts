/** A load of some seconds at one rate, and what it got; and the calm between two of them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Lack, until } from "../polling.ts";
import { clientsPlan, idsOf } from "./clients.ts";
import { compress } from "./compress.ts";
import { between, failed } from "./history.ts";
import { servingOf, type Serving } from "./serving.ts";
import type { Tools } from "./tools.ts";
import { wholeness } from "./watch.ts";

export interface Place {
  tools: Tools;
  /** How many machines of each kind there should be. */
  wanted: Record<string, number>;
  seed: number;
  /** Where histories are left. */
  directory: string;
}

export interface Step {
  /** Of its folder and in the IDs of what it writes. */
  name: string;
  /** Requests a second. */
  rate: number;
  seconds: number;
  /** So long at its beginning nothing is counted. */
  warmUpSeconds: number;
}

/** How long a client of a step waits: long after an answer is of use, and not so long that the next step must wait. */
export const stepTimeoutSeconds = 10;

/** Requests a second that show whether it is calm, for how long, and how many milliseconds an answer may take then. */
const light = { rate: 20, seconds: 3, latency: 500 };

export async function measureStep({ tools, seed, directory }: Omit<Place, "wanted">, step: Step): Promise<Serving> {
  const { clock } = tools;
  const { name, rate, seconds, warmUpSeconds } = step;
  const place = join(directory, name);
  mkdirSync(place, { recursive: true });
  const { urls } = await tools.status();
  const begin = clock.nowMs();
  const ids = `${idsOf("m", begin)}-${name}`;
  const plan = { urls, rate, longestSeconds: seconds, seed, ids, timeoutSeconds: stepTimeoutSeconds };
  const load = tools.load(clientsPlan(plan), place);
  try {
    // It ends by itself, a moment later than it was started.
    await clock.sleep(seconds + 0.5);
  } finally {
    await load.stop();
  }
  const records = await load.records();
  if (records.length === 0) throw new Error(`no request was sent: see ${join(place, "load.log")}`);
  await compress(place);
  return servingOf(records, rate, begin + warmUpSeconds * 1000, begin + seconds * 1000);
}

/** Waits until the environment is whole and serves a light load quickly: what an overload left behind is over. */
export async function untilCalm({ tools, wanted, seed, directory }: Place, timeoutSeconds: number): Promise<void> {
  const { clock } = tools;
  const place = join(directory, "calm");
  mkdirSync(place, { recursive: true });
  const { urls } = await tools.status();
  const from = clock.nowMs();
  const { rate, seconds, latency } = light;
  const plan = {
    urls,
    rate,
    longestSeconds: timeoutSeconds + 60,
    seed,
    ids: idsOf("l", from),
    timeoutSeconds: stepTimeoutSeconds,
  };
  const load = tools.load(clientsPlan(plan), place);
  const look = async () => {
    const status = await wholeness(tools, wanted);
    if (status instanceof Lack) return status;
    // The generator writes what is a second old.
    const end = clock.nowMs() - 1500;
    const begin = end - seconds * 1000;
    if (begin < from) return new Lack("it has just begun");
    const window = between(await load.records(), begin, end);
    const good = window.filter((record) => !failed(record) && record.latency <= latency).length;
    return good === window.length && good >= (rate * seconds) / 2
      ? true
      : new Lack(`${good} of ${window.length} requests were answered well within ${latency} ms`);
  };
  try {
    await until("it is calm", look, { timeoutSeconds, intervalSeconds: 1, clock });
  } finally {
    await load.stop();
  }
}
