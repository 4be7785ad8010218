import { expect, test } from "vitest";
import type { VirtualNetwork } from "../world.ts";
import { endpointsOf } from "./serviceEndpoints.ts";

const network = (id: string, prefix: string, ...serviceEndpoints: string[]): VirtualNetwork => ({
  id,
  name: id,
  prefixes: [prefix],
  peers: [],
  subnets: [{ id: `${id}/a`, name: "a", prefix, serviceEndpoints }],
});
const dev = network("/dev", "10.20.1.0/24", "Microsoft.KeyVault", "microsoft.storage", "Microsoft.Sql");
const prefixes = (network: VirtualNetwork, ...networks: VirtualNetwork[]) =>
  endpointsOf({ networks }, network).map(({ prefix, address }) => `${prefix} ${address}`);

test("a subnet has endpoints of the services that the lab has, in any letter case", () => {
  expect(prefixes(dev, dev)).toEqual(["10.20.1.0/24 198.51.100.12", "10.20.1.0/24 198.51.100.13"]);
});
test("of two networks with the same addresses, the older one has its endpoints", () => {
  const other = network("/another", "10.20.0.0/16", "Microsoft.KeyVault");
  expect(prefixes(dev, dev, other)).toHaveLength(2);
  expect(prefixes(other, dev, other)).toEqual([]);
  expect(prefixes(other, { ...dev, subnets: [] }, other)).toEqual(["10.20.0.0/16 198.51.100.12"]);
});
