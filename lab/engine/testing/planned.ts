/** What a preview of recorded resources would say of them, for the conversion to a template. */
import type { Recorded } from "../../../components/testing/recorder.ts";
import { withoutMarks } from "./secrets.ts";

/** Like `Planned` of delivery/template; names stand for URNs, and secrets are as `pulumi preview --json` has them. */
export function plannedOf(recorded: readonly Recorded[]) {
  return recorded
    .filter(({ custom }) => custom)
    .map(({ type, name, wire, dependencies, madeOf }) => ({
      urn: name,
      type,
      inputs: withoutMarks(wire, () => "[secret]") as Record<string, unknown>,
      dependencies,
      madeOf,
    }));
}
