/** GUIDs by which Azure names role assignments. Pure. */
import { createHash } from "node:crypto";

/** A GUID that follows from its parts. */
export function guidOf(...parts: string[]): string {
  const bytes = createHash("sha256").update(parts.join("\n")).digest();
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export const isGuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
