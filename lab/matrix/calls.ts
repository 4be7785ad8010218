/** Who calls, what is called, and whether what happened is what should. Pure. */
import { same, type Declared, type Door, type Place } from "./declared.ts";

/** What is called at an address. */
export interface Target {
  place: Place;
  door: Door;
  address: string;
  /** Name of the machine or the load balancer. */
  name: string;
  /** Where a program listens, or what a load balancer passes on. */
  serves: number[];
  /** Names of the machines behind a private address. */
  members: string[];
}

/** A machine that calls, or a client. */
export interface Caller {
  place: Place;
  name: string;
  /** Absent for a client. */
  address?: string;
}

/** What became of an attempt to connect: silent where no answer came. */
export type Outcome = "open" | "refused" | "silent";

/** What happened to a caller: outcomes by address and port, those that were silent left out. */
export type Outcomes = ReadonlyMap<string, Outcome>;

export const key = (address: string, port: number): string => `${address}:${port}`;

/** Everything that a caller tries. */
export interface Call {
  caller: Caller;
  target: Target;
  port: number;
}

/** A call that did not end as declared. */
export interface CallDifference extends Call {
  expected: string;
  found: Outcome;
}

/**
 * Whether a call is to be judged: a machine always reaches itself, and what a load balancer does with one of its own
 * members depends on which member it chooses.
 */
export const isJudged = ({ caller, target }: Call): boolean =>
  caller.address !== target.address && !target.members.includes(caller.name);

/** Whether something declares the call. */
export const isDeclared = (rules: readonly Declared[], { caller, target, port }: Call): boolean =>
  rules.some(
    ({ from, to, door, ports }) =>
      same(from, caller.place) && same(to, target.place) && door === target.door && ports.includes(port),
  );

/** Whether a call must be answered: it is declared, and a program is there, or a load balancer, which must have one. */
export const mustOpen = (rules: readonly Declared[], call: Call): boolean =>
  isDeclared(rules, call) && (call.target.door !== "machines" || call.target.serves.includes(call.port));

/** What is wrong with an outcome; undefined where nothing is. */
export function differenceOf(rules: readonly Declared[], call: Call, outcomes: Outcomes): CallDifference | undefined {
  const found = outcomes.get(key(call.target.address, call.port)) ?? "silent";
  if (mustOpen(rules, call)) return found === "open" ? undefined : { ...call, expected: "open: declared", found };
  // A machine that refuses was reached.
  if (!isDeclared(rules, call) && found !== "silent")
    return { ...call, expected: "silent: nothing declares it", found };
  return undefined;
}

/** All calls of a caller that are judged. */
export const callsOf = (caller: Caller, targets: readonly Target[], ports: readonly number[]): Call[] =>
  targets.flatMap((target) => ports.map((port): Call => ({ caller, target, port }))).filter((call) => isJudged(call));

/** Ports on which a program may be asked from other machines, as `ss -Hltn` tells them. */
export function listeningPorts(text: string): number[] {
  const ports = text.split("\n").flatMap((line) => {
    const [, , , local = ""] = line.trim().split(/\s+/);
    const [, address = "", port] = /^(.*):(\d+)$/.exec(local) ?? [];
    return port === undefined || /^127\.|^\[::1\]$|%lo$/.test(address) ? [] : [Number(port)];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}
