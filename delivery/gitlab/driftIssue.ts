/** One issue per stack that is not as its program says. */
import { checkTitle, hasChanges, isWhole, type CheckRecord } from "../check/record.ts";
import { comesAndGoes } from "../preview/compare.ts";
import type { PreviewRecord } from "../record.ts";
import type { GitLab, Issue } from "./client.ts";
import { machinesPart } from "./machinesNote.ts";
import { marker, readMarker } from "./marker.ts";
import { noteOf, titleOf } from "./note.ts";
import type { Source } from "./parts.ts";

/** The label by which these issues are found. GitLab makes it where the project has none. */
export const driftLabel = "drift";
const drift = "drift";

export type DriftResult = "opened" | "updated" | "closed" | "none";

/**
 * Opens, updates or closes the issue of a stack, as its record and that of its machines say. A drift that could not be
 * asked for is one, too: somebody has to look.
 *
 * @param check Undefined where the machines were left out.
 */
export async function putDriftIssue(
  gitlab: GitLab,
  stack: string,
  record: PreviewRecord,
  source: Source,
  check?: CheckRecord,
): Promise<DriftResult> {
  const [first, ...doubles] = await issuesAbout(gitlab, stack);
  for (const { iid } of doubles) await gitlab.editIssue(iid, { stateEvent: "close" });
  const isFine = check === undefined || (isWhole(check) && !hasChanges(check));
  if (!isDrift(record) && isFine) {
    if (first === undefined) return "none";
    await gitlab.addIssueNote(first.iid, `${seen(source)}: the stack is as its program says.${waitingOf(record)}`);
    await gitlab.editIssue(first.iid, { stateEvent: "close" });
    return "closed";
  }
  const title = `Drift of ${stack}${summary(record, isFine ? undefined : check)}`;
  const description = descriptionFor(stack, record, source, check);
  if (first === undefined) {
    await gitlab.openIssue(title, description, driftLabel);
    return "opened";
  }
  await gitlab.editIssue(first.iid, { title, description });
  if (first.title !== title) await gitlab.addIssueNote(first.iid, `${seen(source)}: ${title}.`);
  return "updated";
}

/** Whether a stack is not as its program says. */
export function isDrift({ outcome, steps }: Pick<PreviewRecord, "outcome" | "steps">): boolean {
  return outcome === "failed" || !steps.every(comesAndGoes);
}

/** The open issues that the token's own user has written about a stack, oldest first. */
async function issuesAbout(gitlab: GitLab, stack: string): Promise<Issue[]> {
  const [issues, me] = await Promise.all([gitlab.openIssues(driftLabel), gitlab.me()]);
  return issues
    .filter(({ author, description }) => author.id === me && readMarker(drift, description ?? "")?.stack === stack)
    .sort((one, other) => one.iid - other.iid);
}

/** What is not as it should be, for the issue's title. */
function summary(record: PreviewRecord, check: CheckRecord | undefined): string {
  const machines = check === undefined ? "" : checkTitle(check);
  if (record.outcome === "failed") return ` is unknown${machines && `; ${machines}`}`;
  return `: ${[...(isDrift(record) ? [titleOf(record)] : []), ...(machines ? [machines] : [])].join("; ")}`;
}

/** Told as the note of a preview, below what it means here. */
function descriptionFor(stack: string, record: PreviewRecord, source: Source, check?: CheckRecord): string {
  const [, ...told] = noteOf(stack, record, source, check === undefined ? "" : machinesPart(check, source)).split("\n");
  return [marker(drift, stack, source), meaningOf(record), "", ...told].join("\n");
}

function meaningOf(record: PreviewRecord): string {
  if (record.outcome === "failed") return "Azure could not be asked whether this stack is as its program says.";
  if (!isDrift(record))
    return (
      "Azure is as this stack's program says, and its machines are not as its playbooks say, or could not be looked at. " +
      "docs/operations.md tells what to do." +
      waitingOf(record)
    );
  return (
    "Azure is not as this stack's program says: an apply would do what is below. Either somebody changed Azure by " +
    "hand, or an apply did not end. docs/operations.md tells what to do." +
    waitingOf(record)
  );
}

/** What was merged and not applied yet. */
function waitingOf({ unapplied = 0 }: PreviewRecord): string {
  if (unapplied === 0) return "";
  return (
    ` Besides, ${unapplied} steps of what was merged are not applied yet. They are no drift and left out here; machines ` +
    "may differ by them."
  );
}

const seen = ({ projectUrl, pipeline }: Source) => `[Pipeline ${pipeline}](${projectUrl}/-/pipelines/${pipeline})`;
