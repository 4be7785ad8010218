/**
 * A slow link: a token bucket at each of its ends. Both belong to the machine's link, so they end with its namespace.
 * A packet waits only behind others; a constant delay would need netem, which not every kernel has.
 */
import { run } from "../host.ts";
import { inside } from "../namespace.ts";

export interface LinkEnd {
  namespace: string;
  device: string;
}

/** 1 Mbit/s; packets wait up to 200 ms for their turn, and are dropped where they would wait longer. */
const bucket = ["tbf", "rate", "1mbit", "burst", "16kb", "latency", "200ms"];

export async function slowLink(ends: readonly LinkEnd[]): Promise<void> {
  for (const { namespace, device } of ends)
    await run([...inside(namespace), "tc", "qdisc", "replace", "dev", device, "root", ...bucket]);
}

/** Takes the buckets away; does nothing where there are none. */
export async function speedUpLink(ends: readonly LinkEnd[]): Promise<void> {
  for (const { namespace, device } of ends) {
    const { stdout } = await run([...inside(namespace), "tc", "qdisc", "show", "dev", device, "root"]);
    if (stdout.includes("tbf")) await run([...inside(namespace), "tc", "qdisc", "del", "dev", device, "root"]);
  }
}
