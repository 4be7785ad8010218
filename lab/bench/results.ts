/** What a bench found, as tables and sentences. Pure. */
import { capacityText } from "../chaos/capacity.ts";
import type { Serving } from "../chaos/serving.ts";
import { table } from "../cli/table.ts";
import type { Series } from "./curve.ts";

export interface Results {
  stack: string;
  /** When it began, as ISO 8601. */
  began: string;
  /** The host's processors: without them no figure can be compared. */
  processors: string;
  seed: number;
  /** Of each step; how often each was measured. */
  seconds: number;
  repeat: number;
  /** Requests a second of which the rates are shares: the capacity of the first series. */
  base: number;
  series: Series[];
}

const columns: [string, (serving: Serving) => number][] = [
  ["offered/s", ({ offered }) => offered],
  ["sent/s", ({ sent }) => sent],
  ["goodput/s", ({ goodput }) => goodput],
  ["refused/s", ({ refused }) => refused],
  ["failed/s", ({ failed }) => failed],
  ["p50 ms", ({ p50 }) => p50],
  ["p99 ms", ({ p99 }) => p99],
  ["p99 ms of refusals", ({ refusedP99 }) => refusedP99],
];
const headings = columns.map(([heading]) => heading);

function cells(serving: Serving): string[] {
  return columns.map(([, value]) => (Number.isNaN(value(serving)) ? "-" : value(serving).toFixed(0)));
}

/** One step, while it goes on. */
export function stepText(serving: Serving): string {
  return cells(serving)
    .map((cell, index) => `${headings[index]} ${cell}`)
    .join(", ");
}

export function tableText({ steps }: Series): string {
  return table(headings, steps.map(cells));
}

/** The capacity, the best goodput, and what is left of it at two and four times the base, where that was measured. */
export function summary({ name, capacity, steps, trouble }: Series, base: number): string[] {
  const best = Math.max(0, ...steps.map(({ goodput }) => goodput));
  const left = [2, 4].flatMap((factor) => {
    const step = steps.find(({ offered }) => offered === Math.round(factor * base));
    return step && best > 0
      ? `at ${step.offered} requests a second ${((step.goodput / best) * 100).toFixed(0)}% of it`
      : [];
  });
  return [
    `${name}: ${capacityText(capacity)}`,
    `${name}: best goodput of the curve ${best.toFixed(0)}${left.map((one) => `, ${one}`).join("")}`,
    ...(trouble === undefined ? [] : [`${name}: the curve ends ${trouble}`]),
  ];
}

export function markdown({ stack, began, processors, seed, seconds, repeat, base, series }: Results): string {
  const row = (words: readonly string[]) => `| ${words.join(" | ")} |`;
  return [
    `# Goodput of ${stack}`,
    `${began}, ${processors}; ${seconds} s for each step${repeat > 1 ? `, median of ${repeat}` : ""}, seed ${seed}.`,
    ...series.flatMap((one) => [
      `## ${one.name}`,
      summary(one, base)
        .map((line) => `- ${line}`)
        .join("\n"),
      [headings, headings.map(() => "--:"), ...one.steps.map(cells)].map(row).join("\n"),
    ]),
  ]
    .join("\n\n")
    .concat("\n");
}
