import { expect, test } from "vitest";
import { actionOf } from "./authorization.ts";

const group = "/subscriptions/s/resourceGroups/g";
const set = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/v`;
const compute = "/subscriptions/s/providers/Microsoft.Compute";

test.each([
  ["GET", "/subscriptions/s", "Microsoft.Resources/subscriptions/read"],
  ["PUT", group, "Microsoft.Resources/subscriptions/resourceGroups/write"],
  ["GET", `${compute}/skus`, "Microsoft.Compute/skus/read"],
  ["GET", `${compute}/locations/westeurope/usages`, "Microsoft.Compute/locations/usages/read"],
  [
    "GET",
    `${compute}/locations/westeurope/publishers/P/artifacttypes/vmimage/offers/O/skus/S/versions`,
    "Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read",
  ],
  ["GET", compute, "Microsoft.Resources/subscriptions/providers/read"],
  ["POST", `${compute}/register`, "Microsoft.Compute/register/action"],
  ["PATCH", set, "Microsoft.Compute/virtualMachineScaleSets/write"],
  ["DELETE", set, "Microsoft.Compute/virtualMachineScaleSets/delete"],
  ["GET", `${set}/instanceView`, "Microsoft.Compute/virtualMachineScaleSets/instanceView/read"],
  ["POST", `${set}/manualUpgrade`, "Microsoft.Compute/virtualMachineScaleSets/manualUpgrade/action"],
  ["GET", `${set}/providers/Microsoft.Authorization/permissions`, "Microsoft.Authorization/permissions/read"],
])("%s %s asks for %s", (method, path, action) => {
  expect(actionOf({ method, segments: path.split("/").slice(1) })).toBe(action);
});
