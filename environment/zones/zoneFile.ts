/** From the text of a zone file to the record sets of a zone that Azure takes, or to every mistake in it. Pure. */
import { delegationOf, fullName, inOrder, type RecordSet, type RecordType } from "./recordSet.ts";
import { entriesIn, ZoneMistake, type Entry, type Token } from "./tokens.ts";
import { isTime, nameIn, secondsIn, typeIn, valueIn } from "./values.ts";

/** Azure's limits: https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-dns-limits */
const mostRecords = 20;
const mostSets = 10_000;

/** A record set, and where its first record stands. */
export interface PlacedSet extends RecordSet {
  line: number;
  column: number;
}

/** What a zone file says. */
export interface ZoneFile {
  /** In the order of names and types; without the zone's own SOA and NS, which Azure makes. */
  sets: PlacedSet[];
  /** In the order of the file. */
  mistakes: ZoneMistake[];
}

export const noZoneFile: ZoneFile = { sets: [], mistakes: [] };

interface PlacedRecord {
  place: Token;
  /** Whole, in lower case. */
  name: string;
  type: RecordType;
  ttl: number;
  value: string;
}

/** What holds from one entry to the next. */
interface State {
  origin: string;
  name?: string;
  /** Of `$TTL`, or of the SOA where there is none. */
  defaultTtl?: number;
  /** Of the record before, which holds where nothing else is said (RFC 1035). */
  lastTtl?: number;
}

/** Reads the zone file of a domain. A mistake in one record does not hide those of others. */
export function parseZoneFile(text: string, domain: string): ZoneFile {
  const mistakes: ZoneMistake[] = [];
  const records: PlacedRecord[] = [];
  const state: State = { origin: domain };
  const collect = (read: () => void) => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof ZoneMistake)) throw error;
      mistakes.push(error);
    }
  };
  let entries: Entry[] = [];
  collect(() => (entries = entriesIn(text)));
  for (const entry of entries) {
    collect(() => {
      const record = recordIn(entry, state, domain);
      if (record) records.push(record);
    });
  }
  const sets = setsOf(records, domain, mistakes);
  checkSets(sets, domain, mistakes);
  mistakes.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  return { sets: inOrder(sets), mistakes };
}

/** The record of an entry; undefined where it is a directive, or one that Azure makes. */
function recordIn({ indented, tokens }: Entry, state: State, domain: string): PlacedRecord | undefined {
  const [first] = tokens;
  if (!indented && !first.quoted && first.text.startsWith("$")) return directive(tokens, state);
  const rest = [...tokens];
  const name = indented ? nameBefore(first, state) : nameIn(rest.shift() as Token, state.origin, true);
  state.name = name;
  // Time and class stand in any order, or not at all.
  let [time, hasClass]: [Token | undefined, boolean] = [undefined, false];
  for (let token = rest[0]; token; token = rest[0]) {
    if (!time && isTime(token)) time = token;
    else if (!hasClass && isClass(token)) hasClass = true;
    else break;
    rest.shift();
  }
  const [type, ...words] = rest;
  if (!type) throw new ZoneMistake(first, tokens.map(({ text }) => text).join(" "), "name, time, IN, type and value");
  if (name !== domain && !name.endsWith(`.${domain}`))
    throw new ZoneMistake(
      first,
      name || ".",
      `a name of the zone ${domain}; a name without a dot at its end is below $ORIGIN`,
    );
  const given = time && secondsIn(time);
  if (!type.quoted && type.text.toUpperCase() === "SOA") {
    if (given !== undefined) state.lastTtl = given;
    startOfAuthority(name, type, words, state, domain);
    return undefined;
  }
  const kind = typeIn(type);
  const ttl = given ?? state.defaultTtl ?? state.lastTtl;
  if (ttl === undefined)
    throw new ZoneMistake(type, "no time to live", "a time in front of the type, or $TTL above it");
  state.lastTtl = ttl;
  const value = valueIn(type, kind, words, state.origin);
  if (kind === "NS" && name === domain) return undefined;
  if (ttl < 1) throw new ZoneMistake(time ?? type, `a time to live of ${ttl}`, "1 second or more at Azure");
  return { place: first, name, type: kind, ttl, value };
}

function nameBefore(first: Token, { name }: State): string {
  if (name === undefined)
    throw new ZoneMistake(first, "a line that begins with a space", "a name first: no record stands above this one");
  return name;
}

