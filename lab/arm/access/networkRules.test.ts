import { afterAll, beforeAll, expect, test } from "vitest";
import { join } from "node:path";
import { Store } from "../store.ts";
import { subscription, TestLab } from "../testing/testLab.ts";
import { admits, missingEndpoints, type NetworkRules } from "./networkRules.ts";

const lab = new TestLab();
const network = `/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet`;
const [open, closed] = [`${network}/subnets/open`, `${network}/subnets/closed`];
const rules: NetworkRules = {
  defaultAction: "Deny",
  ipRules: [{ value: "198.51.100.7" }, { value: "203.0.113.0/28" }],
  virtualNetworkRules: [{ id: open.toUpperCase() }, { id: closed }],
};
let store: Store;

beforeAll(async () => {
  await lab.start();
  const { resources, network: networks } = lab.clients;
  await resources.resourceGroups.createOrUpdate("rg", { location: "westeurope" });
  await networks.virtualNetworks.createOrUpdate("rg", "vnet", {
    location: "westeurope",
    addressSpace: { addressPrefixes: ["10.20.0.0/16"] },
    subnets: [
      { name: "open", addressPrefix: "10.20.1.0/24", serviceEndpoints: [{ service: "Microsoft.KeyVault" }] },
      { name: "closed", addressPrefix: "10.20.2.0/24" },
    ],
  });
  store = new Store(join(lab.directory, "arm.db"));
});
afterAll(async () => {
  store.close();
  await lab.stop();
});

test.each<[string, boolean, string, "Microsoft.KeyVault" | "Microsoft.Storage"]>([
  ["a machine in a subnet with the endpoint", true, "10.20.1.5", "Microsoft.KeyVault"],
  ["with the endpoint of another service", false, "10.20.1.5", "Microsoft.Storage"],
  ["in a subnet without it", false, "10.20.2.5", "Microsoft.KeyVault"],
  ["an address", true, "198.51.100.7", "Microsoft.KeyVault"],
  ["the address beside it", false, "198.51.100.8", "Microsoft.KeyVault"],
  ["an address in a block", true, "203.0.113.15", "Microsoft.Storage"],
  ["the address behind the block", false, "203.0.113.16", "Microsoft.Storage"],
  ["what is no address", false, "somewhere", "Microsoft.KeyVault"],
])("rules that deny the rest: %s", (_, expected, client, endpoint) => {
  expect(admits(rules, client, endpoint, { store })).toBe(expected);
});

test("without rules, and with rules that allow the rest, everybody is admitted", () => {
  expect(admits(undefined, "192.0.2.1", "Microsoft.KeyVault", { store })).toBe(true);
  expect(admits({ ...rules, defaultAction: "Allow" }, "192.0.2.1", "Microsoft.KeyVault", { store })).toBe(true);
});

test("subnets without the endpoint are told as Azure does", () => {
  expect(missingEndpoints(rules, "Microsoft.KeyVault", { store })).toContain(
    `Subnets closed of virtual network ${network} do`,
  );
  expect(missingEndpoints(rules, "Microsoft.Storage", { store })).toContain("Subnets open, closed of");
  expect(missingEndpoints({ virtualNetworkRules: [{ id: open }] }, "Microsoft.KeyVault", { store })).toBeUndefined();
});

test("the fabric is told of a subnet's endpoints", () => {
  const [first, second] = lab.arm.world().networks[0]!.subnets;
  expect(first!.serviceEndpoints).toEqual(["Microsoft.KeyVault"]);
  expect(second!.serviceEndpoints).toBeUndefined();
});
