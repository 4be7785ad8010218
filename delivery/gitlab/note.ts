/** The one note that a merge request has about a stack. Pure. */
import { countsOf, digestOf, type PreviewRecord, type PreviewStep } from "../record.ts";
import { fromNothing } from "../preview/text.ts";
import { nameOf } from "../urn.ts";
import { masked } from "../state/mask.ts";
import { isLater, marker, readMarker } from "./marker.ts";
import { code, type DifferenceLine, shortened } from "./markup.ts";
import { errorBlock, fitting, folded, joined, label, longestValue, oneLine, type Source, table } from "./parts.ts";

/** In place of a job, where a pipeline has none. */
export const noJob = 0;

/** Kind of the marker in the note's first line. */
export const preview = "preview";

/**
 * Longest note, in characters. GitLab takes 1,000,000 (https://docs.gitlab.com/api/notes/), and shows one of that size
 * slowly, if at all.
 */
export const longestNote = 100_000;
/** In characters. Together with what is longest in `exactNote.ts` and `parts.ts` they leave room for the rest. */
const longest = { message: 1_000, table: 25_000, policy: 15_000, secrets: 5_000 };

const order = ["replace", "delete", "create", "update"] as const satisfies PreviewStep["operation"][];
const verbs: Record<PreviewStep["operation"], string> = {
  replace: "to replace",
  delete: "to delete",
  create: "to create",
  update: "to change",
};

/**
 * The note's text for a record, which an author may have written.
 *
 * @param more Further sections, for which there is room.
 */
export function noteOf(stack: string, record: PreviewRecord, source: Source, more = ""): string {
  const head = [heading(stack, titleOf(record), source, digestOf(record))];
  if (record.outcome === "failed") head.push("The preview **failed**, so nothing of it can be applied.");
  if (record.error !== undefined) head.push(errorBlock(record.error));
  if (record.state === undefined) head.push(fromNothing(code(`bin/delivery publish ${stack}`)));
  head.push(stepTable(record.steps), policyPart(record));
  if (record.steps.some(({ operation }) => operation === "replace" || operation === "delete"))
    head.push("What is replaced or deleted loses what it holds, unless that is kept elsewhere.");
  head.push(secretPart(record.steps));
  const whole = joined(head);
  const room = longestNote - whole.length - more.length;
  return joined([whole, folded("Full difference", differenceLines(record.steps), room, source), more]);
}

/** The note's text where a job left no record that can be read. */
export function noteWithoutRecord(stack: string, reason: string, source: Source): string {
  return joined([
    heading(stack, "no result", source),
    `The job left no record of a preview: ${label(reason, longest.message)}. Its log tells more.`,
  ]);
}

/**
 * The note's text where the newest pipeline has no preview, after one that had.
 *
 * @param waits It has a job for it, which did not run.
 */
export function noteOfNothing(stack: string, source: Source, { waits }: { waits: boolean }): string {
  const [title, why] = waits
    ? [
        "not previewed yet",
        "The newest commit's preview did not run: a job before it failed, or nobody has started it.",
      ]
    : [
        "no longer previewed",
        "The newest commit changes nothing that this stack is made from, so its pipeline has no preview of it.",
      ];
  return joined([heading(stack, title, source), why]);
}

/** The counts as a sentence's part, replaced and deleted first. */
export function titleOf({ steps, outcome }: Pick<PreviewRecord, "steps" | "outcome">): string {
  const counts = countsOf(steps);
  const parts = order.flatMap((operation) =>
    counts[operation] > 0 ? [`${counts[operation]} ${verbs[operation]}`] : [],
  );
  if (outcome === "failed") return ["failed", ...parts].join(", ");
  return parts.join(", ") || "nothing changes";
}

/** Whether the later of two texts about the same stack is `fresh`; true where `standing` is none of ours. */
export function replaces(fresh: string, standing: string): boolean {
  const [mine, theirs] = [readMarker(preview, fresh), readMarker(preview, standing)];
  return mine !== undefined && (theirs === undefined || !isLater(theirs, mine));
}

