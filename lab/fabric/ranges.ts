/** Sets of IPv4 addresses as sorted, disjoint ranges: what nftables' interval sets ask for. Pure. */
import { hostAddress, parseCidr } from "../../environment/address.ts";

/** First and last address, as numbers. */
export type Range = readonly [first: number, last: number];

const last = 2 ** 32 - 1;

/** `10.20.1.4` as a number. */
export function addressNumber(address: string): number {
  const block = parseCidr(`${address}/32`);
  if (!block) throw new Error(`"${address}" is not an IPv4 address; the lab's networks are IPv4 only, like 10.20.1.4`);
  return block.base;
}

export function addressText(number: number): string {
  return hostAddress("0.0.0.0/0", number);
}

/** The range of a block, which any of its addresses may stand for (`10.20.1.7/16`), or of one address. */
export function blockRange(block: string): Range {
  const [address = "", length = "32"] = block.split("/");
  if (!/^\d{1,2}$/.test(length) || Number(length) > 32) {
    throw new Error(`"${block}" is not a CIDR block: the length is a number from 0 to 32, as in 10.20.0.0/16`);
  }
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(addressNumber(address) / size) * size;
  return [first, first + size - 1];
}

/** Sorted, without overlaps, neighbours joined. */
export function union(ranges: readonly Range[]): Range[] {
  const joined: [number, number][] = [];
  for (const [first, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const previous = joined.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], end);
    else joined.push([first, end]);
  }
  return joined;
}

/** Every address that is in none of the ranges. */
export function complement(ranges: readonly Range[]): Range[] {
  const gaps: Range[] = [];
  let next = 0;
  for (const [first, end] of union(ranges)) {
    if (first > next) gaps.push([next, first - 1]);
    next = end + 1;
  }
  if (next <= last) gaps.push([next, last]);
  return gaps;
}

export function overlaps(one: Range, other: Range): boolean {
  return one[0] <= other[1] && other[0] <= one[1];
}

/** An element of an nftables set: `10.20.1.4`, or `10.20.1.0-10.20.1.255`. */
export function rangeText([first, end]: Range): string {
  return first === end ? addressText(first) : `${addressText(first)}-${addressText(end)}`;
}
