/** Values of the engine's events as they are in a record: no marks of the engine's own, nothing secret. Pure. */
import { createHash } from "node:crypto";
import { masked, type Mask } from "../state/mask.ts";

/** What stands for a value that is known only after an apply. */
export const unknown = "[unknown]";

/** pulumi/sdk, go/common/resource/plugin/rpc.go: unknown values by their types. */
const unknowns = new Set([
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Whether the engine does not know a value yet. */
export const isUnknown = (value: string) => unknowns.has(value);

/** pulumi/sdk, go/common/resource/sig */
const signature = "4dabf18193072939515e22adb298388d";
const signatures = {
  secret: "1b47061264138c4ac30d75fd1eb44270",
  asset: "c44067f5952c0a294b673a41bacd8c17",
  archive: "0def7320c3a5731c473e5ecbe6d01bc7",
  output: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
};

/** A value as it counts. */
export function plainValue(value: unknown, mask: Mask): unknown {
  if (typeof value === "string") return isUnknown(value) ? unknown : mask.text(value);
  if (Array.isArray(value)) return value.map((one) => plainValue(one, mask));
  if (value === null || typeof value !== "object") return value;
  const content = value as Record<string, unknown>;
  switch (content[signature]) {
    case signatures.secret:
      return masked;
    case signatures.asset:
    case signatures.archive:
      return `[file ${String(content["hash"])}]`;
    case signatures.output:
      if (content["secret"] === true) return masked;
      return "value" in content ? plainValue(content["value"], mask) : unknown;
    default:
      return Object.fromEntries(Object.entries(content).map(([name, one]) => [mask.text(name), plainValue(one, mask)]));
  }
}

const longest = 500;

/** A value as it is told: long strings by their length and their digest. */
export function shortened(value: unknown): unknown {
  if (typeof value === "string")
    return value.length <= longest
      ? value
      : `[${value.length} characters, SHA-256 ${createHash("sha256").update(value).digest("hex")}]`;
  if (Array.isArray(value)) return value.map(shortened);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shortened(one)]));
}
