/** One round: an `up` is killed, and the next one, the preview and the tour show whether that is made good. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "../chaos/goals.ts";
import { holds, type PollingClock } from "../polling.ts";
import type { How, Round } from "./plan.ts";

/** A command that has ended. */
export interface Ended {
  status: number | null;
  output: string;
  seconds: number;
}

/** An `up` that is killed. */
export interface Interruptible {
  ended: Promise<number | null>;
  kill(how: How): Promise<void>;
  /** Kills what is left of it. */
  killAll(): Promise<void>;
  left(): { command: string }[];
}

/** What is done with the stack. `settings` are those of the stack file for this command. */
export interface Tools extends PollingClock {
  destroy(): Promise<void>;
  /** Previews an `up`, for a record that is its approval. */
  approve(settings: readonly string[], approved: string): Promise<void>;
  /** Starts an `up` whose output goes to a file; with an approval it is a `delivery up`. */
  begin(settings: readonly string[], log: string, approved?: string): Interruptible;
  up(settings: readonly string[], log: string, approved?: string): Promise<Ended>;
  /** A preview that fails where there is a change. */
  preview(settings: readonly string[]): Promise<Ended>;
  tour(): Promise<Ended>;
  /** Operations that the state has as under way. */
  pending(): Promise<number>;
  /** As many machines as wanted, healthy and in rotation, in time. */
  becomesWhole(): Promise<boolean>;
}

export interface Interruption {
  /** Seconds from the beginning of the `up` to its end by SIGKILL. */
  killedAfter: number;
  /** What it had said last. */
  lastLine: string;
  /** What the next `up` took, in seconds. */
  next: number;
  /** The next `up` had to take up what was being made. */
  recovered: boolean;
  /** A `delivery up` that went on with the approval with which the killed one had begun to apply. */
  resumed: boolean;
  verdicts: Verdict[];
}

/** Seconds after which nothing may be left of an `up` that was killed: a plugin looks every second for its engine. */
const lastsSeconds = 30;

/**
 * Does a round. The stack stands as before the round, or as after it.
 *
 * @param seconds The moment, from the beginning of the `up`.
 * @returns what it took, where the `up` ended before the moment.
 * @throws where the `up` failed by itself.
 */
export async function interrupt(
  { form, work: { settings, fromNothing }, how }: Pick<Round, "form" | "work" | "how">,
  seconds: number,
  tools: Tools,
  directory: string,
): Promise<Interruption | { endedAfter: number }> {
  if (fromNothing) await tools.destroy();
  const log = join(directory, "killed.log");
  const approved = form === "delivery up" ? join(directory, "approved.json") : undefined;
  if (approved !== undefined) await tools.approve(settings, approved);
  const began = tools.nowMs();
  const passed = () => (tools.nowMs() - began) / 1000;
  const up = tools.begin(settings, log, approved);
  const ended = await Promise.race([up.ended.then((status) => ({ status })), tools.sleep(seconds)]);
  if (ended) {
    if (ended.status !== 0) throw new Error(`the up failed before it was killed (${ended.status}); see ${log}`);
    return { endedAfter: passed() };
  }
  await up.kill(how);
  const killedAfter = passed();
  // It was just at its end: nothing was interrupted.
  if ((await up.ended) === 0) return { endedAfter: killedAfter };
  const leftovers = leftOf(up, tools);
  // At once, as a pipeline that is started again.
  const next = await tools.up(settings, join(directory, "next.log"), approved);
  const left = await leftovers;
  const verdicts = [
    verdict("the next up completed", "status 0", `status ${next.status}`, next.status === 0),
    verdict("nothing of the killed one ran on", "nothing", left.join("; ") || "nothing", left.length === 0),
  ];
  // The rest would say the same once more.
  if (next.status === 0) {
    const pending = await tools.pending();
    const whole = await tools.becomesWhole();
    const preview = await tools.preview(settings);
    const tour = await tools.tour();
    verdicts.push(
      verdict("no operation is pending", "0", `${pending}`, pending === 0),
      verdict("as many machines as wanted, healthy and in rotation", "in the end", whole ? "yes" : "no", whole),
      verdict("preview shows no change", "none", changes(preview), preview.status === 0),
      verdict("the tour answers", "status 0", `status ${tour.status}`, tour.status === 0),
    );
  }
  const recovered = next.output.includes("was killed; what it had begun to make is looked for");
  const resumed = next.output.includes("the apply of this approval has begun before and did not end");
  return { killedAfter, lastLine: lastLineOf(log), next: next.seconds, recovered, resumed, verdicts };
}

const verdict = (goal: string, wanted: string, got: string, met: boolean): Verdict => ({ goal, wanted, got, met });

/** What is left of a killed `up` after a while; it is killed then. */
async function leftOf(up: Interruptible, clock: PollingClock): Promise<string[]> {
  const gone = () => up.left().length === 0;
  if (await holds(gone, { timeoutSeconds: lastsSeconds, intervalSeconds: 0.5, clock })) return [];
  const left = up.left().map(({ command }) => command.slice(0, 100));
  await up.killAll();
  return left;
}

/** The lines of a preview that tell a change. */
function changes({ status, output }: Ended): string {
  if (status === 0) return "none";
  const lines = output.split("\n").filter((line) => /^\s*([-+~]|\+-|-\+|error)/.test(line));
  return lines.join(" | ").slice(0, 300) || `status ${status}`;
}

function lastLineOf(log: string): string {
  return (readFileSync(log, "utf8").trimEnd().split("\n").at(-1) ?? "").trim().slice(0, 120);
}
