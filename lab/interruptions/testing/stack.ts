/** A stack in the time of its own clock, for tests. */
import { writeFileSync } from "node:fs";
import type { Ended, Interruptible, Tools } from "../interruption.ts";

export const fine: Ended = { status: 0, output: "", seconds: 90 };
export const settings = ["tiers.back.instances=3"];

export interface Given extends Partial<Omit<Tools, "begin">> {
  /** When the first `up` ends by itself, or all do, and how. */
  ends?: { after: number; status: number; once?: true };
  /** It ends by itself in the moment of the kill. */
  endsAtKill?: boolean;
  /** Seconds for which something of it runs on after the kill. */
  runsOn?: number;
}

/** The stack, and all that was done with it. */
export function stack({ ends, endsAtKill = false, runsOn = 0, ...given }: Given = {}) {
  const done: string[] = [];
  let now = 0;
  let killedAt: number | undefined;
  let begun = 0;
  const up = (log: string): Interruptible => {
    let end: (status: number | null) => void = () => {};
    const ended = new Promise<number | null>((resolve) => (end = resolve));
    writeFileSync(log, "Updating (dev):\n +  azure-native:network:Subnet back creating\n");
    if (ends && (!ends.once || ++begun === 1)) {
      now += ends.after * 1000;
      end(ends.status);
    }
    return {
      ended,
      kill: (how) => {
        done.push(`kill ${how}`);
        killedAt = now;
        end(endsAtKill ? 0 : null);
        return Promise.resolve();
      },
      killAll: () => {
        done.push("kill what is left");
        return Promise.resolve();
      },
      left: () => (killedAt !== undefined && now < killedAt + runsOn * 1000 ? [{ command: "ansible-playbook" }] : []),
    };
  };
  const tools: Tools = {
    destroy: () => Promise.resolve(void done.push("destroy")),
    approve: (its, approved) => {
      done.push(`approve ${its.join()}`);
      writeFileSync(approved, "{}");
      return Promise.resolve();
    },
    begin: (its, log, approved) => {
      done.push(`begin ${approved === undefined ? "" : "with approval "}${its.join()}`);
      return up(log);
    },
    up: (its, log, approved) => {
      done.push(`up ${approved === undefined ? "" : "with approval "}${its.join()}`);
      writeFileSync(log, fine.output);
      return Promise.resolve(fine);
    },
    preview: (its) => {
      done.push(`preview ${its.join()}`);
      return Promise.resolve(fine);
    },
    tour: () => Promise.resolve(fine),
    pending: () => Promise.resolve(0),
    becomesWhole: () => Promise.resolve(true),
    sleep: async (seconds) => {
      // What has ended before comes first.
      await new Promise(setImmediate);
      now += seconds * 1000;
    },
    nowMs: () => now,
    ...given,
  };
  return { tools, done };
}
