/** Takes known secrets out of text, as they are and in the forms in which programs write them. Pure. */

/** What stands in records for anything secret. */
export const masked = "[secret]";

/** Placeholders of secrets, as `configuration.ts` writes them; in an address; in base64. */
const placeholder = String.raw`placeholder [\w.:/-]+ [0-9a-f]{16}`;
const placeholders = [
  placeholder,
  String.raw`placeholder%20(?:[\w.-]|%3A|%2F)+%20[0-9a-f]{16}`,
  `${Buffer.from("placeholder ").toString("base64")}[A-Za-z0-9+/_-]+={0,2}`,
];

const whole = new RegExp(`^${placeholder}$`);
/** Base64 that only begins as a placeholder's does is the program's own: what it holds counts. */
const isPlaceholder = (text: string) =>
  text.startsWith("placeholder") || whole.test(Buffer.from(text, "base64").toString("utf8"));

/** A secret, and what is written in its place. */
export interface Replacement {
  secret: string;
  by: string;
}

/** Shorter values, and these, are everywhere; the engine does not look for them in text either. */
const shortest = 3;
const isCommon = (value: string) => value.length < shortest || /^(true|false)$/i.test(value);

type Form = (value: string) => string;

const inJson: Form = (value) => JSON.stringify(value).slice(1, -1);
const hexadecimal = (character: string) => character.charCodeAt(0).toString(16);

/** As it is; inside JSON; inside an address; base64 of it. */
const forms: readonly Form[] = [
  (value) => value,
  inJson,
  (value) => inJson(inJson(value)),
  // As Go writes JSON: providers and the engine are written in it.
  (value) => inJson(value).replaceAll(/[<>&]/g, (character) => `\\u00${hexadecimal(character)}`),
  encodeURIComponent,
  // As Go and Python write addresses.
  (value) =>
    encodeURIComponent(value).replaceAll(/[!'()*]/g, (character) => `%${hexadecimal(character).toUpperCase()}`),
  (value) => Buffer.from(value).toString("base64"),
  (value) => Buffer.from(value).toString("base64url"),
];

/** In base64 of a longer text, a login say: the signs that are of the value alone, by the place in which it begins. */
const formsWithin: readonly Form[] = [0, 1, 2].flatMap((before) =>
  (["base64", "base64url"] as const).map((encoding) => (value: string) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    return bytes.toString(encoding).slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
  }),
);
/** Fewer such signs are everywhere. */
const shortestWithin = 8;

/** Replaces known secrets, and placeholders. */
export class Mask {
  readonly #replacements = new Map<string, string>();
  readonly #pattern: RegExp;

  /** @param replacements Of two with the same secret the first one counts. */
  constructor(replacements: readonly Replacement[]) {
    // Of one with several lines, each line: output is told line by line.
    const lines = replacements.flatMap(({ secret, by }) =>
      /\n./.test(secret) ? secret.split("\n").flatMap((line) => (line.length < 8 ? [] : [{ secret: line, by }])) : [],
    );
    for (const { secret, by } of [...replacements, ...lines]) {
      if (isCommon(secret)) continue;
      for (const form of forms) this.#add(form(secret), by === masked ? by : form(by));
      const within = formsWithin.map((form) => form(secret)).filter(({ length }) => length >= shortestWithin);
      for (const signs of within) this.#add(signs, by);
    }
    const longestFirst = [...this.#replacements.keys()].sort((a, b) => b.length - a.length);
    const patterns = longestFirst.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`));
    this.#pattern = new RegExp([...patterns, ...placeholders].join("|"), "g");
  }

  #add(text: string, by: string): void {
    if (!this.#replacements.has(text)) this.#replacements.set(text, by);
  }

  text(text: string): string {
    return text.replace(
      this.#pattern,
      (found) => this.#replacements.get(found) ?? (isPlaceholder(found) ? masked : found),
    );
  }

  /** A resource's URN: stack, project and types are no secrets, its name may have one. */
  urn(text: string): string {
    const parts = text.split("::");
    return parts.length < 4 ? text : [...parts.slice(0, 3), this.text(parts.slice(3).join("::"))].join("::");
  }

  /** All strings of a value, and the names in it. */
  value(value: unknown): unknown {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [this.text(name), this.value(one)]));
  }
}

/** Strings in a value, with those in the JSON that a string is: a secret of several fields is one. */
export function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value, ...(/^\s*[[{]/.test(value) ? stringsIn(parsed(value)) : [])];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(stringsIn);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
