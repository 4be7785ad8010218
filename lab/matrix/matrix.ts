/** `make matrix`: what answers which host name from outside, and what calls what inside, beside what is declared. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { machinePorts } from "../../environment/flows.ts";
import { sayer } from "../chaos/program.ts";
import type { StackStatus } from "../cli/status.ts";
import { lab } from "../commands.ts";
import { hostAddress } from "../fabric/addresses.ts";
import { cacheDir, root } from "../paths.ts";
import { newResults } from "../results.ts";
import { askHosts, forEach, listeningIn, tryCalls } from "./ask.ts";
import { callsOf, differenceOf, type Caller, type CallDifference } from "./calls.ts";
import { administrator, anybody, declared, placeText } from "./declared.ts";
import { hostQuestions, leftOut, replyDifference, replyText, wantedText } from "./hosts.ts";
import { planAll } from "./plans.ts";
import { authorIn, callersIn, entrancesOf, machinesIn, standingOf, targetsIn, type Standing } from "./stand.ts";
import { callTables, callText, hostTable, questionText, type Tried, type Unasked } from "./text.ts";

interface Arguments {
  only?: "hosts" | "calls";
  out?: string;
}

/** Exit codes besides 0. */
const differs = 1;
const wrongUse = 2;

/** Machines that try at the same time. */
const atATime = 4;

const program = new Command("make matrix")
  .description(
    "Of all environments of the project, which must be up (make lab-all), and as their files say (no --set): asks every host\n" +
      "name from outside, by HTTPS and HTTP, where DNS leads and at every public address, unknown names, and hosts other than\n" +
      "the one that TLS began for; and has every machine try every port on which anything listens, at every machine and\n" +
      "every load balancer of every environment. Prints what is open, and what is not as the stack files declare it.\n" +
      "Changes nothing. Needs root. Some three minutes.\n\n" +
      'With make: make matrix MATRIX="--only hosts"\n\n' +
      "Exit status: 0 everything is as declared; 1 something differs, or could not be asked; 2 wrong use.",
  )
  .exitOverride()
  .addOption(new Option("--only <part>", "one part of it").choices(["hosts", "calls"]))
  .option("--out <file>", "where the record goes, as JSON, besides the folder that is told")
  .action(main);

const say = sayer();

async function main({ only, out }: Arguments): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error("the lab needs root");
  const began = new Date();
  const statuses = JSON.parse((await lab("status", "--json")).stdout) as StackStatus[];
  const all = standingOf(planAll(root, [`${hostAddress}/32`]), statuses);
  const hosts = only === "calls" ? undefined : await hostMatrix(all);
  const calls = only === "hosts" ? undefined : await callMatrix(all);
  const differences = [...(hosts?.differences ?? []), ...(calls?.differences ?? [])];
  const record = {
    began,
    stacks: all.map(({ stack }) => stack),
    hosts: hosts?.record,
    calls: calls?.record,
    differences,
  };
  const directory = newResults(join(cacheDir, "matrix"), began);
  for (const file of [join(directory, "matrix.json"), ...(out === undefined ? [] : [out])]) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
  }
  console.log(
    differences.length === 0
      ? "everything is as declared"
      : `${differences.length} ${differences.length === 1 ? "difference" : "differences"}:\n${differences.map((line) => `  ${line}`).join("\n")}`,
  );
  console.log(`record: ${directory}/matrix.json`);
  process.exitCode = differences.length === 0 ? 0 : differs;
}

/** From outside: which environment and tier answers which host name. */
async function hostMatrix(all: readonly Standing[]) {
  const questions = hostQuestions(all, all.flatMap(entrancesOf));
  say(`${questions.length} requests from outside`);
  const replies = await askHosts(questions);
  const author = authorIn(all);
  const skipped = leftOut(all);
  const differing = questions.filter(({ host }) => host !== undefined);
  console.log(`\nFrom outside\n${hostTable(questions, replies, author)}`);
  console.log(`\n${differing.length} requests with another host than the one that TLS began for: 421 is expected`);
  if (skipped.length > 0) console.log(`Left out, since the old service answers them or some: ${skipped.join(", ")}`);
  const record = questions.map((question, index) => ({
    asked: questionText(question),
    expected: wantedText(question),
    found: replyText(replies[index]!, author),
  }));
  const differences = questions.flatMap((question, index) => {
    const found = replyDifference(question, replies[index]!, author);
    return found === undefined ? [] : [`${questionText(question)}: expected ${wantedText(question)}, found ${found}`];
  });
  return { record, differences };
}

/** From everywhere inside, and from clients: which ports are open. */
async function callMatrix(all: readonly Standing[]) {
  const listening = new Map<string, number[]>();
  await forEach(all.flatMap(machinesIn), atATime, async ({ name, namespace }) => {
    listening.set(name, await listeningIn(namespace));
  });
  const targets = all.flatMap((one) => targetsIn(one, listening));
  const rules = declared(all);
  const ports = [
    ...new Set([...machinePorts, ...targets.flatMap(({ serves }) => serves), ...rules.flatMap((rule) => rule.ports)]),
  ];
  ports.sort((a, b) => a - b);
  const callers: Caller[] = [
    ...all.flatMap(callersIn),
    { place: anybody, name: "a client" },
    { place: administrator, name: "an administrator" },
  ];
  say(`${callers.length} callers try ${ports.length} ports of ${targets.length} addresses: ${ports.join(" ")}`);
  const tried: Tried[] = [];
  const differences: CallDifference[] = [];
  const unasked: Unasked[] = [];
  await forEach(callers, atATime, async (caller) => {
    // The administrators' place has other ways than the lab's Internet: private addresses there are none of the lab's.
    const asked =
      caller.place === administrator ? targets.filter(({ door }) => ["public", "outbound"].includes(door)) : targets;
    const calls = callsOf(caller, asked, ports);
    try {
      const outcomes = await tryCalls(caller, calls, rules);
      tried.push({ calls, outcomes });
      const found = calls.flatMap((call) => differenceOf(rules, call, outcomes) ?? []);
      differences.push(...found);
      say(
        `${placeText(caller.place)} (${caller.name}): ${outcomes.size} of ${calls.length} answered, ${found.length} differ`,
      );
    } catch (error) {
      unasked.push({ caller: caller.name, why: (error as Error).message });
    }
  });
  const order = (one: Tried) => callers.indexOf(one.calls[0]!.caller);
  tried.sort((a, b) => order(a) - order(b));
  console.log(`\nOpen ports; · none\n\n${callTables(tried, differences)}\n`);
  const record = {
    ports,
    targets: targets.map(({ place, ...target }) => ({ ...target, place: placeText(place) })),
    callers: tried.map(({ calls, outcomes }) => ({
      caller: calls[0]!.caller.name,
      place: placeText(calls[0]!.caller.place),
      tried: calls.length,
      answered: Object.fromEntries(outcomes),
    })),
  };
  return {
    record,
    differences: [
      ...unasked.map(({ caller, why }) => `${caller}: ${why}`),
      ...differences.map((one) => `${callText(one)}: expected ${one.expected}, found ${one.found}`),
    ],
  };
}

try {
  await program.parseAsync();
} catch (error) {
  // Commander has told what is wrong itself.
  if (!(error instanceof CommanderError))
    console.error(`matrix: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? 0 : wrongUse;
}
