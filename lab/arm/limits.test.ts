import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changeLimits, readLimitChange } from "./limitChange.ts";
import { coresOf, isDenied, limitsOf, restrictedZones, usualCores, usualLimits } from "./limits.ts";
import { Store } from "./store.ts";

let directory: string;
let store: Store;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-limits-"));
  store = new Store(join(directory, "arm.db"));
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

describe("cores", () => {
  test("are plenty where nobody set a number", () => {
    expect(coresOf(limitsOf(store), "westeurope")).toBe(usualCores);
    expect(coresOf(limitsOf(store), "westeurope", "standardBsv2Family")).toBe(usualCores);
  });
  test("of a new subscription are 20 in each region and of each family", () => {
    const limits = changeLimits(store, { newSubscription: true });
    expect(coresOf(limits, "northeurope")).toBe(20);
    expect(coresOf(limits, "northeurope", "standardDSv5Family")).toBe(20);
  });
  test("of a family without a number are those of its region, and the last number that fits holds", () => {
    changeLimits(store, { newSubscription: true });
    const limits = changeLimits(store, {
      cores: [
        { region: "West Europe", limit: 50 },
        { region: "westeurope", family: "STANDARDBSV2FAMILY", limit: 10 },
      ],
    });
    expect(coresOf(limits, "westeurope")).toBe(50);
    expect(coresOf(limits, "westeurope", "standardBsv2Family")).toBe(10);
    expect(coresOf(limits, "westeurope", "standardDSv5Family")).toBe(50);
    expect(coresOf(limits, "northeurope")).toBe(20);
    expect(changeLimits(store, { cores: [{ region: "westeurope", limit: 60 }] }).cores).toHaveLength(3);
  });
});

describe("sizes", () => {
  test("of the first B series cannot be had, until they are allowed", () => {
    expect(restrictedZones(limitsOf(store), "westeurope", "Standard_B2s")).toBe("all");
    const limits = changeLimits(store, { allow: [{ region: "*", size: "standard_b2s" }] });
    expect(restrictedZones(limits, "westeurope", "Standard_B2s")).toEqual([]);
    expect(restrictedZones(limits, "westeurope", "Standard_B1s")).toBe("all");
  });
  test("are restricted in zones of one region, and a new restriction replaces the one before", () => {
    changeLimits(store, { restrict: [{ region: "westeurope", size: "Standard_D2s_v5", zones: ["3", "1"] }] });
    expect(restrictedZones(limitsOf(store), "westeurope", "Standard_D2s_v5")).toEqual(["1", "3"]);
    expect(restrictedZones(limitsOf(store), "northeurope", "Standard_D2s_v5")).toEqual([]);
    changeLimits(store, { restrict: [{ region: "westeurope", size: "Standard_D2s_v5", zones: ["2"] }] });
    expect(restrictedZones(limitsOf(store), "westeurope", "Standard_D2s_v5")).toEqual(["2"]);
  });
});

test("an action is denied by its name in any letter case, or by a pattern, and by no other", () => {
  const limits = { ...usualLimits, denied: ["Microsoft.Compute/*/write"] };
  expect(isDenied(limits, "microsoft.compute/virtualMachineScaleSets/WRITE")).toBe(true);
  expect(isDenied(limits, "Microsoft.Compute/virtualMachineScaleSets/read")).toBe(false);
  expect(isDenied(limits, "MicrosoftXCompute/virtualMachineScaleSets/write")).toBe(false);
});

test("changes are kept with the resources, and reset takes all of them back", () => {
  changeLimits(store, { deny: ["Microsoft.Network/*"], unregister: ["microsoft.network"] });
  store.close();
  store = new Store(join(directory, "arm.db"));
  expect(limitsOf(store)).toMatchObject({
    denied: ["Microsoft.Network/*"],
    unregistered: ["Microsoft.Compute/EncryptionAtHost", "Microsoft.Network"],
  });
  expect(changeLimits(store, { permit: ["microsoft.network/*"] }).denied).toEqual([]);
  expect(changeLimits(store, { reset: true })).toEqual(usualLimits);
});

test("every mistake is told with what is allowed, and nothing is changed", () => {
  const change = {
    cores: [{ region: "mars", family: "x", limit: -1 }],
    restrict: [{ region: "*", size: "Standard_Z1", zones: ["4"] }],
    unregister: ["Microsoft.Nothing"],
    deny: ["write"],
  };
  expect(() => readLimitChange(change)).toThrow(/cores: region 'mars': allowed are \* and westeurope/);
  expect(() => readLimitChange(change)).toThrow(/family 'x': allowed are standardBSFamily/);
  expect(() => readLimitChange(change)).toThrow(/a number of cores from 0/);
  expect(() => readLimitChange(change)).toThrow(/size 'Standard_Z1': allowed are Standard_B1ls/);
  expect(() => readLimitChange(change)).toThrow(/zones are 1, 2 and 3/);
  expect(() => readLimitChange(change)).toThrow(/'Microsoft.Nothing': allowed are Microsoft.Compute/);
  expect(() => readLimitChange(change)).toThrow(/deny: an action such as/);
  expect(() => changeLimits(store, change)).toThrow();
  expect(limitsOf(store)).toEqual(usualLimits);
});
