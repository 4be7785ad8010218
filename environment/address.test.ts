import fc from "fast-check";
import { expect, test } from "vitest";
import { contains, hostAddress, infrastructure, overlaps, parseCidr, subnetPrefix } from "./address.ts";

const network = fc.integer({ min: 0, max: 255 }).map((number) => `10.${number}.0.0/16`);
const index = fc.integer({ min: 0, max: 255 });

test("a subnet is the /24 with its index in the environment's /16", () => {
  expect(subnetPrefix("10.20.0.0/16", 0)).toBe("10.20.0.0/24");
  expect(subnetPrefix("10.20.0.0/16", 1)).toBe("10.20.1.0/24");
  expect(subnetPrefix("10.20.0.0/16", 250)).toBe("10.20.250.0/24");
});

test("an address is the block's with its host number", () => {
  expect(hostAddress("10.20.1.0/24", 254)).toBe("10.20.1.254");
  expect(hostAddress("10.0.0.0/8", 256)).toBe("10.0.1.0");
});

test("blocks are parsed only when they are blocks", () => {
  expect(parseCidr("10.20.0.0/16")).toEqual({ base: 0x0a140000, prefix: 16 });
  expect(parseCidr("255.255.255.255/32")).toEqual({ base: 0xffffffff, prefix: 32 });
  for (const text of ["10.20.0.0", "10.20.0.1/16", "10.256.0.0/16", "10.20.0.0/33", "10.020.0.0/16", "10.20.0.0/ 16"]) {
    expect(parseCidr(text), text).toBeUndefined();
  }
});

test("what no network or host has is refused with what is allowed", () => {
  expect(() => subnetPrefix("10.20.0.0/24", 1)).toThrow("given 10.20.0.0/24, allowed is a /16");
  expect(() => subnetPrefix("10.20.0.0/16", 256)).toThrow("given 256, allowed is a whole number from 0 to 255");
  expect(() => hostAddress("10.20.1.0/24", 256)).toThrow("given 256, allowed is 0 to 255");
});

test("every subnet lies in its environment, and every environment in the infrastructure", () => {
  fc.assert(
    fc.property(network, index, (range, number) => {
      expect(contains(range, subnetPrefix(range, number))).toBe(true);
      expect(contains(infrastructure, range)).toBe(true);
    }),
  );
});

test("subnets overlap exactly when environment and index are the same", () => {
  fc.assert(
    fc.property(network, index, network, index, (a, i, b, j) => {
      expect(overlaps(subnetPrefix(a, i), subnetPrefix(b, j))).toBe(a === b && i === j);
    }),
  );
});

test("every address of a subnet is in it and no two are the same", () => {
  fc.assert(
    fc.property(network, index, index, index, (range, number, host, other) => {
      const subnet = subnetPrefix(range, number);
      expect(contains(subnet, `${hostAddress(subnet, host)}/32`)).toBe(true);
      expect(hostAddress(subnet, host) === hostAddress(subnet, other)).toBe(host === other);
    }),
  );
});
