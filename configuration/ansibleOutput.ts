/** Reads Ansible's output as it comes: folds long lines, and remembers which task failed on which machine. Pure. */

/** Longest line that is passed on, in characters. The command provider never returns from one of 64 KiB. */
export const longestLine = 8_000;
/** Lines of a failure's message that the summary repeats. */
const messageLines = 15;

/** Cuts a line into pieces of at most `longest` characters. */
export function fold(line: string, longest = longestLine): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < line.length; at += longest) pieces.push(line.slice(at, at + longest));
  return pieces.length === 0 ? [""] : pieces;
}

interface Failure {
  host: string;
  task: string;
  message: string[];
}

/** Follows a run line by line. */
export class RunReader {
  private partial = "";
  private task = "(before the first task)";
  private readonly failures: Failure[] = [];
  private current: Failure | undefined;

  /** Takes a piece of output and returns the complete lines in it, folded. */
  read(chunk: string): string[] {
    const lines = (this.partial + chunk).split("\n");
    this.partial = lines.pop() ?? "";
    // A line without an end must not gather in memory.
    if (this.partial.length > longestLine) {
      lines.push(this.partial);
      this.partial = "";
    }
    return lines.flatMap((line) => this.line(line));
  }

  /** The rest at the end of the output. */
  end(): string[] {
    const rest = this.partial;
    this.partial = "";
    return rest === "" ? [] : this.line(rest);
  }

  /** One paragraph for each failure: machine, task and message. Empty when nothing failed. */
  summary(): string {
    return this.failures
      .map(({ host, task, message }) =>
        [`${host}: task "${task}" failed`, ...message.map((line) => `    ${line}`)].join("\n"),
      )
      .join("\n");
  }

  private line(line: string): string[] {
    const heading = /^(?:TASK|RUNNING HANDLER|PLAY RECAP|PLAY) ?(?:\[(.*)\])? \*+$/.exec(line);
    const failure = /^(?:fatal|failed): \[([^\]]+)\]:?(.*)$/.exec(line);
    if (heading) {
      this.current = undefined;
      if (heading[1] !== undefined) this.task = heading[1];
    } else if (failure) {
      // `host -> other` names the machine to which the task was delegated.
      const [host = ""] = (failure[1] ?? "").split(" -> ");
      this.current = { host, task: this.task, message: [] };
      this.addMessage(failure[2]?.replace(/^.*?=> ?/, "") ?? "");
      this.failures.push(this.current);
    } else if (line === "...ignoring") {
      this.failures.pop();
      this.current = undefined;
    } else if (this.current) {
      if (line.startsWith(" ")) this.addMessage(line.trim());
      else this.current = undefined;
    }
    return fold(line);
  }

  private addMessage(text: string): void {
    if (this.current && text !== "" && this.current.message.length < messageLines) {
      this.current.message.push(text.length > 500 ? `${text.slice(0, 500)}...` : text);
    }
  }
}
