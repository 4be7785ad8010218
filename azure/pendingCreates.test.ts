import { expect, test } from "vitest";
import { unread, withPendingCreates } from "./pendingCreates.ts";

const group = "/subscriptions/s/resourceGroups/rg";
const creating = (urn: string, type: string, inputs: object) => ({
  type: "creating",
  resource: { urn, type, inputs: { resourceGroupName: "rg", ...inputs } },
});
const set = creating("urn:set", "azure-native:compute:VirtualMachineScaleSet", { vmScaleSetName: "vmss" });
const base = { urn: "urn:group", type: "azure-native:resources:ResourceGroup", id: group, outputs: { name: "rg" } };

test("where nothing was being made, nothing is to be done", () => {
  expect(withPendingCreates({ deployment: {} }, "s")).toBeUndefined();
  const updating = { ...set, type: "updating" };
  expect(withPendingCreates({ deployment: { pending_operations: [updating] } }, "s")).toBeUndefined();
});

test("what was being made is in the state with its ID, once, where it is of Azure and not there already", () => {
  const record = creating("urn:record", "azure-native:privatedns:PrivateRecordSet", {
    privateZoneName: "zone",
    recordType: "A",
    relativeRecordSetName: "back",
  });
  const deleting = { ...set, type: "deleting" };
  const there = creating("urn:group", base.type, {});
  const carried = creating("urn:set", set.resource.type, { vmScaleSetName: "before" });
  const run = creating("urn:run", "command:local:Command", {});
  const completed = withPendingCreates(
    { deployment: { resources: [base], pending_operations: [set, record, run, there, carried, deleting] } },
    "other",
  );
  expect(completed).toEqual({
    deployment: {
      resources: [
        base,
        { ...set.resource, id: `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss` },
        { ...record.resource, id: `${group}/providers/Microsoft.Network/privateDnsZones/zone/A/back` },
      ],
      pending_operations: [deleting],
    },
  });
  expect(completed && unread(completed)).toEqual(["urn:set", "urn:record"]);
});

test("a replacement takes the place of what was deleted for it", () => {
  const zone = (name: string) => creating("urn:zone", "azure-native:dns:Zone", { zoneName: name });
  const old = { ...zone("old").resource, id: "old", outputs: { name: "old" }, pendingReplacement: true };
  const child = { urn: "urn:record", type: "azure-native:dns:RecordSet", id: "record", outputs: { name: "www" } };
  const completed = withPendingCreates(
    { deployment: { resources: [base, old, child], pending_operations: [zone("new")] } },
    undefined,
  );
  expect(completed?.deployment.resources).toEqual([
    base,
    { ...zone("new").resource, id: `${group}/providers/Microsoft.Network/dnsZones/new` },
    child,
  ]);
  expect(() =>
    withPendingCreates(
      { deployment: { resources: [base, { ...old, pendingReplacement: false }], pending_operations: [zone("new")] } },
      undefined,
    ),
  ).toThrow(
    "urn:zone was being replaced by /subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/dnsZones/new",
  );
});

test("what is of Azure and has no ID that is known is told, not forgotten", () => {
  const unknown = creating("urn:vault", "azure-native:keyvault:Vault", {});
  expect(() => withPendingCreates({ deployment: { resources: [base], pending_operations: [unknown] } }, "s")).toThrow(
    "urn:vault: no ID is known of a azure-native:keyvault:Vault with inputs resourceGroupName",
  );
});

test("a state that has nothing of Azure yet is of the subscription that is given", () => {
  const first = creating("urn:group", base.type, {});
  const state = { deployment: { pending_operations: [first] } };
  expect(withPendingCreates(state, "s")?.deployment.resources).toMatchObject([{ id: group }]);
  expect(() => withPendingCreates(state, undefined)).toThrow("ARM_SUBSCRIPTION_ID");
});
