/** Whether what would be done now is what was approved. Pure. */
import { isDeepStrictEqual } from "node:util";
import { isExempt } from "../exemptions.ts";
import { visible } from "../gitlab/markup.ts";
import type { PreviewRecord, PreviewStep, PropertyChange } from "../record.ts";
import { masked } from "../state/mask.ts";
import { parsePath, valueAt, type Path } from "./paths.ts";
import { changeText, violationText } from "./text.ts";
import { unknown } from "./values.ts";

/** Something that was not approved. */
export interface Difference {
  /** What it is about: a resource's name and type, or for example `state`. */
  subject: string;
  approved: string;
  now: string;
}

export interface Comparison {
  /**
   * The apply of this very approval has begun before and did not end: the state may have moved, and steps that were
   * approved may be done.
   */
  resumed?: boolean;
}

/** All differences; none where what would be done now may be done. */
export function differences(
  approved: PreviewRecord,
  now: PreviewRecord,
  { resumed = false }: Comparison = {},
): Difference[] {
  const found: Difference[] = [];
  const differ = (subject: string, before: string | undefined, after: string | undefined) => {
    if (before !== after) found.push({ subject, approved: textOf(before), now: textOf(after) });
  };
  differ("stack", approved.stack, now.stack);
  differ("policy packs", approved.packs.join(", ") || undefined, now.packs.join(", ") || undefined);
  if ([approved, now].some(({ outcome }) => outcome !== "previewed"))
    found.push({ subject: "preview", approved: outcomeOf(approved), now: outcomeOf(now) });
  if (!resumed) differ("state from which it starts", approved.state, now.state);
  const secrets = new Set([...Object.keys(approved.secrets ?? {}), ...Object.keys(now.secrets ?? {})]);
  for (const path of secrets) differ(`secret ${path}`, approved.secrets?.[path], now.secrets?.[path]);
  const [before, after] = [byUrn(approved.steps), byUrn(now.steps)];
  for (const urn of new Set([...before.keys(), ...after.keys()])) {
    const [olds, news] = [before.get(urn) ?? [], after.get(urn) ?? []];
    for (let index = 0; index < Math.max(olds.length, news.length); index++)
      found.push(...stepDifferences(olds[index], news[index], resumed));
  }
  // What is done by half tells values that were not known then, and policies may say more of them.
  const told = new Set(approved.policy.map(violationText));
  for (const violation of resumed ? [] : now.policy)
    if (!told.has(violationText(violation)))
      found.push({ subject: "policy", approved: "not this violation", now: violationText(violation) });
  return found;
}

const byUrn = (steps: readonly PreviewStep[]) => Map.groupBy(steps, ({ urn }) => urn);
const byPath = (changes: readonly PropertyChange[]) => new Map(changes.map((change) => [change.path, change]));
const outcomeOf = ({ outcome, error }: PreviewRecord) => (error === undefined ? outcome : `${outcome}: ${error}`);
const textOf = (value: string | undefined) => value ?? "none";
const subjectOf = ({ type, name }: PreviewStep) => `${type} ${name}`;

