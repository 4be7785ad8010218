/** Notes for all open merge requests whose newest pipeline has previews that no note tells of. */
import type { GitLab, Job, MergeRequest } from "./client.ts";
import { readMarker } from "./marker.ts";
import { exactOf, exactPart, orWhyNot, tellsExact } from "./exactNote.ts";
import { noJob, noteOf, noteOfNothing, noteWithoutRecord, preview } from "./note.ts";
import { joined, type Source } from "./parts.ts";
import { previewNotes, putNote } from "./putNote.ts";
import { exactJob, previewedStack, recordOfJob } from "./records.ts";

/** Jobs that go on no more. https://docs.gitlab.com/api/jobs/ */
const ended = ["success", "failed", "canceled"];

/** Jobs that did not run, and may still: as the same job, where one before them is run again or somebody starts them. */
const waiting = ["skipped", "manual"];

/** An author names the jobs, so that there may be any number of them. */
const mostStacks = 20;

/** Each merge request has so long in a run, and one note at least; what is left follows in the next. */
const longestSeconds = 120;

/** What was done, one line each. A merge request that fails does not keep others from their notes. */
export async function putOpenNotes(
  gitlab: GitLab,
  projectUrl: string,
  seconds = longestSeconds,
): Promise<{ done: string[]; failed: string[] }> {
  const done: string[] = [];
  const failed: string[] = [];
  for (const mergeRequest of await gitlab.openMergeRequests()) {
    try {
      const notes = putNotes(gitlab, projectUrl, mergeRequest, Date.now() + seconds * 1000);
      for await (const line of notes) done.push(`!${mergeRequest.iid}: ${line}`);
    } catch (error) {
      failed.push(`!${mergeRequest.iid}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { done, failed };
}

async function* putNotes(
  gitlab: GitLab,
  projectUrl: string,
  { iid }: MergeRequest,
  end: number,
): AsyncGenerator<string> {
  const { state, head_pipeline: pipeline } = await gitlab.mergeRequest(iid);
  // Merged since it was listed: its notes say what was approved, and stay. A fork's pipeline previews nothing.
  if (state !== "opened" || pipeline === null || pipeline.project_id !== gitlab.projectId) return;
  const jobs = await gitlab.jobs(pipeline.id);
  const previews = jobs.flatMap((job) => {
    const stack = previewedStack(job);
    return stack === undefined ? [] : [{ stack, job }];
  });
  if (previews.length > mostStacks)
    throw new Error(`pipeline ${pipeline.id} previews ${previews.length} stacks, allowed are ${mostStacks}`);
  const standing = (await previewNotes(gitlab, iid)).flatMap(({ body }) => {
    const read = readMarker(preview, body);
    return read === undefined ? [] : [{ ...read, body }];
  });
  const origin = { pipeline: pipeline.id, commit: pipeline.sha, projectUrl };
  let written = 0;
  for (const { stack, job } of previews) {
    if (!ended.includes(job.status)) continue;
    // By hand, so perhaps later than the preview, or never.
    const exact = jobs.find(({ name, status }) => name === exactJob(stack) && ended.includes(status));
    const isTold = standing.some(
      (one) =>
        one.stack === stack &&
        one.pipeline === pipeline.id &&
        one.job === job.id &&
        (exact === undefined || tellsExact(one.body, stack, { ...origin, job: exact.id })),
    );
    if (isTold) continue;
    if (written++ > 0 && Date.now() >= end)
      throw new Error(`its notes take too long; the one about ${stack} follows in the next run`);
    const text = await textFor(gitlab, stack, job, exact, { ...origin, job: job.id });
    yield `${stack}, job ${job.id}: ${await putNote(gitlab, iid, text)}`;
  }
  for (const { stack, pipeline: before } of standing) {
    const status = previews.find((one) => one.stack === stack)?.job.status;
    const waits = status !== undefined && waiting.includes(status);
    if (before >= pipeline.id || (status !== undefined && !waits)) continue;
    const text = noteOfNothing(stack, { ...origin, job: noJob }, { waits });
    yield `${stack}, no preview: ${await putNote(gitlab, iid, text)}`;
  }
}

async function textFor(
  gitlab: GitLab,
  stack: string,
  job: Job,
  exact: Job | undefined,
  source: Source,
): Promise<string> {
  const record = await orWhyNot(recordOfJob(gitlab, job, stack, source.commit));
  const secretFree = typeof record === "string" ? undefined : record;
  const more =
    exact === undefined
      ? ""
      : exactPart(stack, secretFree, await exactOf(gitlab, exact, stack, source.commit), { ...source, job: exact.id });
  return typeof record === "string"
    ? joined([noteWithoutRecord(stack, record, source), more])
    : noteOf(stack, record, source, more);
}
