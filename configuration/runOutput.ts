/** What a run of Ansible prints, in the form that the command provider takes and shows. Pure. */

/** Longest line that is passed on, in characters. The command provider never returns from one of 64 KiB. */
const longestLine = 8_000;
/** How much of a failure's message the summary repeats. */
const messageLines = 15;
const messageCharacters = 500;

/** Cuts a line into pieces of at most `longest` characters. */
export function fold(line: string, longest = longestLine): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < line.length; at += longest) pieces.push(line.slice(at, at + longest));
  return pieces.length === 0 ? [""] : pieces;
}

/** A line of the file that `ansible/callback_plugins/failures.py` writes. */
interface Failure {
  /** Name in the inventory. */
  host: string;
  task: string;
  message: string;
  /** `lost`: a machine that had answered before. `silent`: one that did not answer from the beginning. */
  how: "failed" | "lost" | "silent";
}

function parse(failures: string): Failure[] {
  const lines = failures.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Failure);
}

/** One paragraph for each failure: machine, task and message. Empty when nothing failed. */
export function summarize(failures: string): string {
  return parse(failures)
    .map(({ host, task, message }) => {
      const shown = message.split("\n").slice(0, messageLines).map(shorten);
      return [`${host}: task "${task}" failed`, ...shown.map((each) => `    ${each}`), ""].join("\n");
    })
    .join("");
}

/**
 * Machines that were lost in mid-run, sorted: those that another run would leave out. None where a task failed on a
 * machine that answers, for it would fail again.
 */
export function lostMachines(failures: string): string[] {
  const found = parse(failures);
  const hosts = (how: Failure["how"]) => found.filter((failure) => failure.how === how).map(({ host }) => host);
  const [lost, silent] = [hosts("lost"), hosts("silent")];
  const failed = hosts("failed").filter((host) => !lost.includes(host) && !silent.includes(host));
  return failed.length > 0 ? [] : [...new Set(lost)].sort();
}

function shorten(line: string): string {
  return line.length > messageCharacters ? `${line.slice(0, messageCharacters)}...` : line;
}
