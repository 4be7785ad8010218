import { expect, test } from "vitest";
import { plot } from "./plot.ts";

const lines = [
  {
    name: "0.1.0",
    steps: [
      { offered: 300, goodput: 300 },
      { offered: 1000, goodput: 420 },
      { offered: 4000, goodput: 15 },
    ],
  },
  {
    name: "this tree",
    steps: [
      { offered: 300, goodput: 300 },
      { offered: 1000, goodput: 950 },
      { offered: 4000, goodput: 930 },
    ],
  },
];
const drawn = () => plot("Goodput of dev", "two processors", lines);

test("a plot has a point for each step, a line for each series, the ideal, and says what its axes are", async () => {
  const svg = await drawn();
  const labels = [...svg.matchAll(/aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="point"/g)];
  const x = "Offered load (requests/s)";
  const y = "Goodput (answers within 1 s of the planned time, /s)";
  expect(labels.map(([, label]) => label)).toEqual(
    lines.flatMap(({ name, steps }) =>
      steps.map(({ offered, goodput }) => `${x}: ${offered}; ${y}: ${goodput}; name: ${name}`),
    ),
  );
  expect([...svg.matchAll(/aria-roledescription="line mark"/g)]).toHaveLength(3);
  const texts = [...svg.matchAll(/<text[^>]*>([^<]+)</g)].map(([, text]) => text);
  expect(texts).toEqual(
    expect.arrayContaining([
      x,
      y,
      "Goodput of dev",
      "two processors",
      "goodput = offered",
      "0.1.0",
      "this tree",
      "4,000",
    ]),
  );
});

test("points are where their figures say: the ideal meets those that serve everything", async () => {
  const svg = await plot("one", "", [
    { name: "a", steps: [300, 600].map((rate) => ({ offered: rate, goodput: rate })) },
  ]);
  const places = [...svg.matchAll(/transform="translate\(([\d.]+),([\d.]+)\)" d="[^"]*"[^>]*fill="#4c78a8"/g)];
  const [[, x1, y1] = [], [, x2, y2] = []] = places.length > 0 ? places : [];
  expect([x1, y1, x2, y2].map(Number)).toEqual([320, 200, 640, 0].map((value) => expect.closeTo(value, 3) as number));
});

test("the same curves are drawn as the same text", async () => {
  expect(await drawn()).toBe(await drawn());
});

test("nothing measured is an empty plot", async () => {
  expect(await plot("none", "", [{ name: "a", steps: [] }])).toContain("none");
});
