import fc from "fast-check";
import { expect, test } from "vitest";
import { missingActions } from "./rights.ts";

const write = "Microsoft.Compute/virtualMachineScaleSets/write";
const join = "Microsoft.Network/virtualNetworks/subnets/join/action";
const missing = (...roles: { actions: string[]; notActions?: string[] }[]) =>
  missingActions(
    roles.map(({ actions, notActions }) => ({ actions, notActions: notActions ?? [] })),
    [write, join],
  );

test.each([
  ["*"],
  ["*/action", "*/write"],
  ["microsoft.compute/*", "MICROSOFT.NETWORK/*"],
  ["Microsoft.Compute/virtualMachineScaleSets/*", "Microsoft.Network/virtualNetworks/subnets/join/action"],
])("a star is any string, and capitals are none (%s, %s)", (...actions) => {
  expect(missing({ actions })).toEqual([]);
});

test("an action is named whole: neither what begins like it, nor a dot that could be any letter", () => {
  expect(missing({ actions: ["Microsoft.Compute/virtualMachineScaleSets"] })).toEqual([write, join]);
  expect(missing({ actions: ["MicrosoftXCompute/virtualMachineScaleSets/write"] })).toEqual([write, join]);
});

test("what one role does not give, another one may", () => {
  const contributor = { actions: ["*"], notActions: ["Microsoft.Compute/*/write"] };
  expect(missing(contributor)).toEqual([write]);
  expect(missing(contributor, { actions: [write] })).toEqual([]);
});

test("a right is never missing to the owner, and always to nobody", () => {
  const action = fc.array(fc.stringMatching(/^[A-Za-z.]{1,9}$/), { minLength: 1 }).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(fc.array(action), (actions) => {
      expect(missingActions([{ actions: ["*"], notActions: [] }], actions)).toEqual([]);
      expect(missingActions([{ actions: ["*"], notActions: ["*"] }], actions)).toEqual(actions);
      expect(missingActions([{ actions, notActions: [] }], actions)).toEqual([]);
    }),
  );
});