function isClass(token: Token): boolean {
  const text = token.text.toUpperCase();
  if (token.quoted || !["IN", "CH", "HS", "CS"].includes(text)) return false;
  if (text !== "IN") throw new ZoneMistake(token, token.text, "the class IN");
  return true;
}

function directive([first, value, extra]: [Token, ...Token[]], state: State): undefined {
  const name = first.text.toUpperCase();
  if (name !== "$TTL" && name !== "$ORIGIN")
    throw new ZoneMistake(
      first,
      first.text,
      "$TTL or $ORIGIN; in place of $INCLUDE and $GENERATE the records that they stand for",
    );
  if (!value || extra) throw new ZoneMistake(extra ?? first, (extra ?? first).text, `${name} and one value`);
  if (name === "$TTL") state.defaultTtl = secondsIn(value);
  else state.origin = nameIn(value, state.origin);
}

/** Azure makes its own; only what it says of times to live counts here. */
function startOfAuthority(name: string, type: Token, words: Token[], state: State, domain: string): void {
  if (name !== domain) throw new ZoneMistake(type, `SOA of ${name}`, `the SOA of the zone itself, ${domain}`);
  if (words.length !== 7)
    throw new ZoneMistake(
      type,
      `SOA with ${words.length} values`,
      "SOA server mail serial refresh retry expire minimum",
    );
  const minimum = secondsIn(words[6] as Token);
  // As BIND does where the file says no time.
  if (state.defaultTtl === undefined && state.lastTtl === undefined) state.defaultTtl = minimum;
}

function setsOf(records: PlacedRecord[], domain: string, mistakes: ZoneMistake[]): PlacedSet[] {
  const sets = new Map<string, PlacedSet>();
  for (const { place, name: whole, type, ttl, value } of records) {
    const name = whole === domain ? "@" : whole.slice(0, -domain.length - 1);
    const { line, column } = place;
    const set = sets.get(`${name} ${type}`);
    if (!set) {
      sets.set(`${name} ${type}`, { name, type, ttl, values: [value], line, column });
      continue;
    }
    if (set.ttl !== ttl)
      mistakes.push(
        new ZoneMistake(
          place,
          `${ttl} seconds`,
          `${set.ttl} seconds, as in line ${set.line}: all ${type} records of a name have one time to live`,
        ),
      );
    if (!set.values.includes(value)) set.values.push(value);
    if (set.values.length === mostRecords + 1)
      mistakes.push(
        new ZoneMistake(
          place,
          `more than ${mostRecords} ${type} records of ${fullName(name, domain)}`,
          `${mostRecords} at the most at Azure`,
        ),
      );
  }
  return [...sets.values()].map((set) => ({ ...set, values: set.values.sort() }));
}

/** What may not stand together, or not at Azure. */
function checkSets(sets: PlacedSet[], domain: string, mistakes: ZoneMistake[]): void {
  const wrong = (set: PlacedSet, allowed: string) =>
    mistakes.push(new ZoneMistake(set, `${set.type} of ${set.name}`, allowed));
  for (const set of sets) {
    const { name, type } = set;
    const alias = sets.find((other) => other !== set && other.name === name && other.type === "CNAME");
    if (alias) wrong(set, `nothing beside the CNAME of line ${alias.line}`);
    if (type === "CNAME" && name === "@")
      wrong(set, "A and AAAA: the zone itself has an SOA, and nothing stands beside a CNAME");
    if (type === "CNAME" && set.values.length > 1) wrong(set, "one CNAME of a name");
    if (type === "NS" && name.startsWith("*")) wrong(set, "no NS of a wildcard: Azure has none");
    const subZone = delegationOf(sets, name);
    const isBelow = subZone !== undefined && (name !== subZone || type !== "NS");
    if (isBelow && !isGlue(set, sets, subZone, domain))
      wrong(
        set,
        `A and AAAA of its name servers only: the NS of ${subZone} are in this file, so nobody sees what else it says of that zone`,
      );
  }
  const beyond = sets[mostSets];
  if (beyond) wrong(beyond, `${mostSets} names and types at the most at Azure`);
}

/** An address of a sub-zone's own name server, which is told with its NS. */
const isGlue = ({ name, type }: RecordSet, sets: readonly RecordSet[], subZone: string, domain: string): boolean =>
  (type === "A" || type === "AAAA") &&
  sets.some((set) => set.name === subZone && set.type === "NS" && set.values.includes(`${fullName(name, domain)}.`));
