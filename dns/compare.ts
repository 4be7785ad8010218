/** What name servers serve, beside what they should: name by name and type by type. */
import {
  answersOf,
  delegationOf,
  fullName,
  parentName,
  recordTypes,
  showSet,
  type RecordSet,
} from "../environment/zones/recordSet.ts";
import { ServerFailure, type Server } from "./ask.ts";
import { servedBy } from "./served.ts";

/** Name servers, and the record sets that each of them should serve. */
export interface Side {
  servers: readonly Server[];
  sets: readonly RecordSet[];
}

/** A record set that is not what it should be, or a name of which a server tells nothing. */
export interface Difference {
  server: string;
  /** Whole. */
  name: string;
  /** For example `300 A 198.51.100.7`. */
  expected: string;
  found: string;
}

/** Names of which a server is asked at a time. */
const atATime = 16;

const nothing = "(nothing)";

/** A label that no record has, for what a wildcard answers. */
const unknownLabel = "no-record-has-this-name";

/**
 * All names that are asked: those of the records, those between them and the zone, which are there with them, and below
 * each wildcard one that it stands for.
 */
export function askedNames(sets: readonly RecordSet[]): string[] {
  const names = new Set<string>(["@"]);
  for (const { name } of sets) {
    if (name.startsWith("*")) names.add(`${unknownLabel}${name.slice(1)}`);
    for (let one: string | undefined = name; one !== undefined; one = parentName(one)) names.add(one);
  }
  return [...names].sort();
}

/** What a server that serves some record sets answers about a name. */
function expectedOf(sets: readonly RecordSet[], name: string): RecordSet[] {
  // Below a delegation only addresses of its name servers are told, and of the sub-zone itself its name servers.
  return delegationOf(sets, name) === undefined ? answersOf(sets, name) : sets.filter((set) => set.name === name);
}

/**
 * Asks every server of every side about every name of all sides.
 *
 * @returns in the order of servers and names; a server that does not answer is asked no more, and stands there once.
 */
export async function differences(domain: string, sides: readonly Side[]): Promise<Difference[]> {
  const names = askedNames(sides.flatMap(({ sets }) => [...sets]));
  const all = sides.flatMap(({ servers, sets }) => servers.map((server) => ofServer(domain, server, sets, names)));
  return (await Promise.all(all)).flat();
}

async function ofServer(domain: string, server: Server, sets: readonly RecordSet[], names: readonly string[]) {
  const found = new Map<string, Difference[]>();
  let failure: Difference | undefined;
  const queue = names.values();
  const worker = async () => {
    for (const name of queue) {
      if (failure) return;
      try {
        found.set(name, unlike(server, domain, name, expectedOf(sets, name), await servedBy(server, domain, name)));
      } catch (error) {
        if (!(error instanceof ServerFailure)) throw error;
        failure ??= { server: server.name, name: fullName(name, domain), expected: "an answer", found: error.message };
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  return failure ? [failure] : names.flatMap((name) => found.get(name) ?? []);
}

function unlike(
  server: Server,
  domain: string,
  name: string,
  expected: readonly RecordSet[],
  found: readonly RecordSet[],
): Difference[] {
  const shown = (sets: readonly RecordSet[], type: string) => {
    const set = sets.find((one) => one.type === type);
    return set ? showSet(set) : nothing;
  };
  return recordTypes
    .map((type) => ({ expected: shown(expected, type), found: shown(found, type) }))
    .filter((pair) => pair.expected !== pair.found)
    .map((pair) => ({ server: server.name, name: fullName(name, domain), ...pair }));
}
