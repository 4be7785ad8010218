/** The records that jobs of a pipeline leave. Read as data: an author may have written them. */
import { parseCheck, type CheckRecord } from "../check/record.ts";
import { parseRecord, type PreviewRecord } from "../record.ts";
import type { GitLab, Job } from "./client.ts";
import { stackName } from "./marker.ts";

/** Name of the job that previews a stack; `templates/preview` gives it. */
export const previewJob = (stack: string) => `preview:${stack}`;
/** Name of the file that this job leaves. */
export const recordFile = (stack: string) => `preview.${stack}.json`;

/** Name of the job that makes a stack's exact preview and checks its machines; `templates/exact` gives it. */
export const exactJob = (stack: string) => `exact:${stack}`;
/** Name of the protected environment of this job. */
export const exactEnvironment = (stack: string) => `${stack}-exact`;
/** Names of the files that this job leaves. */
export const exactFile = (stack: string) => `exact.${stack}.json`;
export const checkFile = (stack: string) => `check.${stack}.json`;

/** The stack that a job previews; undefined for other jobs. */
export function previewedStack({ name }: Pick<Job, "name">): string | undefined {
  const stack = name.startsWith("preview:") ? name.slice("preview:".length) : "";
  return stackName.test(stack) ? stack : undefined;
}

/**
 * The record of a job.
 *
 * @throws Error where there is none, or where it tells of another stack or commit than the job.
 */
export const recordOfJob = (gitlab: GitLab, job: Named, stack: string, commit: string): Promise<PreviewRecord> =>
  recordIn(gitlab, job, recordFile(stack), parseRecord, { stack, commit });

/** The exact preview of a job that makes one; throws as `recordOfJob` does. */
export const exactRecordOfJob = (gitlab: GitLab, job: Named, stack: string, commit: string): Promise<PreviewRecord> =>
  recordIn(gitlab, job, exactFile(stack), parseRecord, { stack, commit });

/** What the same job found on the machines; throws as `recordOfJob` does. */
export const checkOfJob = (gitlab: GitLab, job: Named, stack: string, commit: string): Promise<CheckRecord> =>
  recordIn(gitlab, job, checkFile(stack), parseCheck, { stack, commit });

type Named = Pick<Job, "id" | "name">;

async function recordIn<T extends { stack: string; commit: string }>(
  gitlab: GitLab,
  { id, name }: Named,
  file: string,
  parse: (text: string) => T,
  { stack, commit }: { stack: string; commit: string },
): Promise<T> {
  const text = await gitlab.artifact(id, file);
  if (text === undefined) throw new Error(`job ${id} (${name}) has no artifact ${file}`);
  const record = parse(text);
  if (record.stack !== stack) throw new Error(`${file} of job ${id} tells of stack ${JSON.stringify(record.stack)}`);
  if (record.commit !== commit)
    throw new Error(`${file} of job ${id} tells of commit ${record.commit}, its pipeline of ${commit}`);
  return record;
}
