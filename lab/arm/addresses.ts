/** IPv4 arithmetic. */

interface Block {
  /** First address, as a number. */
  first: number;
  /** Last address, as a number. */
  last: number;
  bits: number;
}

/** Undefined when `text` is not an IPv4 address. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255))
    return undefined;
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

export const formatAddress = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

/** Undefined when `text` is not a CIDR block whose host bits are zero. */
export function parseBlock(text: string): Block | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(text);
  const first = match && parseAddress(match[1]!);
  const bits = Number(match?.[2]);
  if (first === null || first === undefined || bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  return first % size === 0 ? { first, last: first + size - 1, bits } : undefined;
}

/** For blocks that were validated when they were stored. */
export function blockOf(text: string): Block {
  const block = parseBlock(text);
  if (!block) throw new Error(`${text} is not a CIDR block`);
  return block;
}

export const overlaps = (a: Block, b: Block): boolean => a.first <= b.last && b.first <= a.last;
export const within = (inner: Block, outer: Block): boolean => inner.first >= outer.first && inner.last <= outer.last;

/** Azure keeps the first four addresses of a subnet and the last one for itself. */
export const usable = (block: Block, address: number): boolean => address >= block.first + 4 && address < block.last;

/** The lowest usable address that is not taken, as Azure hands them out. */
export function lowestFree(block: Block, taken: ReadonlySet<string>): string | undefined {
  for (let address = block.first + 4; address < block.last; address += 1) {
    const text = formatAddress(address);
    if (!taken.has(text)) return text;
  }
  return undefined;
}
