/** A record as text for a job's log. Pure. */
import { isExempt } from "../exemptions.ts";
import type { PolicyViolation, PreviewRecord, PreviewStep, PropertyChange } from "../record.ts";

const signs = { create: "+", update: "~", delete: "-", replace: "+-" };
const words = { add: "+", update: "~", delete: "-" };

/** The steps with their changes, the violations of policies, and the counts. */
export function recordText(record: PreviewRecord): string {
  const { stack, state, outcome, error, steps, packs, policy, counts } = record;
  const { create, update, delete: deleted, replace, same } = counts;
  return [
    ...steps.map(stepText),
    ...policy.map(violationText),
    ...(packs.length === 0 ? ["no policy ran"] : []),
    ...(state === undefined ? [fromNothing(`bin/delivery publish ${stack}`)] : []),
    ...(outcome === "failed" ? [`the preview failed: ${error ?? ""}`] : []),
    `stack ${stack}: ${create} to create, ${update} to update, ${deleted} to delete, ${replace} to replace, ${same} the same`,
  ].join("\n");
}

/** What a preview that starts from no state says of itself. */
export const fromNothing = (command: string) =>
  "It starts from nothing. If the stack stands already, its state is not published: somebody who may read that runs " +
  `${command}, and then this is run anew.`;

export function stepText({ operation, type, name, changes, exempt }: PreviewStep): string {
  const lines = changes.map((change) => {
    const mark = isExempt(change.path, exempt) ? " (may differ)" : "";
    return `    ${words[change.kind]} ${changeText(change)}${mark}`;
  });
  return [`${signs[operation].padStart(2)} ${operation} ${type} ${name}`, ...lines].join("\n");
}

export function violationText({ level, pack, policy, urn = "", message }: PolicyViolation): string {
  return `${level} ${pack}/${policy} ${urn}\n  ${message}`;
}

export function changeText({ path, kind, before, after, replaces }: PropertyChange): string {
  const values = { add: [after], delete: [before], update: [before, after] }[kind];
  return `${path}: ${values.map((value) => JSON.stringify(value)).join(" => ")}${replaces ? " (replaces)" : ""}`;
}
