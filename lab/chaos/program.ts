/** What the programs have in common that experiment with an environment: the chaos suite, the upgrade, the bench. */
import { InvalidArgumentError } from "commander";

/** The value of an option that must be above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("it must be a number above 0");
  return value;
}

/** The value of an option that says how many. */
export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("it must be a whole number above 0");
  return value;
}

/** Says each message with the seconds since now. */
export function sayer(started = Date.now()): (message: string) => void {
  return (message) => console.log(`${((Date.now() - started) / 1000).toFixed(1).padStart(8)} s  ${message}`);
}

/**
 * Aborted by Ctrl-C and SIGTERM; Ctrl-C once more ends the process at once.
 *
 * @param before What is done first, to be said after the first Ctrl-C.
 */
export function endedBySignals(before: string): AbortSignal {
  const stop = new AbortController();
  process.on("SIGINT", () => {
    if (stop.signal.aborted) process.exit(130);
    console.error(`\nending: ${before}; press again to leave at once`);
    stop.abort(new Error("ended by Ctrl-C"));
  });
  process.on("SIGTERM", () => stop.abort(new Error("ended by a signal")));
  return stop.signal;
}
