/** The rounds, one after the other, each from the stack as it is to stand before. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { verdictText } from "../chaos/report.ts";
import { interrupt, type Tools } from "./interruption.ts";
import { buildSeconds, previewSeconds, type Round } from "./plan.ts";
import type { InterruptionsRecord } from "./record.ts";

/**
 * Plays those that the record does not have, until all are played or the signal comes; a round goes on to its end. A new
 * record begins with a build, which tells how fast the host is.
 */
export async function playRounds(
  rounds: readonly Round[],
  record: InterruptionsRecord,
  tools: Tools,
  say: (message: string) => void,
  stop: AbortSignal,
): Promise<void> {
  const { directory } = record;
  const { stack } = record.options;
  /** Settings with which the stack stands, as far as that is known. */
  let standing: string | undefined;
  const bring = async (settings: readonly string[], log: string) => {
    const { status, output, seconds } = await tools.up(settings, log);
    if (status !== 0) throw new Error(`bin/lab up ${stack} ended with ${status}:\n${output.trim().slice(-1500)}`);
    standing = settings.join("\n");
    return seconds;
  };
  if (record.build === undefined) {
    say("building, to know what that takes on this host");
    await tools.destroy();
    record.built(await bring([], join(directory, "build.log")));
  }
  const pace = (record.build ?? buildSeconds) / buildSeconds;

  for (const round of rounds) {
    const { number, form, work, before, share, how } = round;
    if (stop.aborted) return;
    if (record.has(number)) continue;
    const place = join(directory, String(number).padStart(2, "0"));
    // Of a round that was broken off.
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place);
    const done = { round: number, form, work: work.name, how };
    try {
      for (;;) {
        if (!work.fromNothing && standing !== before.join("\n")) await bring(before, join(place, "before.log"));
        standing = undefined;
        const whole = record.took(round) ?? (work.seconds + (form === "delivery up" ? previewSeconds : 0)) * pace;
        const seconds = share * whole;
        say(
          `${number} of ${rounds.length}: ${form}, ${work.name}; ${how} killed after ${seconds.toFixed(1)} of some ${whole.toFixed(0)} s`,
        );
        const interruption = await interrupt(round, seconds, tools, place);
        if ("endedAfter" in interruption) {
          say(`it had ended after ${interruption.endedAfter.toFixed(1)} s; once more`);
          record.ended(round, interruption.endedAfter);
          continue;
        }
        say(`killed after "${interruption.lastLine}"; the next up took ${interruption.next.toFixed(0)} s`);
        for (const verdict of interruption.verdicts) say(verdictText(verdict));
        if (interruption.verdicts.every(({ met }) => met)) standing = work.settings.join("\n");
        record.add({ ...done, interruption });
        break;
      }
    } catch (error) {
      const trouble = error instanceof Error ? error.message : String(error);
      say(`NOT FINISHED  ${trouble}`);
      record.add({ ...done, trouble });
    }
  }
  record.finish();
}
