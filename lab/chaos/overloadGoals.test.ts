import { describe, expect, test } from "vitest";
import type { RequestRecord } from "./history.ts";
import { disturbedOthers, judge, type OverloadEvidence } from "./overloadGoals.ts";
import { machine, shedding, status } from "./testing/fakeLab.ts";
import { record, start } from "./testing/histories.ts";

const [back1, back2] = [machine("back", 1), machine("back", 2)];
const [proxy1, proxy2] = [machine("reverse-proxy", 1), machine("reverse-proxy", 2)];
const everybody = [back1, back2, proxy1, proxy2];
const seen = (seconds: number, given = status(everybody)) => ({ at: start + seconds * 1000, status: given });
const phase = (rate: number, from: number, to: number) => ({ rate, from: start + from * 1000, to: start + to * 1000 });
const phases = {
  full: phase(120, -30, 0),
  before: phase(60, 0, 20),
  excess: phase(200, 20, 80),
  after: phase(60, 80, 120),
};

/** What servers make of the phases that do so much a second, but for what is given by the second. */
function history(more: (seconds: number) => Partial<RequestRecord> = () => ({}), serves = 100): RequestRecord[] {
  return Object.values(phases).flatMap(({ rate, from, to }) =>
    Array.from({ length: ((to - from) / 1000) * rate }, (_, index) => {
      const seconds = (from - start) / 1000 + index / rate;
      return record(seconds, { ...shedding(serves, index, rate), ...more(seconds) });
    }),
  );
}

/** So many requests a second are answered well, the whole time. */
const serving = (many: number) => history(() => ({}), many);

/** Those of the records that were planned from one second until another. */
const between = (records: RequestRecord[], from: number, to: number) =>
  records.filter(({ planned }) => planned >= start + from * 1000 && planned < start + to * 1000);

const evidence = (more: Partial<OverloadEvidence> = {}): OverloadEvidence => ({
  ...phases,
  capacity: 100,
  records: history(),
  sightings: [seen(0)],
  wanted: { back: 2, "reverse-proxy": 2 },
  kept: [],
  ...more,
});
const missed = (more: Partial<OverloadEvidence>) =>
  judge(evidence(more))
    .verdicts.filter(({ met }) => !met)
    .map(({ goal, got }) => `${goal}: ${got}`);

test("an environment that serves what it can, and refuses the rest at once, meets every goal", () => {
  expect(missed({})).toEqual([]);
  expect(judge(evidence()).figures).toMatchObject({ "offered /s": 200, "goodput /s": 100, "refused /s": 100 });
});

