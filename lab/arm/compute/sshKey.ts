/** OpenSSH public keys, as Azure takes them for Linux machines: RSA of 2048 bits or more, and Ed25519. */

const smallestRsaBits = 2048;
const ed25519Bytes = 32;

/** The parts of a key's blob, each behind its length (RFC 4253, section 6.6). Undefined where they do not add up. */
function partsOf(blob: Buffer): Buffer[] | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    if (at + 4 > blob.length) return undefined;
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) return undefined;
    parts.push(blob.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

/** Of a positive integer with leading zeros. */
function bitsOf(integer: Buffer): number {
  const first = integer.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (integer.length - first) * 8 - (Math.clz32(integer[first]!) - 24);
}

/** One line: type, blob and perhaps a comment. The blob must be a key of this type, whole and long enough. */
export function isSshKey(line: string): boolean {
  const match = /^(ssh-rsa|ssh-ed25519) ([A-Za-z0-9+/]+={0,2})( [^\r\n]*)?\s*$/.exec(line);
  if (!match) return false;
  const [, type, encoded] = match;
  const parts = partsOf(Buffer.from(encoded!, "base64"));
  if (!parts || parts[0]?.toString("latin1") !== type) return false;
  if (type === "ssh-ed25519") return parts.length === 2 && parts[1]!.length === ed25519Bytes;
  return parts.length === 3 && bitsOf(parts[1]!) > 1 && bitsOf(parts[2]!) >= smallestRsaBits;
}
