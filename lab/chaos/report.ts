/** The figures and verdicts of all runs, as text. Pure. */
import { table } from "../cli/table.ts";
import type { Report } from "./experiment.ts";
import { spreadText } from "./figures.ts";
import type { Verdict } from "./goals.ts";

/** A run that could not be finished has no report. */
export interface Run {
  experiment: string;
  /** Its number among the runs of the experiment, from 1 on. */
  run: number;
  report?: Report;
  /** Why it could not be finished. */
  trouble?: string;
  /** What it took. */
  seconds?: number;
}

/** A table for all experiments that have the same figures; each figure as a spread over the runs. */
export function figuresText(runs: readonly Run[]): string {
  const byExperiment = Map.groupBy(
    runs.filter(({ report }) => report),
    ({ experiment }) => experiment,
  );
  const rows = [...byExperiment].map(([experiment, its]) => {
    const reports = its.flatMap(({ report }) => report ?? []);
    const names = Object.keys(reports[0]?.figures ?? {});
    return {
      names,
      cells: [
        experiment,
        String(its.length),
        ...names.map((name) => spreadText(reports.map(({ figures }) => figures[name] ?? NaN))),
      ],
    };
  });
  return [...Map.groupBy(rows, ({ names }) => names.join()).values()]
    .map((alike) =>
      table(
        ["experiment", "runs", ...(alike[0]?.names ?? [])],
        alike.map(({ cells }) => cells),
      ),
    )
    .join("\n\n");
}

/** One line per goal and run. */
export function verdictText({ goal, wanted, got, met }: Verdict): string {
  return `${met ? "met   " : "MISSED"}  ${goal}: ${got}; wanted: ${wanted}`;
}

/** What was missed, or could not be found out: one line each. */
export function missed(runs: readonly Run[]): string[] {
  return runs.flatMap(({ experiment, report, trouble }) => [
    ...(trouble === undefined ? [] : [`${experiment}: not finished: ${trouble}`]),
    ...(report?.verdicts ?? []).filter(({ met }) => !met).map((verdict) => `${experiment}: ${verdictText(verdict)}`),
  ]);
}