function heading(stack: string, title: string, source: Source, record?: string): string {
  const { projectUrl, commit, pipeline, job } = source;
  const short = commit.slice(0, 8);
  return joined([
    `${marker(preview, stack, { ...source, record })}\n### Preview of ${code(stack)}: ${title}`,
    [
      `Commit [${short}](${projectUrl}/-/commit/${commit})`,
      `[pipeline ${pipeline}](${projectUrl}/-/pipelines/${pipeline})`,
      ...(job === noJob ? [] : [`[job ${job}](${projectUrl}/-/jobs/${job})`]),
    ].join(" · "),
  ]);
}

function stepTable(steps: readonly PreviewStep[]): string {
  const rows = order.flatMap((operation) => steps.filter((step) => step.operation === operation).map(stepRow));
  return table(["", "Resource", "Type", "Changes"], rows, longest.table, "steps");
}

function stepRow({ operation, name, type, changes, exempt }: PreviewStep): string[] {
  // What a resource is made of is in the full difference.
  const changed = operation === "update" || operation === "replace" ? changes : [];
  const shown = changed.slice(0, 3).map(({ path, replaces: forces }) => label(path) + (forces ? " (forces it)" : ""));
  const more = changed.length > shown.length ? [`${changed.length - shown.length} more`] : [];
  const may = exempt.length > 0 ? [`may differ: ${exempt.map((one) => label(one)).join(", ")}`] : [];
  const verb = operation === "replace" || operation === "delete" ? `**${operation}**` : operation;
  return [verb, label(name), label(type), [...shown, ...more, ...may].join(", ")];
}

function policyPart({ packs, policy: violations }: Pick<PreviewRecord, "packs" | "policy">): string {
  const mandatory = violations.filter(({ level }) => level === "mandatory");
  if (violations.length === 0)
    return packs.length === 0
      ? "Policy: **no policy ran**."
      : `Policy: nothing to say, by ${packs.map((pack) => label(pack)).join(", ")}.`;
  const advisory = violations.length - mandatory.length;
  const rows = [...mandatory, ...violations.filter(({ level }) => level === "advisory")].map(
    ({ level, policy, urn, message }) => [
      level === "mandatory" ? `**${level}**` : level,
      label(policy),
      urn === undefined ? "" : label(nameOf(urn)),
      label(message, longest.message),
    ],
  );
  return joined([
    `Policy: **${mandatory.length} mandatory**, ${advisory} advisory.`,
    table(["Level", "Policy", "Resource", "What is wrong"], rows, longest.policy, "violations"),
  ]);
}

/** What nobody sees: the engine does not tell values that the program marks as secret. */
function secretPart(steps: readonly PreviewStep[]): string {
  const all = steps.flatMap(({ name, changes }) =>
    changes.flatMap(({ path, after }) => secretsIn(after, `${name}: ${path}`).map((place) => label(place))),
  );
  if (all.length === 0) return "";
  const kept = fitting(all, longest.secrets);
  const more = all.length > kept.length ? [`${all.length - kept.length} more`] : [];
  return (
    "What the program marks as secret is neither shown nor compared, but for the configuration's own secrets: look that " +
    `none of these hides a setting. ${[...kept, ...more].join(", ")}`
  );
}

function secretsIn(value: unknown, place: string): string[] {
  if (value === masked) return [place];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, one]) => secretsIn(one, `${place}.${name}`));
}

function differenceLines(steps: readonly PreviewStep[]): DifferenceLine[] {
  return order.flatMap((operation) =>
    steps
      .filter((step) => step.operation === operation)
      .flatMap(({ urn, changes }) => [
        { sign: "!", text: `${operation} ${oneLine(urn)}` } as const,
        ...changes.flatMap(({ path, kind, before, after }) => {
          const at = (sign: "+" | "-", value: unknown): DifferenceLine => ({
            sign,
            text: `  ${oneLine(path)}: ${shortened(JSON.stringify(value) ?? "unknown", longestValue)}`,
          });
          return [...(kind === "add" ? [] : [at("-", before)]), ...(kind === "delete" ? [] : [at("+", after)])];
        }),
      ]),
  );
}
