import { expect, test } from "vitest";
import { parseWaivers, waiverFor, waiverRule } from "./waivers.ts";

const waiver = {
  policy: "names",
  resources: ["*-vmss", "network-vnet"],
  reason: "They were there before the rule was",
  since: "2026-11-29",
  expires: "2027-05-31",
};
const file = (...policies: object[]) => JSON.stringify({ policies, checkov: [] });
const read = (...policies: object[]) => parseWaivers(file(...policies), ["names", "tags"]).policies;

test("a waiver is about the resources and stacks that it names, from its first day to its last", () => {
  const waivers = read({ ...waiver, stacks: ["dev"] });
  const waived = (name: string, stack: string, day: string, policy = "names") =>
    waiverFor(waivers, policy, { name, stack }, day) !== undefined;
  expect(waived("front-vmss", "dev", "2027-05-31")).toBe(true);
  expect(waived("network-vnet", "dev", "2026-12-01")).toBe(true);
  expect(waived("network-vnet-2", "dev", "2026-12-01")).toBe(false);
  expect(waived("front-vmss", "prod", "2026-12-01")).toBe(false);
  expect(waived("front-vmss", "dev", "2026-12-01", "tags")).toBe(false);
  expect(waived("front-vmss", "dev", "2027-06-01")).toBe(false);
  expect(waived("front-vmss", "dev", "2026-11-29")).toBe(true);
  expect(waived("front-vmss", "dev", "2026-11-28")).toBe(false);
});

test("a waiver that has expired is a violation, in its stacks", () => {
  const waivers = read({ ...waiver, stacks: ["dev"] });
  const told = (stack: string, day: string) =>
    waiverRule(waivers, day).checkStack([
      {
        ...{ stack, name: "x", type: "x", urn: "x", components: [], inputs: {}, protect: false },
        ...{ parent: undefined, madeOf: () => [] },
      },
    ]);
  expect(told("dev", "2027-05-31")).toEqual([]);
  expect(told("prod", "2027-06-01")).toEqual([]);
  expect(told("dev", "2027-06-01")).toEqual([
    { message: "names of *-vmss, network-vnet was waived until 2027-05-31: They were there before the rule was" },
  ]);
});

test.each([
  ["of no policy", { ...waiver, policy: "nothing" }, "policies: given nothing, allowed are names, tags"],
  ["without a reason", { ...waiver, reason: "because" }, "policies.0.reason: a reason that somebody else understands"],
  ["for ever", { ...waiver, expires: "2099-01-01" }, "policies.0.expires: expires is after since, by at most 366 days"],
  ["that ends before it begins", { ...waiver, expires: "2026-01-01" }, "policies.0.expires: expires is after since"],
  ["until a day that does not exist", { ...waiver, expires: "2027-02-30" }, "policies.0.expires: a day that exists"],
  ["of nothing", { ...waiver, resources: [] }, "policies.0.resources: "],
  ["of everything", { ...waiver, resources: ["front-vmss", "**"] }, "policies.0.resources.1: a name"],
  ["with a field too many", { ...waiver, forever: true }, "policies.0: "],
])("a waiver %s is refused, with the field", (_, given, message) => {
  expect(() => read(given)).toThrow(message);
});
