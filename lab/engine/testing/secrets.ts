/** Values that are marked as secret, as the engine's protocol has them. */
import * as pulumi from "@pulumi/pulumi";

/** A copy in which something else stands for each value that is marked as secret. */
export function withoutMarks(value: unknown, instead: (secret: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutMarks(one, instead));
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[pulumi.runtime.specialSigKey] === pulumi.runtime.specialSecretSig) return instead(fields["value"]);
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, withoutMarks(field, instead)]));
}
