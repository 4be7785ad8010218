import { expect, test } from "vitest";
import { actionOf } from "./authorization.ts";

const group = "/subscriptions/s/resourceGroups/g";
const set = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/v`;
const sets = "Microsoft.Compute/virtualMachineScaleSets";
const feature = "/subscriptions/s/providers/Microsoft.Features/providers/Microsoft.Compute/features/EncryptionAtHost";
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
  [
    "POST",
    "/subscriptions/s/providers/Microsoft.KeyVault/checkNameAvailability",
    "Microsoft.KeyVault/checkNameAvailability/read",
  ],
  ["PATCH", set, "Microsoft.Compute/virtualMachineScaleSets/write"],
  ["DELETE", set, "Microsoft.Compute/virtualMachineScaleSets/delete"],
  ["GET", `${set}/instanceView`, "Microsoft.Compute/virtualMachineScaleSets/instanceView/read"],
  ["POST", `${set}/manualUpgrade`, "Microsoft.Compute/virtualMachineScaleSets/manualUpgrade/action"],
  ["GET", `${set}/providers/Microsoft.Authorization/permissions`, "Microsoft.Authorization/permissions/read"],
  ["PUT", `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/providers`, `${sets}/write`],
  [
    "GET",
    `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/Providers/virtualMachines`,
    `${sets}/virtualMachines/read`,
  ],
  ["DELETE", "/subscriptions/s/resourceGroups/providers", "Microsoft.Resources/subscriptions/resourceGroups/delete"],
  ["GET", feature, "Microsoft.Features/providers/features/read"],
  ["POST", `${feature}/register`, "Microsoft.Features/providers/features/register/action"],
])("%s %s asks for %s", (method, path, action) => {
  expect(actionOf({ method, segments: path.split("/").slice(1) })).toBe(action);
});
