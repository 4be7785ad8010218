/** Values as SSH writes them: RFC 4251, section 5. Pure. */

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** A string: its length, and its bytes. */
export function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** A number that is not negative: without zeros before it, but for one where the first bit is set. */
export function mpint(value: Buffer): Buffer {
  const first = value.findIndex((byte) => byte !== 0);
  if (first < 0) return string("");
  const bytes = value.subarray(first);
  return string((bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}
