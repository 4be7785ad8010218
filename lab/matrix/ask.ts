/** Asks machines, and clients outside, to try what the matrix is made of. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asAdministrator, on, outside, run, type Result } from "../commands.ts";
import { quoted } from "../shell.ts";
import { key, listeningPorts, mustOpen, type Call, type Caller, type Outcome, type Outcomes } from "./calls.ts";
import { administrator, anybody, same, type Declared } from "./declared.ts";
import { curlArguments, readReplies, type Question, type Reply } from "./hosts.ts";

const script = readFileSync(join(import.meta.dirname, "connect.py"), "utf8");

/** Time for an answer: two packets are lost at the most. Where one must come, once more and longer: the host is busy. */
const seconds = 4;
const patientSeconds = 15;

/** Tries all calls of one caller. */
export async function tryCalls(caller: Caller, calls: readonly Call[], rules: readonly Declared[]): Promise<Outcomes> {
  const outcomes = await tryOnce(caller, calls, seconds);
  const owed = calls.filter(
    (call) => mustOpen(rules, call) && outcomes.get(key(call.target.address, call.port)) !== "open",
  );
  if (owed.length === 0) return outcomes;
  return new Map([...outcomes, ...(await tryOnce(caller, owed, patientSeconds))]);
}

async function tryOnce(caller: Caller, calls: readonly Call[], time: number): Promise<Outcomes> {
  const ports = Map.groupBy(calls, ({ target }) => target.address);
  const asked = [...ports].map(([address, some]) => [address, some.map(({ port }) => port)]);
  const { status, stdout, output } = await pythonAt(caller, [script, `${time}`, JSON.stringify(asked)]);
  if (status !== 0) throw new Error(`${caller.name} could not be asked: ${output.trim().slice(-500)}`);
  return new Map(Object.entries(JSON.parse(stdout) as Record<string, Outcome>));
}

function pythonAt(caller: Caller, words: readonly string[]): Promise<Result> {
  if (same(caller.place, anybody)) return outside("python3", "-c", ...words);
  if (same(caller.place, administrator)) return asAdministrator("python3", "-c", ...words);
  return on(caller.name, "python3", "-c", ...words.map(quoted));
}

/** Ports on which a machine's programs listen, as its kernel knows them. */
export async function listeningIn(namespace: string): Promise<number[]> {
  const { status, stdout, output } = await run(["ip", "netns", "exec", namespace, "ss", "-Hltn"]);
  if (status !== 0) throw new Error(`what listens in ${namespace} is not told: ${output}`);
  return listeningPorts(stdout);
}

/** Asks all questions from outside; the certificates that curl there trusts are those of any client. */
export async function askHosts(questions: readonly Question[]): Promise<Reply[]> {
  const { stdout, stderr } = await outside("curl", ...curlArguments(questions));
  const replies = readReplies(stdout);
  if (replies.length !== questions.length)
    throw new Error(`curl has told of ${replies.length} of ${questions.length} requests: ${stderr}`);
  return replies;
}

/** Does the work for every item, some at a time. */
export async function forEach<Item>(
  items: readonly Item[],
  atATime: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}
