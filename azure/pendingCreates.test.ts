import { expect, test } from "vitest";
import { withPendingCreates } from "./pendingCreates.ts";

const group = "/subscriptions/s/resourceGroups/rg";
const creating = (urn: string, type: string, inputs: object) => ({
  type: "creating",
  resource: { urn, type, inputs: { resourceGroupName: "rg", ...inputs } },
});
const set = creating("urn:set", "azure-native:compute:VirtualMachineScaleSet", { vmScaleSetName: "vmss" });
const base = { urn: "urn:group", type: "azure-native:resources:ResourceGroup", id: group };

test("where nothing was being made, nothing is to be done", () => {
  expect(withPendingCreates({ deployment: {} }, "s")).toBeUndefined();
  const updating = { ...set, type: "updating" };
  expect(withPendingCreates({ deployment: { pending_operations: [updating] } }, "s")).toBeUndefined();
});

test("what was being made is in the state with its ID, where it has one and is not there already", () => {
  const record = creating("urn:record", "azure-native:privatedns:PrivateRecordSet", {
    privateZoneName: "zone",
    recordType: "A",
    relativeRecordSetName: "back",
  });
  const deleting = { ...set, type: "deleting" };
  const twice = creating("urn:group", base.type, {});
  const run = creating("urn:run", "command:local:Command", {});
  expect(
    withPendingCreates(
      { deployment: { resources: [base], pending_operations: [set, record, run, twice, deleting] } },
      "other",
    ),
  ).toEqual({
    deployment: {
      resources: [
        base,
        { ...set.resource, id: `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss` },
        { ...record.resource, id: `${group}/providers/Microsoft.Network/privateDnsZones/zone/A/back` },
      ],
      pending_operations: [deleting],
    },
  });
});

test("a state that has nothing of Azure yet is of the subscription that is given", () => {
  const first = creating("urn:group", base.type, {});
  const state = { deployment: { pending_operations: [first] } };
  expect(withPendingCreates(state, "s")?.deployment.resources).toMatchObject([{ id: group }]);
  expect(() => withPendingCreates(state, undefined)).toThrow("ARM_SUBSCRIPTION_ID");
});
