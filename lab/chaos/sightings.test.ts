import { expect, test } from "vitest";
import { configured, lacks, replacement, wholeSince, type Sighting } from "./sightings.ts";
import { machine, status } from "./testing/fakeLab.ts";

const [front1, front2, front3, back1] = [
  machine("front", 1),
  machine("front", 2),
  machine("front", 3),
  machine("back", 1),
] as const;
const wanted = { front: 2, back: 1 };
const seen = (at: number, ...given: Parameters<typeof status>): Sighting => ({ at, status: status(...given) });

test("an environment lacks nothing when every machine is there, healthy and in rotation", () => {
  const whole = status([front1, front2, back1]);
  expect(configured(whole)).toEqual(wanted);
  expect(lacks(whole, wanted)).toEqual([]);
});

test("what is lacking is named: machines, their health, their place in the rotation", () => {
  expect(lacks(status([front1, { ...back1, state: "stopped", health: "Unknown" }]), wanted)).toEqual([
    "1 of 2 front",
    "back_1 is stopped, Unknown",
  ]);
  expect(lacks(status([front1, front2, back1], ["front_2"]), wanted)).toEqual(["1 of 2 members up behind lb-front"]);
  expect(lacks(status([front1, front2, front3, back1]), wanted)).toEqual(["3 of 2 front"]);
  expect(lacks(status([front1, front2]), wanted)).toEqual(["0 of 1 back"]);
});

test("an environment whose repairs are suspended is not whole", () => {
  const whole = status([front1, front2, back1]);
  const suspended = { ...whole, groups: whole.groups.map((group) => ({ ...group, repairs: "Suspended" as const })) };
  expect(lacks(suspended, wanted)).toEqual(["repairs of front are suspended", "repairs of back are suspended"]);
});

test("a machine that is leaving is not counted, nor must it serve", () => {
  const leaving = { ...front3, state: "terminating" };
  expect(lacks(status([front1, front2, leaving, back1], ["front_3"]), wanted)).toEqual([]);
  expect(lacks(status([front1, leaving, back1], ["front_3"]), wanted)).toEqual(["1 of 2 front"]);
});

test("a kind of which there should be none may be absent", () => {
  expect(lacks(status([front1]), { front: 1, balancer: 0 })).toEqual([]);
});

test("wholeness counts from when it was not interrupted any more", () => {
  const broken = status([front1, front2, back1], ["front_2"]);
  const whole = status([front1, front2, back1]);
  expect(
    wholeSince(
      [
        { at: 1, status: whole },
        { at: 2, status: broken },
        { at: 3, status: whole },
      ],
      wanted,
    ),
  ).toBe(3);
  expect(wholeSince([{ at: 1, status: whole }], wanted)).toBe(1);
  expect(
    wholeSince(
      [
        { at: 1, status: whole },
        { at: 2, status: broken },
      ],
      wanted,
    ),
  ).toBeUndefined();
});

test("a machine is given up when it is gone or another one of its kind is there, whichever is first", () => {
  const ill = { ...front2, health: "Unknown" };
  const young = { ...front3, health: "Initializing" };
  const before = [seen(1, [front1, front2, back1]), seen(2, [front1, ill, back1])];
  expect(replacement(before, front2)).toBeUndefined();
  expect(replacement([...before, seen(3, [front1, back1])], front2)).toEqual({
    verdictAt: 3,
    machine: undefined,
    healthyAt: undefined,
  });
  expect(
    replacement(
      [
        ...before,
        seen(3, [front1, ill, young, back1]),
        seen(4, [front1, young, back1]),
        seen(9, [front1, front3, back1]),
      ],
      front2,
    ),
  ).toEqual({ verdictAt: 3, machine: front3, healthyAt: 9 });
  expect(replacement([...before, seen(3, [front1, { ...ill, state: "terminating" }, back1])], front2)?.verdictAt).toBe(
    3,
  );
});

test("a new machine of another kind is nobody's replacement", () => {
  expect(replacement([seen(1, [front1, back1]), seen(2, [front1, back1, machine("back", 2)])], front1)).toBeUndefined();
});