describe("a goal is missed", () => {
  const inExcess = (seconds: number) => seconds >= 20 && seconds < 80;
  const later = (many: number) => [...between(history(), -30, 0), ...between(serving(many), 0, 120)];

  test("when less than nine tenths of the best are served in time in the excess", () => {
    expect(missed({ records: later(91) })).toEqual([]);
    expect(missed({ records: later(89) })).toEqual(["the excess: goodput: 89 a second"]);
  });
  test("when what is served in the excess comes late, or refusals do", () => {
    const slow = (seconds: number) => (inExcess(seconds) && seconds % 10 < 0.5 ? { latency: 1100 } : {});
    expect(missed({ records: history(slow) })).toEqual([
      "the excess: 99th percentile of what was served: 1100 ms",
      "the excess: 99th percentile of refusals: 1100 ms",
    ]);
  });
  test("when nothing is served at all", () => {
    expect(missed({ records: history((seconds) => (inExcess(seconds) ? { status: 502 } : {})) })).toEqual([
      "the excess: goodput: 0 a second",
      "the excess: 99th percentile of what was served: none",
      "the excess: neither served nor refused: 100.00%",
    ]);
  });
  test("when something fails, or is slow, later than 5 s after the excess", () => {
    const failing = (until: number) => history((at) => (at >= 80 && at < until ? { status: 502, latency: 500 } : {}));
    expect(missed({ records: failing(85) })).toEqual([]);
    expect(missed({ records: failing(85.02) })).toEqual([
      "5 s after the excess: no request failed: 0 refused, 2 failed otherwise",
    ]);
    const latency = (ms: number) => history((seconds) => (seconds >= 85 ? { latency: ms } : {}));
    expect(missed({ records: latency(70) })).toEqual([]);
    expect(missed({ records: latency(71) })).toEqual(["5 s after the excess: 99th percentile: 71 ms"]);
  });
  test("when the generator did not keep the load", () => {
    const late = history().map((one, index) => (index % 4 === 0 ? { ...one, sent: start + 1e6 } : one));
    expect(missed({ records: late })).toEqual(["the load was kept: 90, then 45, then 150, then 45"]);
  });
  test("when an acknowledged write is missing, or one is there twice", () => {
    const records = [...history(), record(30, { method: "POST", status: 201, id: "a" })];
    expect(missed({ records, kept: ["a"] })).toEqual([]);
    expect(missed({ records, kept: [] })[0]).toContain("1 missing, 0 twice");
    expect(missed({ records, kept: ["a", "a"] })[0]).toContain("0 missing, 1 twice");
  });
  test("when the environment is not whole in the end, or a machine left that nobody broke", () => {
    const sightings = [seen(0), seen(60, status([back1, proxy1, proxy2]))];
    expect(missed({ sightings })).toEqual([
      "no machine that was well was repaired or taken out: back_2 left",
      "as many machines as configured, healthy and in rotation: not in time",
    ]);
  });
});

describe("with a machine lost 20 s into the excess", () => {
  const broken = { machine: back1, at: start + 40_000 };
  const serves = (before: number, meanwhile: number, then: number) => [
    ...between(history(), -30, 0),
    ...between(serving(before), 0, 40),
    ...between(serving(meanwhile), 40, 55),
    ...between(serving(then), 55, 80),
    ...between(serving(before), 80, 120),
  ];
  test("the others do as much from 15 s after the fault", () => {
    expect(missed({ broken, records: serves(100, 0.001, 91) })).toEqual([]);
    expect(missed({ broken, records: serves(100, 0.001, 89) })).toEqual([
      "the excess without back_1: goodput: 89 a second",
    ]);
  });
  test("one that was lost before is asked for in all of the excess", () => {
    const early = { machine: back1, at: start + 5000 };
    const { verdicts } = judge(evidence({ broken: early }));
    expect(verdicts.filter(({ goal }) => /^the excess.*goodput/.test(goal))).toEqual([
      { goal: "the excess without back_1: goodput", wanted: "at least 90 a second", got: "100 a second", met: true },
    ]);
  });
});

test("others are disturbed when they leave, go down or come; the broken one and the one in its place are not others", () => {
  const back3 = machine("back", 3);
  const replaced = [
    seen(0),
    seen(40, status(everybody, ["back_1"])),
    seen(60, status([back2, back3, proxy1, proxy2], ["back_3"])),
  ];
  expect(disturbedOthers(replaced, back1)).toEqual([]);
  expect(disturbedOthers(replaced, undefined)).toEqual([
    "back_1 was down behind lb-back",
    "back_1 left",
    "back_3 came",
  ]);
  const more = [seen(0), seen(40, status([...everybody, back3, machine("back", 4)]))];
  expect(disturbedOthers(more, back1)).toEqual(["back_4 came"]);
  const down = [
    seen(0),
    seen(40, status(everybody, ["reverse-proxy_2"])),
    seen(41, status(everybody, ["reverse-proxy_2"])),
  ];
  expect(disturbedOthers(down, back1)).toEqual(["reverse-proxy_2 was down behind lb-reverse-proxy"]);
  const leaving = [seen(0), seen(40, status([{ ...back2, state: "terminating" }, back1, proxy1, proxy2]))];
  expect(disturbedOthers(leaving, back1)).toEqual(["back_2 left"]);
});
