import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressNumber, addressText, blockRange, complement, overlaps, rangeText, union } from "./ranges.ts";

const address = fc.nat({ max: 2 ** 32 - 1 });
const range = fc.tuple(address, address).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

describe("ranges of addresses", () => {
  test("a block covers its addresses, whichever of them it is written with", () => {
    expect(rangeText(blockRange("10.20.1.7/24"))).toBe("10.20.1.0-10.20.1.255");
    expect(rangeText(blockRange("10.20.1.7"))).toBe("10.20.1.7");
    expect(rangeText(blockRange("0.0.0.0/0"))).toBe("0.0.0.0-255.255.255.255");
  });
  test("overlapping and neighbouring blocks become one range", () => {
    expect(
      union(["10.0.1.0/24", "10.0.0.0/24", "10.0.1.128/25", "10.0.3.0/24"].map(blockRange)).map(rangeText),
    ).toEqual(["10.0.0.0-10.0.1.255", "10.0.3.0-10.0.3.255"]);
  });
  test("an address is either in a set or in its complement", () => {
    fc.assert(
      fc.property(fc.array(range), address, (ranges, number) => {
        const within = (set: readonly (readonly [number, number])[]) =>
          set.some((one) => overlaps(one, [number, number]));
        expect(within(union(ranges))).not.toBe(within(complement(ranges)));
      }),
    );
  });
  test("an address survives being a number", () => {
    fc.assert(
      fc.property(address, (number) => {
        expect(addressNumber(addressText(number))).toBe(number);
      }),
    );
  });
  test("what is no address is refused with what would be one", () => {
    expect(() => addressNumber("10.0.0")).toThrow('"10.0.0" is not an IPv4 address');
    expect(() => blockRange("10.0.0.0/33")).toThrow("a number from 0 to 32");
  });
});
