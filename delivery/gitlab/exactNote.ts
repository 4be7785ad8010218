/** What the exact preview and the check of the machines add to the note of a stack. */
import type { CheckRecord } from "../check/record.ts";
import { differences, type Difference } from "../preview/compare.ts";
import type { PreviewRecord } from "../record.ts";
import type { GitLab, Job } from "./client.ts";
import { machinesPart } from "./machinesNote.ts";
import { marker } from "./marker.ts";
import { shortened } from "./markup.ts";
import { titleOf } from "./note.ts";
import { errorBlock, joined, label, type Source, table } from "./parts.ts";
import { checkOfJob, exactEnvironment, exactRecordOfJob } from "./records.ts";
import { GitLabError } from "./requester.ts";

/** In characters. */
const longest = { cell: 400, table: 8_000, reason: 1_000, error: 4_000 };

/** What a job left: a record, or why there is none. */
export interface Exact {
  preview: PreviewRecord | string;
  check: CheckRecord | string;
}

export async function exactOf(gitlab: GitLab, job: Job, stack: string, commit: string): Promise<Exact> {
  const environment = exactEnvironment(stack);
  if (!(await gitlab.isDeployment(job.id, environment))) {
    const why = `job ${job.id} (${job.name}) is no deployment to the environment ${environment}`;
    return { preview: why, check: why };
  }
  return {
    preview: await orWhyNot(exactRecordOfJob(gitlab, job, stack, commit)),
    check: await orWhyNot(checkOfJob(gitlab, job, stack, commit)),
  };
}

/** GitLab's own failures are not the author's; the next run tries again. */
export async function orWhyNot<T>(record: Promise<T>): Promise<T | string> {
  try {
    return await record;
  } catch (error) {
    if (error instanceof GitLabError && error.status !== 413) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether a note tells of a job. What others wrote begins no line with a marker. */
export const tellsExact = (body: string, stack: string, source: Pick<Source, "pipeline" | "job">): boolean =>
  body.split(/\r?\n/).includes(marker(exact, stack, source));

const exact = "exact";

/**
 * The sections "Exact preview" and "Machines".
 *
 * @param secretFree The preview without secrets; undefined where there is none.
 * @param source The job that made both records.
 */
export function exactPart(
  stack: string,
  secretFree: PreviewRecord | undefined,
  found: Exact,
  source: Pick<Source, "pipeline" | "job" | "projectUrl">,
): string {
  const { pipeline, job, projectUrl } = source;
  return joined([
    marker(exact, stack, { pipeline, job }),
    previewPart(secretFree, found.preview),
    `${typeof found.preview === "string" ? "By" : "Made with the secrets, from the state itself, by"} [job ${job}](${projectUrl}/-/jobs/${job}).`,
    typeof found.check === "string"
      ? `### Machines: no result\n\n${noRecord(found.check)}`
      : machinesPart(found.check, source),
  ]);
}

function previewPart(secretFree: PreviewRecord | undefined, preview: PreviewRecord | string): string {
  if (typeof preview === "string") return `### Exact preview: no result\n\n${noRecord(preview)}`;
  if (preview.outcome === "failed")
    return joined(["### Exact preview: failed", errorBlock(shortened(preview.error ?? "", longest.error))]);
  if (secretFree === undefined)
    return `### Exact preview: ${titleOf(preview)}\n\nThere is no preview without secrets to compare it with.`;
  const found = differences(secretFree, preview);
  if (found.length === 0)
    return `### Exact preview: the same\n\nIt says what the preview above says: ${titleOf(preview)}.`;
  return joined([
    `### Exact preview: **different** from the preview above`,
    `It says: ${titleOf(preview)}. An apply of the preview above would be refused.`,
    table(["About", "Without secrets", "Exact"], found.map(differenceRow), longest.table, "differences"),
  ]);
}

const differenceRow = ({ subject, approved, now }: Difference) =>
  [subject, approved, now].map((text) => label(text, longest.cell));

const noRecord = (reason: string) =>
  `The job left no record that counts: ${label(reason, longest.reason)}. Its log tells more.`;
