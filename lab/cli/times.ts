/** What the parts of a command took: for its user, and for the summary of `make lab`. */
import { appendFileSync } from "node:fs";

/** Does the work and tells what it took, also in the file PLATFORM_TIMES where there is one. */
export async function timed<Result>(part: (result: Result) => string, work: () => Promise<Result>): Promise<Result> {
  const started = performance.now();
  const result = await work();
  const line = `${String(Math.round((performance.now() - started) / 1000)).padStart(6)} s  ${part(result)}\n`;
  process.stderr.write(line);
  if (process.env.PLATFORM_TIMES) appendFileSync(process.env.PLATFORM_TIMES, line);
  return result;
}
