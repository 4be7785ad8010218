import { expect, test } from "vitest";
import { machine, world } from "../fabric/testing/world.ts";
import { findMachine } from "./machines.ts";

const network = { id: "/vnet", name: "vnet", prefixes: [], peers: [], subnets: [] };
const front = machine(network, 0, "10.20.1.4", {
  id: "/subscriptions/s/resourcegroups/rg-platform-dev/providers/microsoft.compute/virtualmachines/front-vmss_1a2b3c4d",
  name: "front-vmss_1a2b3c4d",
  hostName: "front1a2b3c",
});
const found = (name: string) => findMachine({ world: world({ machines: [front] }) }, name).name;

test.each(["front-vmss_1a2b3c4d", "front1a2b3c", "10.20.1.4", "front1a2b3c.dev", "front-vmss_1a2b3c4d.dev"])(
  "a machine is found as %s",
  (name) => {
    expect(found(name)).toBe("front-vmss_1a2b3c4d");
  },
);

test("one that is not there, or in another stack, is told with those that are", () => {
  expect(() => found("front1a2b3c.prod")).toThrow(
    'no machine "front1a2b3c.prod"; machines of the lab:\n  front-vmss_1a2b3c4d  (10.20.1.4)',
  );
});
