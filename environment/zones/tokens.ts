/** The entries of a zone file as words with their places, by the rules of RFC 1035, chapter 5.1. Pure. */
import { unescapedText } from "./recordSet.ts";

/** A word of a zone file. */
export interface Token {
  /** As it is written, with its escapes, without quotes. */
  text: string;
  quoted: boolean;
  /** Both from 1. */
  line: number;
  column: number;
}

/** A record or a directive: what one line says, or several in parentheses. */
export interface Entry {
  /** The line begins with a space: the record has the name of the one before. */
  indented: boolean;
  tokens: [Token, ...Token[]];
}

/** A mistake at a place of a zone file. */
export class ZoneMistake extends Error {
  readonly place: { line: number; column: number };
  readonly given: string;
  readonly allowed: string;

  constructor(place: { line: number; column: number }, given: string, allowed: string) {
    super(`${place.line}:${place.column}: given ${given}, allowed is ${allowed}`);
    this.place = place;
    this.given = given;
    this.allowed = allowed;
  }
}

/** One word, a parenthesis, a comment or the end of a line. Strings in quotes end on their line. */
const pattern =
  /(?<space>[ \t]+)|(?<comment>;[^\n]*)|(?<end>\n)|(?<bracket>[()])|"(?<string>(?:[^"\\\n]|\\[^\n])*)"|(?<word>(?:[^\s;()"\\]|\\[^\n])+)/y;

/**
 * The entries of a zone file, in their order.
 *
 * @throws ZoneMistake where a quote or a parenthesis has no other end: what follows has no meaning.
 */
export function entriesIn(file: string): Entry[] {
  const text = `${file.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n")}\n`;
  const entries: Entry[] = [];
  let entry: { indented: boolean; tokens: Token[] } = { indented: false, tokens: [] };
  let open: { line: number; column: number } | undefined;
  let [line, lineStart] = [1, 0];
  pattern.lastIndex = 0;
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex;
    const place = { line, column: start - lineStart + 1 };
    const { space, end, bracket, string, word } = pattern.exec(text)?.groups ?? wrongAt(place, text[start] ?? "");
    if (space !== undefined && place.column === 1 && !open) entry.indented = true;
    if (bracket === "(" && open)
      throw new ZoneMistake(place, "(", `one pair of parentheses; the one of line ${open.line} is open`);
    if (bracket === ")" && !open) throw new ZoneMistake(place, ")", "a parenthesis that closes one");
    if (bracket !== undefined) open = bracket === "(" ? place : undefined;
    const written = string ?? word;
    if (written !== undefined) entry.tokens.push({ ...place, text: written, quoted: string !== undefined });
    if (end === undefined) continue;
    [line, lineStart] = [line + 1, pattern.lastIndex];
    if (open) continue;
    const [first, ...others] = entry.tokens;
    if (first) entries.push({ indented: entry.indented, tokens: [first, ...others] });
    entry = { indented: false, tokens: [] };
  }
  if (open) throw new ZoneMistake(open, "( without an end", "a pair of parentheses");
  return entries;
}

function wrongAt(place: { line: number; column: number }, character: string): never {
  throw character === '"'
    ? new ZoneMistake(place, '" without an end on its line', "a string in a pair of quotes")
    : new ZoneMistake(place, JSON.stringify(character), "words, strings in quotes, parentheses and comments");
}

/** What a word stands for: `\"` is a quote, `\065` an A. */
export function unescaped({ text, ...place }: Token): string {
  for (const [written, digits] of text.matchAll(/\\(?:(\d{1,3})|.)/g)) {
    if (digits !== undefined && (digits.length < 3 || Number(digits) > 255))
      throw new ZoneMistake(place, written, "\\ and three digits from 000 to 255");
  }
  return unescapedText(text);
}
