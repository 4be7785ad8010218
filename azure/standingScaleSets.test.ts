import { expect, test, vi } from "vitest";
import { standingScaleSets } from "./standingScaleSets.ts";
import { pages, scaleSet } from "./testing/arm.ts";

const azure = vi.hoisted(() => ({ list: (group: string): unknown => group }));

vi.mock("./arm.ts", () => ({
  connect: () =>
    Promise.resolve({ compute: { virtualMachineScaleSets: { list: (group: string) => azure.list(group) } } }),
}));

const asked = (list: (group: string) => unknown) => {
  azure.list = list;
  return standingScaleSets(
    { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" },
    "rg-platform-test",
  );
};

test("scale sets that exist tell what is fixed of them", async () => {
  const repairs = (enabled: boolean) => ({ automaticRepairsPolicy: { enabled, repairAction: "Restart" } });
  const profile = {
    osProfile: { adminUsername: "platform" },
    securityProfile: { securityType: "TrustedLaunch" },
    networkProfile: { networkInterfaceConfigurations: [{ primary: true, enableAcceleratedNetworking: true }] },
  };
  const sets = await asked((group) =>
    pages(
      group === "rg-platform-test"
        ? [
            { ...scaleSet("vmss-a", 4), zones: ["3", "1"], virtualMachineProfile: profile, ...repairs(true) },
            { ...scaleSet("vmss-b", 1), ...repairs(false) },
          ]
        : [],
    ),
  );
  expect(Object.fromEntries(sets)).toEqual({
    "vmss-a": {
      capacity: 4,
      zones: ["1", "3"],
      user: "platform",
      trustedLaunch: true,
      acceleratedNetworking: true,
      repairAction: "Restart",
    },
    "vmss-b": {
      capacity: 1,
      zones: [],
      user: undefined,
      trustedLaunch: false,
      acceleratedNetworking: false,
      repairAction: undefined,
    },
  });
});
