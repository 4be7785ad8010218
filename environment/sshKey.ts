/** SSH public keys: those that Azure puts on machines, and those of authorities that sign certificates. Pure. */

const shortestRsa = 2048;
const ed25519Bytes = 32;

/**
 * True when a line of `authorized_keys` holds a key that Azure takes: Ed25519, or RSA of 2048 bits or more, no ECDSA; of
 * the type that it says, and whole.
 * https://learn.microsoft.com/azure/virtual-machines/linux/mac-create-ssh-keys#supported-ssh-key-formats
 */
export function isAdministratorKey(line: string): boolean {
  const [, said, base64 = ""] = /^(ssh-ed25519|ssh-rsa) ([A-Za-z0-9+/]+=*)(?: [^\r\n]*)?$/.exec(line) ?? [];
  const [type, first, second, ...rest] = keyFields(base64);
  if (said === undefined || type?.toString("latin1") !== said || !first || rest.length > 0) return false;
  // An RSA key is its exponent and its modulus.
  return said === "ssh-rsa"
    ? second !== undefined && bits(second) >= shortestRsa
    : second === undefined && first.length === ed25519Bytes;
}

/** Length of a point of curve P-256 that is not compressed. */
const pointBytes = 65;

/** True when a line holds the key of an authority: one that Azure would take, or ECDSA of curve P-256 as vaults have it. */
export function isAuthorityKey(line: string): boolean {
  if (isAdministratorKey(line)) return true;
  const [, base64 = ""] = /^ecdsa-sha2-nistp256 ([A-Za-z0-9+/]+=*)(?: [^\r\n]*)?$/.exec(line) ?? [];
  const [type, curve, point, ...rest] = keyFields(base64);
  const names = [type, curve].map((field) => field?.toString("latin1"));
  const isPoint = point?.length === pointBytes && point[0] === 4;
  return names.join() === "ecdsa-sha2-nistp256,nistp256" && isPoint && rest.length === 0;
}

/** A line without its comment: type and key. */
export const withoutComment = (line: string): string => line.split(" ").slice(0, 2).join(" ");

/** The parts of a key: each is its length in four bytes, and as many bytes (RFC 4253, section 6.6). None if one is cut. */
export function keyFields(base64: string): Buffer[] {
  const blob = Buffer.from(base64, "base64");
  const found: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    if (at + 4 > blob.length) return [];
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return [];
    found.push(blob.subarray(at + 4, end));
    at = end;
  }
  return found;
}

/** Length of a number; its first byte may be a zero that only says that the number is not negative. */
function bits(number: Buffer): number {
  return BigInt(`0x0${number.toString("hex")}`).toString(2).length;
}
