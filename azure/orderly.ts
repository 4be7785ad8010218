/**
 * How a command that changes something ends: in order where this process is told to stop, and with this process where
 * that is killed. It runs in a session of its own, so that neither a terminal nor a signal to this process's group
 * reaches it besides: Pulumi takes a second signal as the wish to leave at once.
 */
import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Duplex } from "node:stream";

/** Descriptor of the pipe by which the command's session knows that this process lives. */
const alive = 3;

/** The words by which the command is started, `detached` and with a pipe as its fourth descriptor. */
export const inOwnSession = (command: readonly string[]): [string, string[]] => [
  "sh",
  // The pipe ends without a line where this process was killed.
  ["-c", `(read -r _ <&${alive} || kill -KILL 0) >/dev/null 2>&1 & exec "$@" ${alive}<&-`, "sh", ...command],
];

/** Within this, a second Ctrl-C is the same one: `timeout` tells a process, and then its group. */
const sameMilliseconds = 1000;

/**
 * Passes signals on to the command until it ends: one, and further ones of Ctrl-C.
 *
 * @returns what tells the exit status for a signal, once one has come.
 */
export function passSignals(child: ChildProcess): () => number | undefined {
  let first: { signal: NodeJS.Signals; atMs: number } | undefined;
  const pass = (signal: NodeJS.Signals) => {
    if (first && (signal !== "SIGINT" || Date.now() < first.atMs + sameMilliseconds)) return;
    first ??= { signal, atMs: Date.now() };
    // Pulumi ends in order by these two only.
    child.kill(signal === "SIGINT" ? "SIGINT" : "SIGTERM");
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, pass);
  const pipe = child.stdio[alive] as Duplex;
  pipe.on("error", () => {});
  child.on("exit", () => {
    for (const signal of signals) process.off(signal, pass);
    pipe.end("\n");
  });
  return () => first && 128 + constants.signals[first.signal];
}
