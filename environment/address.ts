/**
 * IPv4 arithmetic of the address plan: the infrastructure is 10.0.0.0/8, an environment a /16 of it, a kind of server
 * a /24 of that. Pure functions, no Pulumi.
 */

/** An IPv4 block, for example `10.20.1.0/24`. */
export type Cidr = string;

/** Everything that the infrastructure may use; environments are cut from it so that they can be peered. */
export const infrastructure: Cidr = "10.0.0.0/8";

/** Index of the reverse proxy's subnet in every environment. */
export const reverseProxySubnetIndex = 0;
/** Index of the subnet in which all HAProxy pairs of an environment stand. */
export const balancerSubnetIndex = 250;
/** Indices that a tier may take. */
export const tierSubnetIndices = { first: 1, last: 249 };
/** Host number of a tier's load balancer in its own /24: the last one that Azure leaves free. */
export const loadBalancerHost = 254;
/** Number of the first host of a subnet that Azure leaves free. */
export const firstMachineHost = 4;
/** Machines that fit in a /24 beside Azure's five addresses and the load balancer's. */
export const machinesInSubnet = 250;

const blockPattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** The block as numbers, or undefined when the text is no block or has bits set after its prefix. */
export function parseCidr(text: string): { base: number; prefix: number } | undefined {
  const match = blockPattern.exec(text);
  if (!match) return undefined;
  const [a, b, c, d, prefix] = match.slice(1).map(Number) as [number, number, number, number, number];
  if (prefix > 32 || [a, b, c, d].some((byte) => byte > 255)) return undefined;
  // A leading zero is read as octal by some tools and as decimal by others.
  if (match.slice(1).some((digits) => digits.length > 1 && digits.startsWith("0"))) return undefined;
  const base = ((a * 256 + b) * 256 + c) * 256 + d;
  return base % size(prefix) === 0 ? { base, prefix } : undefined;
}

/** Number of addresses in a block with this prefix length. */
function size(prefix: number): number {
  return 2 ** (32 - prefix);
}

function format(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** True when both blocks are valid and `inner` lies in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  const [a, b] = [parseCidr(outer), parseCidr(inner)];
  return (
    a !== undefined && b !== undefined && b.prefix >= a.prefix && b.base >= a.base && b.base < a.base + size(a.prefix)
  );
}

/** True when the blocks share an address. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return contains(a, b) || contains(b, a);
}

/** Blocks that are nobody's on the Internet: RFC 1918, and RFC 6598 for providers. */
export const privateBlocks: readonly Cidr[] = [infrastructure, "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"];

/** Those of the blocks from which a sender on the Internet can come. */
export function publicBlocks(blocks: readonly Cidr[]): Cidr[] {
  return blocks.filter((block) => !privateBlocks.some((other) => overlaps(other, block)));
}

/** The /24 with this index of an environment's /16: `subnetPrefix("10.20.0.0/16", 1)` is `10.20.1.0/24`. */
export function subnetPrefix(network: Cidr, index: number): Cidr {
  const block = parseCidr(network);
  if (block?.prefix !== 16) throw new RangeError(`network: given ${network}, allowed is a /16 such as 10.20.0.0/16`);
  if (!Number.isInteger(index) || index < 0 || index > 255) {
    throw new RangeError(`subnet index: given ${index}, allowed is a whole number from 0 to 255`);
  }
  return `${format(block.base + index * 256)}/24`;
}

/** Second number of an environment's /16, which none of the project's others has: 20 of `10.20.0.0/16`. */
export function networkNumber(network: Cidr): number {
  const block = parseCidr(network);
  if (block?.prefix !== 16) throw new RangeError(`network: given ${network}, allowed is a /16 such as 10.20.0.0/16`);
  return Math.floor(block.base / 2 ** 16) % 256;
}

/** The address with this number in a block: `hostAddress("10.20.1.0/24", 254)` is `10.20.1.254`. */
export function hostAddress(block: Cidr, host: number): string {
  const parsed = parseCidr(block);
  if (!parsed) throw new RangeError(`block: given ${block}, allowed is an IPv4 block such as 10.20.1.0/24`);
  if (!Number.isInteger(host) || host < 0 || host >= size(parsed.prefix)) {
    throw new RangeError(`host number: given ${host}, allowed is 0 to ${size(parsed.prefix) - 1} in ${block}`);
  }
  return format(parsed.base + host);
}
