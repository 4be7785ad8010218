/**
 * Words of others in GitLab's Markdown, as nothing but words: https://docs.gitlab.com/user/markdown/ . A preview says what
 * an author's program said, so a value may hold a quick action, a mention, HTML or the end of a table's cell. Pure.
 */

/** What shows nothing, or turns the reading direction: a reader would not see what is there. */
const invisible = /[\p{C}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

/** The string with the characters that cannot be seen written out. */
export function visible(text: string): string {
  return text.replace(invisible, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The beginning of a string where it is too long, with the number of characters that were left out. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  // Not in the middle of a character.
  const kept = text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
  return `${kept}… (${text.length - kept.length} more characters)`;
}

/**
 * The string as code in a line or in a table's cell. Every sign is written as HTML does it, so that Markdown reads none; and
 * in code, GitLab looks neither for references (mentions, issues, labels) nor for addresses.
 */
export function code(text: string): string {
  const signs = visible(text).replace(/[^\p{L}\p{N} ]/gu, (character) => `&#${character.codePointAt(0)};`);
  return `<code>${signs}</code>`;
}

/**
 * A block of a difference. Each line begins with the sign that it has, so that none begins with a quick action
 * or ends the block.
 */
export function differenceBlock(lines: readonly DifferenceLine[]): string {
  const fence = "`".repeat(Math.max(3, ...lines.map(({ text }) => 1 + longestRun(text))));
  return [`${fence}diff`, ...lines.map(lineOf), fence].join("\n");
}

export interface DifferenceLine {
  /** `+` is there after, `-` was there before, `!` is changed or said, `|` is neither. */
  sign: "+" | "-" | "!" | "|";
  text: string;
}

/** The line as the block has it. */
export function lineOf({ sign, text }: DifferenceLine): string {
  return `${sign} ${visible(text)}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
}
