/** Goodput over offered load, as SVG: the same curves are the same text. */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Serving } from "../chaos/serving.ts";

export interface Line {
  name: string;
  steps: readonly Pick<Serving, "offered" | "goodput">[];
}

export async function plot(title: string, subtitle: string, lines: readonly Line[]): Promise<string> {
  const view = new View(parse(compile(specification(title, subtitle, lines)).spec), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

function specification(title: string, subtitle: string, lines: readonly Line[]): TopLevelSpec {
  const points = lines.flatMap(({ name, steps }) => steps.map(({ offered, goodput }) => ({ name, offered, goodput })));
  // A little above the best of them: further up it would make the curves low.
  const most = (values: number[]) => Math.max(0, ...values);
  const end = Math.min(most(points.map(({ offered }) => offered)), 1.15 * most(points.map(({ goodput }) => goodput)));
  const ideal = [0, end].map((rate) => ({ offered: rate, goodput: rate }));
  const axes = {
    x: { field: "offered", type: "quantitative", title: "Offered load (requests/s)" },
    y: { field: "goodput", type: "quantitative", title: "Goodput (answers within 1 s of the planned time, /s)" },
  } as const;
  const grey = "#888888";
  return {
    width: 640,
    height: 400,
    background: "white",
    padding: 10,
    title: { text: title, subtitle, anchor: "start" },
    layer: [
      { data: { values: ideal }, mark: { type: "line", color: grey, strokeDash: [4, 4] }, encoding: axes },
      {
        data: { values: ideal.slice(1) },
        mark: { type: "text", color: grey, align: "left", dx: 6, text: "goodput = offered" },
        encoding: axes,
      },
      {
        data: { values: points },
        mark: { type: "line", point: { filled: true, size: 50 } },
        encoding: {
          ...axes,
          color: { field: "name", type: "nominal", title: null, scale: { domain: lines.map(({ name }) => name) } },
        },
      },
    ],
    config: { legend: { orient: "bottom" } },
  };
}
