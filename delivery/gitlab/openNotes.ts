/** Notes for all open merge requests whose newest pipeline has previews that no note tells of. */
import type { GitLab, Job, MergeRequest } from "./client.ts";
import { readMarker } from "./marker.ts";
import { noJob, noteOf, noteOfNothing, noteWithoutRecord, preview, type Source } from "./note.ts";
import { previewNotes, putNote } from "./putNote.ts";
import { previewedStack, recordOfJob } from "./records.ts";
import { GitLabError } from "./requester.ts";

/** Jobs that go on no more. https://docs.gitlab.com/api/jobs/ */
const ended = ["success", "failed", "canceled"];

/** An author names the jobs, so that there may be any number of them. */
const mostStacks = 20;

/** What was done, one line each. A merge request that fails does not keep others from their notes. */
export async function putOpenNotes(gitlab: GitLab, projectUrl: string): Promise<{ done: string[]; failed: string[] }> {
  const done: string[] = [];
  const failed: string[] = [];
  for (const mergeRequest of await gitlab.openMergeRequests()) {
    try {
      for await (const line of putNotes(gitlab, projectUrl, mergeRequest)) done.push(`!${mergeRequest.iid}: ${line}`);
    } catch (error) {
      failed.push(`!${mergeRequest.iid}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { done, failed };
}

async function* putNotes(gitlab: GitLab, projectUrl: string, { iid }: MergeRequest): AsyncGenerator<string> {
  const { state, head_pipeline: pipeline } = await gitlab.mergeRequest(iid);
  // Merged since it was listed: its notes say what was approved, and stay. A fork's pipeline previews nothing.
  if (state !== "opened" || pipeline === null || pipeline.project_id !== gitlab.projectId) return;
  const previews = (await gitlab.jobs(pipeline.id)).flatMap((job) => {
    const stack = previewedStack(job);
    return stack === undefined ? [] : [{ stack, job }];
  });
  if (previews.length > mostStacks)
    throw new Error(`pipeline ${pipeline.id} previews ${previews.length} stacks, allowed are ${mostStacks}`);
  const standing = (await previewNotes(gitlab, iid)).flatMap(({ body }) => readMarker(preview, body) ?? []);
  const origin = { pipeline: pipeline.id, commit: pipeline.sha, projectUrl };
  for (const { stack, job } of previews) {
    if (!ended.includes(job.status)) continue;
    if (standing.some((one) => one.stack === stack && one.pipeline === pipeline.id && one.job === job.id)) continue;
    const text = await textFor(gitlab, stack, job, { ...origin, job: job.id });
    yield `${stack}, job ${job.id}: ${await putNote(gitlab, iid, text)}`;
  }
  for (const { stack, pipeline: before } of standing) {
    if (before >= pipeline.id || previews.some((one) => one.stack === stack)) continue;
    yield `${stack}, no preview: ${await putNote(gitlab, iid, noteOfNothing(stack, { ...origin, job: noJob }))}`;
  }
}

async function textFor(gitlab: GitLab, stack: string, job: Job, source: Source): Promise<string> {
  try {
    return noteOf(stack, await recordOfJob(gitlab, job, stack, source.commit), source);
  } catch (error) {
    // GitLab's own failures are not the author's; the next run tries again.
    if (error instanceof GitLabError && error.status !== 413) throw error;
    return noteWithoutRecord(stack, error instanceof Error ? error.message : String(error), source);
  }
}
