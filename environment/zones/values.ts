/** What a record of each type says, in one spelling, or a mistake at its place. Pure. */
import { isIPv4, isIPv6 } from "node:net";
import { isRecordType, quoted, recordTypes, spelledIpv6, type RecordType } from "./recordSet.ts";
import { unescaped, ZoneMistake, type Token } from "./tokens.ts";

/** Azure takes no other characters in names: https://learn.microsoft.com/azure/dns/dns-zones-records */
const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
const nameText =
  "a name of labels with letters, digits, hyphens and underscores, each of 63 characters at the most; @ for $ORIGIN";
const longestName = 253;

/** Characters of a record's strings, and of all strings of a TXT record: RFC 1035, and Azure's limit. */
const longestString = 255;
const longestText = 4096;

/**
 * A name with all its labels and without its last dot; empty for the root.
 *
 * @param origin What is added to a name without a last dot.
 * @param wildcard The first label may be `*`.
 */
export function nameIn(token: Token, origin: string, wildcard = false): string {
  const { text } = token;
  if (text === "@" && !token.quoted) return origin;
  if (text === ".") return "";
  const whole = `${text}${text.endsWith(".") ? "" : `.${origin}`}`.replace(/\.$/, "").toLowerCase();
  const labels = whole.split(".");
  const fits = labels.every((one, index) => label.test(one) || (wildcard && index === 0 && one === "*"));
  if (!fits || whole.length > longestName) throw new ZoneMistake(token, text || '""', nameText);
  return whole;
}

function numberIn(token: Token, most: number, what: string): string {
  if (!/^\d{1,10}$/.test(token.text) || Number(token.text) > most)
    throw new ZoneMistake(token, token.text, `${what}: a number from 0 to ${most}`);
  return `${Number(token.text)}`;
}

function stringIn(token: Token): string {
  const text = unescaped(token);
  if (!/^[\t -~]*$/.test(token.text))
    throw new ZoneMistake(
      token,
      "a character that is not of ASCII",
      "ASCII, and other bytes by number: ü is \\195\\188",
    );
  if (text.length > longestString)
    throw new ZoneMistake(
      token,
      `a string of ${text.length} characters`,
      `strings of ${longestString} characters at the most; a longer text is several strings in quotes, one after the other`,
    );
  return quoted(text);
}

const target = (token: Token, origin: string) => `${nameIn(token, origin)}.`;

function addressIn(token: Token, fits: (text: string) => boolean, spelled: (text: string) => string, what: string) {
  if (!fits(token.text)) throw new ZoneMistake(token, token.text, what);
  return spelled(token.text);
}

/** The words of a type, for messages, and how they are read. */
const types: Record<RecordType, { words: string; read: (words: Token[], origin: string) => string[] }> = {
  A: {
    words: "address",
    read: ([address]) => [addressIn(address as Token, isIPv4, (text) => text, "an IPv4 address")],
  },
  AAAA: {
    words: "address",
    // A zone of an address, fe80::1%eth0, is none of DNS.
    read: ([address]) => [
      addressIn(address as Token, (text) => isIPv6(text) && !text.includes("%"), spelledIpv6, "an IPv6 address"),
    ],
  },
  CAA: {
    words: "flags tag value",
    read: ([flags, tag, value]) => {
      const { text } = tag as Token;
      if (!/^[a-z0-9]+$/i.test(text)) throw new ZoneMistake(tag as Token, text, "a tag, for example issue");
      return [numberIn(flags as Token, 255, "flags"), text.toLowerCase(), stringIn(value as Token)];
    },
  },
  CNAME: { words: "name", read: ([name], origin) => [target(name as Token, origin)] },
  MX: {
    words: "preference name",
    read: ([preference, name], origin) => [
      numberIn(preference as Token, 65_535, "preference"),
      target(name as Token, origin),
    ],
  },
  NS: { words: "name", read: ([name], origin) => [target(name as Token, origin)] },
  SRV: {
    words: "priority weight port name",
    read: ([priority, weight, port, name], origin) => [
      numberIn(priority as Token, 65_535, "priority"),
      numberIn(weight as Token, 65_535, "weight"),
      numberIn(port as Token, 65_535, "port"),
      target(name as Token, origin),
    ],
  },
  TXT: {
    words: "string...",
    read: (words) => {
      const length = words.reduce((sum, word) => sum + unescaped(word).length, 0);
      if (length > longestText)
        throw new ZoneMistake(
          words[0] as Token,
          `${length} characters`,
          `${longestText} characters at the most at Azure`,
        );
      return words.map(stringIn);
    },
  },
};

/** A type that a record may have here, as it is written in any case. */
export function typeIn(token: Token): RecordType {
  const type = token.text.toUpperCase();
  if (token.quoted || !isRecordType(type))
    throw new ZoneMistake(
      token,
      token.text,
      `a type: ${recordTypes.join(", ")}, and SOA for the zone itself` +
        (type === "SPF" ? "; what SPF says stands in a TXT record (RFC 7208)" : ""),
    );
  return type;
}

/** The value of a record, by the words after its type. */
export function valueIn(type: Token, kind: RecordType, words: Token[], origin: string): string {
  const { words: wanted, read } = types[kind];
  const count = wanted.split(" ").length;
  if (words.length < count)
    throw new ZoneMistake(type, [type, ...words].map(({ text }) => text).join(" "), `${kind} ${wanted}`);
  const extra = kind === "TXT" ? undefined : words[count];
  if (extra) throw new ZoneMistake(extra, extra.text, `nothing more than ${kind} ${wanted}`);
  return read(words, origin).join(" ");
}

const units: Record<string, number> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const timePattern = /^(\d+[smhdw]?)+$/i;
const longestTime = 2_147_483_647;

export const isTime = ({ text, quoted: inQuotes }: Token): boolean => !inQuotes && timePattern.test(text);

/** `1h30m` is 5400 seconds. */
export function secondsIn(token: Token): number {
  const seconds = [...token.text.matchAll(/(\d+)([smhdw]?)/gi)].reduce(
    (sum, [, count, unit = ""]) => sum + Number(count) * (units[unit.toLowerCase()] ?? 1),
    0,
  );
  if (!isTime(token) || seconds > longestTime)
    throw new ZoneMistake(token, token.text, `a time from 0 to ${longestTime} seconds, for example 300 or 1h30m`);
  return seconds;
}
