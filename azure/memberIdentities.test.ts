import { expect, test } from "vitest";
import type { Arm } from "./arm.ts";
import { giveIdentities, type Bearer } from "./memberIdentities.ts";

const group = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities";
const bearer = (name: string, identities: string[] = [], hasSystemIdentity = false): Bearer => ({
  machine: { name, identities, hasSystemIdentity },
  identityId: `${group}/id-front`,
});

/** ARM that refuses updates of some machines. */
function arm(refused: Record<string, Error> = {}) {
  const updates: [string, object][] = [];
  const update = (_: string, name: string, body: object) => {
    updates.push([name, body]);
    return refused[name] ? Promise.reject(refused[name]) : Promise.resolve({});
  };
  return { updates, arm: { compute: { virtualMachines: { update } } } as unknown as Arm };
}

test("a machine gets its identity beside those that it has, and one that has it is left alone", async () => {
  const { updates, arm: azure } = arm();
  const { given } = await giveIdentities(azure, "rg", [
    bearer("none"),
    bearer("other", ["/Other"]),
    bearer("system", [], true),
    bearer("has", [`${group}/ID-FRONT`]),
  ]);
  expect(given).toEqual(["none", "other", "system"]);
  const id = `${group}/id-front`;
  expect(updates.map(([, body]) => body)).toEqual([
    { identity: { type: "UserAssigned", userAssignedIdentities: { [id]: {} } } },
    { identity: { type: "UserAssigned", userAssignedIdentities: { [id]: {} } } },
    { identity: { type: "SystemAssigned, UserAssigned", userAssignedIdentities: { [id]: {} } } },
  ]);
});

test("a machine that was replaced meanwhile needs none, and one that is being repaired does not stop the others", async () => {
  const gone = Object.assign(new Error("was not found"), { statusCode: 404, code: "ResourceNotFound" });
  const repaired = Object.assign(new Error("is being repaired"), { statusCode: 409, code: "Conflict" });
  const bearers = [bearer("a"), bearer("b"), bearer("c")];
  expect(await giveIdentities(arm({ a: gone, b: repaired }).arm, "rg", bearers)).toEqual({ given: ["c"], busy: ["b"] });
});

test("every machine that is refused its identity is named, with the rights that it takes", async () => {
  const refusal = Object.assign(new Error("does not have permission to perform action"), {
    code: "LinkedAuthorizationFailed",
  });
  const { arm: azure } = arm({ a: refusal, c: new Error("is being deleted") });
  await expect(giveIdentities(azure, "rg", [bearer("a"), bearer("b"), bearer("c")])).rejects.toThrow(
    `machines were not given the identity by which they read their secrets; Ansible did not run. It takes the rights \
Microsoft.Compute/virtualMachines/write and Microsoft.ManagedIdentity/userAssignedIdentities/assign/action, for example by \
the role Contributor. Then run pulumi up again.
  a, id-front: LinkedAuthorizationFailed does not have permission to perform action
  c, id-front: is being deleted`,
  );
});
