/** What a preview of recorded resources would say of them, for the conversion to a template. */
import * as pulumi from "@pulumi/pulumi";
import type { Recorded } from "../../../components/testing/recorder.ts";

/** Like `Planned` of delivery/template; names stand for URNs. */
export function plannedOf(recorded: readonly Recorded[]) {
  return recorded
    .filter(({ custom }) => custom)
    .map(({ type, name, wire, dependencies, madeOf }) => ({
      urn: name,
      type,
      inputs: withoutSecrets(wire) as Record<string, unknown>,
      dependencies,
      madeOf,
    }));
}

/** As `pulumi preview --json` has it. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[pulumi.runtime.specialSigKey] === pulumi.runtime.specialSecretSig) return "[secret]";
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, withoutSecrets(field)]));
}
