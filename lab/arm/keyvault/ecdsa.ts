/** ECDSA of a digest by a key of curve P-256. Node itself signs messages only, which it hashes first. */
import { createECDH } from "node:crypto";

/** Of the curve's base point (FIPS 186-4, D.1.2.3). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const numberIn = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString("hex")}`);
const bytesOf = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(64, "0"), "hex");

/** By Fermat's little theorem. */
function inverseOf(number: bigint): bigint {
  let [result, base, exponent] = [1n, number, order - 2n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % order;
    base = (base * base) % order;
  }
  return result;
}

/** The signature as JSON Web Signature has it: two numbers of 32 bytes. */
export function signDigest(privateKey: Buffer, digest: Buffer): Buffer {
  for (;;) {
    const once = createECDH("prime256v1");
    once.generateKeys();
    const r = numberIn(once.getPublicKey().subarray(1, 33)) % order;
    const sum = numberIn(digest) + r * numberIn(privateKey);
    const s = (inverseOf(numberIn(once.getPrivateKey())) * (sum % order)) % order;
    if (r !== 0n && s !== 0n) return Buffer.concat([bytesOf(r), bytesOf(s)]);
  }
}
