import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { movingTo, planPorts, portMistakes, portsOf, type PortPlan, type StandingPorts } from "./portMoves.ts";

const standing = (ports: number[], tag?: string): StandingPorts =>
  portsOf(new Map(ports.map((port) => [port, `rule-of-${port}`])), tag);
const numbers = (asked: number[], stand?: StandingPorts) => {
  const { ports, leaving, moving } = planPorts(asked, stand);
  return { ports: ports.map(({ port }) => port), leaving, moving };
};

describe("the ports of a tier", () => {
  test("of a new environment are those that are asked for", () => {
    expect(numbers([4000, 4100])).toEqual({ ports: [4000, 4100], leaving: [], moving: false });
  });

  test("that stand as they are asked for stay", () => {
    expect(numbers([4000], standing([4000]))).toEqual({ ports: [4000], leaving: [], moving: false });
  });

  test("are the old and the new one from a change to the end of a run of Ansible, then the new one", () => {
    const move = { ports: [4001, 4000], leaving: [4000], moving: true };
    expect(numbers([4001], standing([4000]))).toEqual(move);
    expect(numbers([4001], standing([4001, 4000], "to 4001"))).toEqual(move);
    expect(numbers([4001], standing([4001, 4000], "4001"))).toEqual({ ports: [4001], leaving: [], moving: false });
  });

  test("are all that any machine may have where a change is taken back, or made once more, before Ansible succeeded", () => {
    const stand = standing([4001, 4000], "to 4001");
    expect(numbers([4000], stand)).toEqual({ ports: [4000, 4001], leaving: [4001], moving: true });
    expect(numbers([4002], stand)).toEqual({ ports: [4002, 4000, 4001], leaving: [4000, 4001], moving: true });
    expect(numbers([4000, 4001], stand)).toEqual({ ports: [4000, 4001], leaving: [], moving: true });
  });

  test("are both where what is left of one change is asked for again before it was closed", () => {
    const again = { ports: [4001, 4000], leaving: [4000], moving: true };
    expect(numbers([4001], standing([4000, 4001], "4000"))).toEqual(again);
  });

  test("lose an additional one only after a run of Ansible: nothing says which of several is the machines' own", () => {
    const move = { ports: [4000, 4100], leaving: [4100], moving: true };
    expect(numbers([4000, 4100], standing([4000, 4100]))).toEqual({ ...move, leaving: [], moving: false });
    expect(numbers([4000], standing([4000, 4100]))).toEqual(move);
    expect(numbers([4000], standing([4000, 4100], "4000"))).toEqual({ ports: [4000], leaving: [], moving: false });
  });

  test("that stand keep the names of their rules, and new ones get names of their own", () => {
    expect(planPorts([4001], standing([4000])).ports).toEqual([
      { port: 4001, rule: "service-4001" },
      { port: 4000, rule: "rule-of-4000" },
    ]);
  });
});

const anyPort = fc.integer({ min: 1, max: 4 });
/**
 * Several `pulumi up` in a row, of which each asks for some port, and for additional ones. Its run of Ansible succeeds,
 * or fails when some machines and callers have moved.
 */
const story = fc.array(
  fc.record({ port: anyPort, additional: fc.uniqueArray(anyPort, { maxLength: 2 }), succeeds: fc.boolean() }),
  { maxLength: 8 },
);
const asked = (port: number, additional: number[]) => [port, ...additional.filter((other) => other !== port)];

/** The load balancer after an `up`. */
function after({ ports, moving }: PortPlan, port: number, succeeds: boolean): StandingPorts {
  const rules = new Map(ports.map((each) => [each.port, each.rule]));
  return portsOf(rules, moving ? (succeeds ? `${port}` : movingTo(port)) : undefined);
}

test("no port is closed on which a machine may listen, or which a caller may call", () => {
  fc.assert(
    fc.property(anyPort, story, (first, ups) => {
      let stand = standing([first]);
      // Ports on which programs of machines may listen, and which callers may call.
      let needed = [first];
      for (const { port, additional, succeeds } of ups) {
        const plan = planPorts(asked(port, additional), stand);
        const served = plan.ports.map((each) => each.port);
        expect(served).toEqual(expect.arrayContaining([...asked(port, additional), ...needed]));
        expect(served).toHaveLength(new Set(served).size);
        expect(new Set(plan.ports.map(({ rule }) => rule)).size).toBe(served.length);
        needed = succeeds ? [port] : [...needed, port];
        stand = after(plan, port, succeeds);
      }
    }),
    { numRuns: 1000 },
  );
});

test("after a change the second run that succeeds leaves nothing of what was, and a third changes nothing", () => {
  fc.assert(
    fc.property(story, anyPort, (ups, last) => {
      let stand = standing([1]);
      const final = { port: last, additional: [], succeeds: true };
      for (const { port, additional, succeeds } of [...ups, final, final]) {
        stand = after(planPorts(asked(port, additional), stand), port, succeeds);
      }
      expect(planPorts([last], stand)).toEqual({
        ports: [{ port: last, rule: stand.rules.get(last) }],
        leaving: [],
        moving: false,
      });
      expect([...stand.rules.keys()]).toEqual([last]);
      expect(stand.at).toBe(last);
    }),
    { numRuns: 1000 },
  );
});

test("another application gets a port only after the tier has left it", () => {
  const applications = [
    { name: "back", port: 4001 },
    { name: "admin", port: 4000 },
  ];
  const mistakes = (stand: StandingPorts) =>
    portMistakes("tiers.back", 4001, planPorts([4001], stand), applications).map(({ path, given }) => [path, given]);
  expect(mistakes(standing([4000]))).toEqual([["tiers.back.applications[1].port", "4000"]]);
  expect(mistakes(standing([4001, 4000], "4001"))).toEqual([]);
});
