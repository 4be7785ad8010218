/** The matrix for people: a table for each pair of environments, one of the hosts, and what differs. Pure. */
import { table } from "../cli/table.ts";
import { key, type Call, type CallDifference, type Outcomes } from "./calls.ts";
import { placeText, same, type Place } from "./declared.ts";
import { replyText, wantedText, type Author, type Question, type Reply } from "./hosts.ts";

/** What a caller has tried, and what came of it. */
export interface Tried {
  calls: readonly Call[];
  outcomes: Outcomes;
}

/** A caller that could not be asked. */
export interface Unasked {
  caller: string;
  why: string;
}

const doors = { machines: "", address: "", public: ", public", outbound: ", NAT gateway" } as const;

const column = ({ target }: Call): string => `${target.place.part}${doors[target.door]}`;

/** Open ports by who calls and what is called; `!` marks what differs from what is declared. */
export function callTables(tried: readonly Tried[], differences: readonly CallDifference[]): string {
  const all = tried.flatMap(({ calls, outcomes }) =>
    calls.map((call) => ({
      call,
      isOpen: outcomes.get(key(call.target.address, call.port)) === "open",
      differs: differences.some(
        ({ caller, target, port }) => caller === call.caller && target === call.target && port === call.port,
      ),
    })),
  );
  const pairs = Map.groupBy(all, ({ call }) => `${call.caller.place.environment} → ${call.target.place.environment}`);
  return [...pairs]
    .map(([title, group]) => {
      const columns = [...new Set(group.map(({ call }) => column(call)))];
      const callers = placesIn(group.map(({ call }) => call.caller.place));
      const rows = callers.map((place) => [
        place.part,
        ...columns.map((name) => {
          const cell = group.filter(({ call }) => same(call.caller.place, place) && column(call) === name);
          const differing = new Set(cell.filter(({ differs }) => differs).map(({ call }) => call.port));
          const open = cell.filter(({ isOpen }) => isOpen).map(({ call }) => call.port);
          const ports = [...new Set([...open, ...differing])].sort((a, b) => a - b);
          return (
            ports.map((port) => (differing.has(port) ? `!${port}` : `${port}`)).join(" ") ||
            (cell.length > 0 ? "·" : "")
          );
        }),
      ]);
      return `${title}\n${table(["from \\ to", ...columns], rows)}`;
    })
    .join("\n\n");
}

const placesIn = (places: readonly Place[]): Place[] =>
  places.filter((place, index) => places.findIndex((other) => same(place, other)) === index);

/** Questions by DNS and at each public address; those with another host in their request are counted only. */
export function hostTable(questions: readonly Question[], replies: readonly Reply[], author: Author): string {
  const rows = questions.flatMap((question, index) => {
    const reply = replies[index];
    if (question.host !== undefined || !reply) return [];
    const found = replyText(reply, author);
    const wanted = wantedText(question);
    return [[question.url, question.address ?? "by DNS", wanted, found === wanted ? "the same" : `!${found}`]];
  });
  return table(["asked", "where", "expected", "found"], rows);
}

export const questionText = ({ url, address, host }: Question): string =>
  [
    url,
    ...(address === undefined ? [] : [`at ${address}`]),
    ...(host === undefined ? [] : [`with Host: ${host}`]),
  ].join(" ");

export const callText = ({ caller, target, port }: Call): string =>
  `${placeText(caller.place)} (${caller.name}) to ${placeText(target.place)} (${target.name}), ${target.address}:${port}`;
