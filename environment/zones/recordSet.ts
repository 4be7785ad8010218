/** The records of a zone in one form, wherever they come from: a zone file, Azure, a name server. Pure. */

/** Types that a public zone may have here. */
export const recordTypes = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"] as const;
export type RecordType = (typeof recordTypes)[number];

/** All records of a name and a type. */
export interface RecordSet<Value = string> {
  /** Name below the zone in lower case, for example `www` or `*.shop`; `@` for the zone itself. */
  name: string;
  type: RecordType;
  /** Seconds for which resolvers may keep it. */
  ttl: number;
  /**
   * The records as a zone file writes them, in one spelling and sorted: names in lower case with their last dot
   * (`10 mail.chatbot.example.`), strings in quotes (`"v=spf1 -all"`).
   */
  values: Value[];
}

export const isRecordType = (text: string): text is RecordType => (recordTypes as readonly string[]).includes(text);

/** Types that say where a host is. */
export const addressTypes: readonly RecordType[] = ["A", "AAAA", "CNAME"];

/** `www` and `@` of chatbot.example are `www.chatbot.example` and `chatbot.example`. */
export const fullName = (name: string, domain: string): string => (name === "@" ? domain : `${name}.${domain}`);

/** The name above: `b.c` of `a.b.c`, `@` of `a`; undefined for `@`. */
export function parentName(name: string): string | undefined {
  if (name === "@") return undefined;
  return name.includes(".") ? name.slice(name.indexOf(".") + 1) : "@";
}

/** The name of the sub-zone to which a name belongs, where one is delegated. */
export function delegationOf(sets: readonly RecordSet<unknown>[], name: string): string | undefined {
  for (let one: string | undefined = name; one !== undefined && one !== "@"; one = parentName(one))
    if (sets.some((set) => set.name === one && set.type === "NS")) return one;
  return undefined;
}

/**
 * What a zone answers about a name: the name's own records, else, where nothing of that name is there, those of the wildcard
 * below its closest name that is there (RFC 4592).
 */
export function answersOf<Set extends RecordSet<unknown>>(sets: readonly Set[], name: string): Set[] {
  const exists = (one: string) => one === "@" || sets.some((set) => set.name === one || set.name.endsWith(`.${one}`));
  if (exists(name)) return sets.filter((set) => set.name === name);
  let closest = parentName(name);
  while (closest !== undefined && !exists(closest)) closest = parentName(closest);
  const wildcard = closest === undefined || closest === "@" ? "*" : `*.${closest}`;
  return sets.filter((set) => set.name === wildcard);
}

/** A string of a record, in quotes; each character is a byte. */
export const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&").replace(/[^ -~]/g, byNumber)}"`;

const byNumber = (character: string): string => `\\${String(character.charCodeAt(0)).padStart(3, "0")}`;

/** The strings of a record as they are written between quotes: `"a \"b\"" "c"` are `a \"b\"` and `c`. */
export const stringsIn = (value: string): string[] =>
  [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text);

/** What is written between quotes without its escapes: `\"` is a quote, `\065` an A (RFC 1035). */
export const unescapedText = (text: string): string =>
  text.replace(/\\(?:(\d{3})|(.))/g, (_, code: string | undefined, character: string) =>
    code === undefined ? character : String.fromCharCode(Number(code)),
  );

/** An IPv6 address in its one spelling (RFC 5952): `2001:db8::1`. */
export const spelledIpv6 = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);

/** As a zone file writes it, on one line. */
export const showSet = ({ ttl, type, values }: RecordSet): string => `${ttl} ${type} ${values.join(", ")}`;

/** Sets in the order of their names and types. */
export const inOrder = <Set extends RecordSet<unknown>>(sets: readonly Set[]): Set[] =>
  [...sets].sort((a, b) => (key(a) < key(b) ? -1 : 1));

const key = ({ name, type }: RecordSet<unknown>) => `${name === "@" ? "" : name} ${type}`;