function stepDifferences(
  approved: PreviewStep | undefined,
  now: PreviewStep | undefined,
  resumed: boolean,
): Difference[] {
  if (now === undefined) {
    if (approved === undefined || resumed || isOptional(approved)) return [];
    return [{ subject: subjectOf(approved), approved: summary(approved), now: "nothing" }];
  }
  const subject = subjectOf(now);
  if (approved === undefined) return comesAndGoes(now) ? [] : [{ subject, approved: "nothing", now: summary(now) }];
  if (approved.operation !== now.operation && !(resumed && isRest(approved, now)))
    return [{ subject, approved: summary(approved), now: summary(now) }];
  const found: Difference[] = [];
  // A step that is done by half tells its values in another way.
  const halfDone = resumed && approved.operation !== now.operation;
  const news = halfDone && now.operation !== "update" ? [] : counted(now, now.exempt);
  const olds = halfDone ? asMade(approved, news) : counted(approved, now.exempt);
  const [oldOf, newOf] = [byPath(olds), byPath(news)];
  for (const path of new Set([...oldOf.keys(), ...newOf.keys()])) {
    const [old, fresh] = [oldOf.get(path), newOf.get(path)];
    // A value that the preview took for another one because it had a placeholder.
    if (fresh === undefined && old && isOfSecret(old)) continue;
    if (resumed && (fresh === undefined || (old && matches(old.after, fresh.after)))) continue;
    // The path may be an author's word in what is done now, too.
    const none = `no change of ${visible(path)}`;
    if (!isDeepStrictEqual(old, fresh))
      found.push({ subject, approved: old ? changeText(old) : none, now: fresh ? changeText(fresh) : none });
  }
  const known = !resumed || !hasUnknown(approved.changes);
  if (approved.inputs !== now.inputs && found.length === 0 && known && now.operation !== "delete")
    found.push({
      subject,
      approved: `inputs with SHA-256 ${approved.inputs}`,
      now: `inputs with SHA-256 ${now.inputs}`,
    });
  return found;
}

/** Of a replacement that was interrupted there is one half left; what was made by half is changed. */
const isRest = (approved: PreviewStep, now: PreviewStep) =>
  (approved.operation === "replace" && (now.operation === "create" || now.operation === "delete")) ||
  (approved.operation === "create" && now.operation === "update");

/** What a creation says of the values that are changed yet, as its changes. */
function asMade({ changes }: PreviewStep, news: readonly PropertyChange[]): PropertyChange[] {
  const made = Object.fromEntries(changes.map(({ path, after }) => [String(parsePath(path)[0]), after]));
  const valueOf = (path: Path) =>
    path.reduce<unknown>((found, part) => (found === unknown ? unknown : valueAt(found, [part])), made);
  return news.map(({ path }) => ({ path, kind: "add", after: valueOf(parsePath(path)) }));
}

/** Whether a value is the one that was approved, or one that was not known then. */
function matches(approved: unknown, now: unknown): boolean {
  if (approved === unknown) return true;
  if (!isContainer(approved) || !isContainer(now)) return approved === now;
  const names = Object.keys(approved);
  return names.length === Object.keys(now).length && names.every((name) => matches(approved[name], now[name]));
}

const hasUnknown = (value: unknown): boolean =>
  value === unknown || (isContainer(value) && Object.values(value).some(hasUnknown));
const isContainer = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === "object";

/** Changes that are not exempt. What is exempt now counts: the approved record may say anything. */
const counted = ({ changes }: PreviewStep, exempt: readonly string[]) =>
  changes.filter(({ path }) => !isExempt(path, exempt));

const isOfSecret = ({ before, after }: PropertyChange) => before === masked && after === masked;

/** A change of what machines there are, and of nothing else: repairs and autoscaling make it, and no hand. */
export function comesAndGoes(step: PreviewStep): boolean {
  const { operation, changes, exempt } = step;
  return (
    (operation === "update" || operation === "replace") && changes.length > 0 && counted(step, exempt).length === 0
  );
}

/** An approved step that need not be: it comes and goes, or only placeholders made it one. */
function isOptional(step: PreviewStep): boolean {
  const { operation, changes } = step;
  const left = counted(step, step.exempt);
  return (operation === "update" || operation === "replace") && changes.length > 0 && left.every(isOfSecret);
}

function summary({ operation, changes, inputs }: PreviewStep): string {
  if (operation === "delete") return operation;
  if (operation === "create") return `create with inputs of SHA-256 ${inputs}`;
  return [operation, ...changes.map(changeText)].join("; ");
}

/** The differences in words, for a log. Of what an author wrote, signs that a log would obey are written out. */
export function differencesText(found: readonly Difference[]): string {
  return found
    .map(({ subject, approved, now }) => `${visible(subject)}\n  approved: ${visible(approved)}\n  now:      ${now}`)
    .join("\n");
}
