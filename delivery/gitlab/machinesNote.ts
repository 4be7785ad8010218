/** What a check found on the machines, as a section of a note or an issue. Pure. */
import { checkTitle, isKnown, isWhole, type CheckedMachine, type CheckRecord } from "../check/record.ts";
import type { DifferenceLine } from "./markup.ts";
import { errorBlock, folded, joined, label, oneLine, table, type Source } from "./parts.ts";

/** In characters. */
const longest = { table: 10_000, part: 20_000 };

/** For a record, which an author may have written. */
export function machinesPart(check: CheckRecord, source: Pick<Source, "projectUrl" | "job">): string {
  const told = [...check.machines].sort((one, other) => rank(one) - rank(other));
  const rows = told.map((machine) => [
    label(machine.name),
    machine.changed.length > 0 ? `**${machine.changed.length}**` : "0",
    failedCell(machine),
  ]);
  const head = joined([
    `### Machines: ${checkTitle(check)}`,
    ...(check.error === undefined ? [] : [errorBlock(oneLine(check.error))]),
    ...(isWhole(check) ? [] : ["What is behind a task that failed, or on a machine that was not reached, is unknown."]),
    table(["Machine", "Would change", "Failed"], rows, longest.table, "machines"),
  ]);
  return joined([head, folded("Differences of machines", told.flatMap(linesOf), longest.part - head.length, source)]);
}

/** What needs a look stands first. */
const rank = (machine: CheckedMachine) => (isKnown(machine) ? (machine.changed.length > 0 ? 1 : 2) : 0);

function failedCell({ failed, unreachable }: CheckedMachine): string {
  if (unreachable !== undefined) return `**not reached**: ${label(unreachable)}`;
  return failed.map(({ task }) => `**failed**: ${label(task)}`).join(", ");
}

const linesOf = ({ name, changed, failed, unreachable }: CheckedMachine): DifferenceLine[] => [
  ...changed.flatMap(({ role, task, module, diff }) => [
    heading(`${name}: ${role === undefined ? "" : `${role} : `}${task} (${module})`),
    ...diff.split("\n").flatMap((line) => (line === "" ? [] : [differenceLine(line)])),
  ]),
  ...failed.flatMap(({ task, message }) => [heading(`${name}: failed: ${task}`), ...said(message)]),
  ...(unreachable === undefined ? [] : [heading(`${name}: not reached`), ...said(unreachable)]),
];

const heading = (text: string): DifferenceLine => ({ sign: "!", text: oneLine(text) });
const said = (text: string) => text.split("\n").map((line): DifferenceLine => ({ sign: "|", text: oneLine(line) }));

/** A line of a difference as Ansible tells it. */
function differenceLine(line: string): DifferenceLine {
  const sign = line.startsWith("+") ? "+" : line.startsWith("-") ? "-" : "|";
  return { sign, text: oneLine(line.replace(/^[+ -]/, "")) };
}
