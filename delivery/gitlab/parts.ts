/** What notes and issues are made of, in GitLab's Markdown, for words of others. Pure. */
import type { Origin } from "./marker.ts";
import { code, differenceBlock, type DifferenceLine, lineOf, shortened } from "./markup.ts";

/** The job that made a record, as GitLab knows it. */
export interface Source extends Origin {
  /** Commit that was previewed. */
  commit: string;
  /** The project's address, for example `https://gitlab.example.com/group/project`. */
  projectUrl: string;
}

/** In characters. */
const longestLabel = 200;
const longestError = 20_000;
export const longestValue = 2_000;

/** A name, or what else stands in one cell. */
export const label = (text: string, length = longestLabel) => code(shortened(text, length));

export const joined = (parts: readonly string[]) => parts.filter((part) => part !== "").join("\n\n");

/** An error as it was said; of many lines as many as there is room for. */
export function errorBlock(error: string): string {
  const lines = error.split("\n").map((text): DifferenceLine => ({ sign: "!", text: shortened(text, longestValue) }));
  const kept = lines.slice(0, fitting(lines.map(lineOf), longestError).length);
  const left = lines.length - kept.length;
  return differenceBlock(left > 0 ? [...kept, { sign: "!", text: `… (${left} more lines)` }] : kept);
}

export function table(heads: string[], rows: string[][], length: number, what: string): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const lines = [line(heads), line(heads.map(() => "---"))];
  const kept = fitting(rows.map(line), length - lines.join("\n").length);
  const left = rows.length - kept.length;
  return joined([[...lines, ...kept].join("\n"), left > 0 ? `${left} more ${what} are in the job's record.` : ""]);
}

/** The first lines that fit together. */
export function fitting(lines: readonly string[], length: number): string[] {
  let used = 0;
  const end = lines.findIndex((line) => (used += line.length + 1) > length);
  return lines.slice(0, end < 0 ? lines.length : end);
}

export const oneLine = (text: string) => shortened(text.replaceAll(/\s+/g, " "), longestValue);

/** Lines that are shown where somebody opens them; those for which there is room. */
export function folded(
  summary: string,
  lines: readonly DifferenceLine[],
  length: number,
  { projectUrl, job }: Pick<Source, "projectUrl" | "job">,
): string {
  if (lines.length === 0) return "";
  const frame = (shown: readonly DifferenceLine[]) => {
    const left = lines.length - shown.length;
    const rest =
      left > 0 ? `${left} more lines are in [the job's record](${projectUrl}/-/jobs/${job}/artifacts/browse).` : "";
    return joined([`<details><summary>${summary}</summary>`, differenceBlock(shown), rest, "</details>"]);
  };
  // What the frame itself takes: the longest fence is as long as the longest run of backticks in a line that fits.
  const room = length - frame([]).length - 2 * longestValue - 100;
  const kept = fitting(lines.map(lineOf), room).length;
  return frame(lines.slice(0, kept));
}
