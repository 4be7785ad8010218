/** What of a preview is drift, and what is only not applied yet. Pure. */
import { countsOf, type PreviewRecord, type PreviewStep } from "../record.ts";
import { canonical } from "../state/canonical.ts";
import { comesAndGoes } from "./compare.ts";

/** Steps that somebody has to look at: others follow from what machines there are. */
export const stepsToDo = ({ steps }: Pick<PreviewRecord, "steps">) => steps.filter((step) => !comesAndGoes(step));

/**
 * A preview with `--refresh` without what the program asks for anyhow, since it was changed and not applied: `unapplied`
 * counts that.
 *
 * @param planned The same preview without `--refresh`: it does not see what Azure has.
 */
export function driftOf(refreshed: PreviewRecord, planned: PreviewRecord): PreviewRecord {
  const asked = new Set(stepsToDo(planned).map(canonical));
  const isAsked = (step: PreviewStep) => asked.has(canonical(step));
  const steps = refreshed.steps.filter((step) => !isAsked(step));
  const unapplied = refreshed.steps.length - steps.length;
  const counts = { ...countsOf(steps), same: refreshed.counts.same };
  return { ...refreshed, steps, counts, ...(unapplied > 0 ? { unapplied } : {}) };
}
