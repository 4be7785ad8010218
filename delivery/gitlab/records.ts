/** The records that jobs of a pipeline leave. Read as data: an author may have written them. */
import { parseRecord, type PreviewRecord } from "../record.ts";
import type { GitLab, Job } from "./client.ts";
import { stackName } from "./marker.ts";

/** Name of the job that previews a stack; `templates/preview` gives it. */
export const previewJob = (stack: string) => `preview:${stack}`;
/** Name of the file that this job leaves. */
export const recordFile = (stack: string) => `preview.${stack}.json`;

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
export async function recordOfJob(
  gitlab: GitLab,
  { id, name }: Pick<Job, "id" | "name">,
  stack: string,
  commit: string,
): Promise<PreviewRecord> {
  const file = recordFile(stack);
  const text = await gitlab.artifact(id, file);
  if (text === undefined) throw new Error(`job ${id} (${name}) has no artifact ${file}`);
  const record = parseRecord(text);
  if (record.stack !== stack) throw new Error(`${file} of job ${id} tells of stack ${JSON.stringify(record.stack)}`);
  if (record.commit !== commit)
    throw new Error(`${file} of job ${id} tells of commit ${record.commit}, its pipeline of ${commit}`);
  return record;
}
