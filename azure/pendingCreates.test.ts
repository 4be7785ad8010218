import { expect, test } from "vitest";
import { refreshArguments } from "./pendingCreates.ts";

const group = "/subscriptions/s/resourceGroups/rg";
const creating = (urn: string, type: string, inputs: object) => ({
  type: "creating",
  resource: { urn, type: `azure-native:${type}`, inputs: { resourceGroupName: "rg", ...inputs } },
});
const set = creating("urn:set", "compute:VirtualMachineScaleSet", { vmScaleSetName: "vmss" });

test("where nothing was being made, nothing is to be done", () => {
  expect(refreshArguments({ deployment: {} }, "s")).toBeUndefined();
  const updating = { ...set, type: "updating" };
  expect(refreshArguments({ deployment: { pending_operations: [updating] } }, "s")).toBeUndefined();
});

test("what was being made is looked for in Azure by its ID, and what has none there is forgotten", () => {
  const record = { privateZoneName: "zone", recordType: "A", relativeRecordSetName: "back" };
  const pending = [
    set,
    creating("urn:record", "privatedns:PrivateRecordSet", record),
    { type: "creating", resource: { urn: "urn:run", type: "command:local:Command" } },
  ];
  expect(
    refreshArguments({ deployment: { resources: [{}, { id: group }], pending_operations: pending } }, "other"),
  ).toEqual([
    ...["refresh", "--yes", "--skip-preview", "--clear-pending-creates"],
    ...["--import-pending-creates", "urn:set"],
    ...["--import-pending-creates", `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss`],
    ...["--import-pending-creates", "urn:record"],
    ...["--import-pending-creates", `${group}/providers/Microsoft.Network/privateDnsZones/zone/A/back`],
  ]);
});

test("a state that has nothing of Azure yet is of the subscription that is given", () => {
  const first = creating("urn:group", "resources:ResourceGroup", {});
  expect(refreshArguments({ deployment: { pending_operations: [first] } }, "s")?.at(-1)).toBe(group);
});
