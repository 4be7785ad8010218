/** What was approved: the record that the merge request told of which brought a commit. */
import { digestOf, type PreviewRecord } from "../record.ts";
import type { GitLab, MergeRequest } from "./client.ts";
import { isLater, readMarker } from "./marker.ts";
import { preview } from "./note.ts";
import { notesAbout, toldSince } from "./putNote.ts";
import { previewJob, recordOfJob } from "./records.ts";

/** The merge request was merged as this commit: a merge commit, a squashed one, or its own head where it was fast-forward. */
function broughtBy(commit: string, mergeRequest: MergeRequest): boolean {
  const { state, merge_commit_sha, squash_commit_sha, sha } = mergeRequest;
  return state === "merged" && [merge_commit_sha, squash_commit_sha, sha].includes(commit);
}

/**
 * The record that those saw who merged a commit of the protected branch: the one that the merge request's note told of
 * when it was merged, and those who approved it. A preview that was told later is none of it, and a note that was changed
 * later proves nothing. Where nobody approves, as GitLab Free allows, the merge is the approval.
 *
 * @param branch The protected branch.
 * @throws Error that says what is missing.
 */
export async function approvedRecord(
  gitlab: GitLab,
  { stack, commit, branch }: { stack: string; commit: string; branch: string },
): Promise<PreviewRecord> {
  const found = (await gitlab.mergeRequestsOf(commit)).filter(
    (one) => broughtBy(commit, one) && one.target_branch === branch && one.target_project_id === gitlab.projectId,
  );
  const [one, ...more] = found;
  if (one === undefined || more.length > 0)
    throw new Error(`commit ${commit}: ${found.length} merge requests were merged as it to ${branch}, expected is one`);
  const whose = `merge request !${one.iid}`;
  const { sha, merged_at: merged, head_pipeline: pipeline } = await gitlab.mergeRequest(one.iid);
  if (pipeline === null) throw new Error(`${whose} has no pipeline, so nothing was previewed`);
  if (pipeline.project_id !== gitlab.projectId)
    throw new Error(`${whose} comes from a fork, whose pipelines preview nothing`);
  if (pipeline.sha !== sha)
    throw new Error(`${whose} was merged at its commit ${sha}, and its pipeline ${pipeline.id} is of ${pipeline.sha}`);

  const [note] = (await notesAbout(gitlab, one.iid, stack))
    .map((each) => ({ told: toldSince(each), changed: each.updated_at, ...readMarker(preview, each.body)! }))
    .sort((first, second) => (isLater(first, second) ? -1 : 1));
  if (note === undefined) throw new Error(`${whose} has no note about ${stack}, so nobody saw a preview of it`);
  // Also where GitLab tells no time.
  if (merged === null || !(Date.parse(note.changed) < Date.parse(merged)))
    throw new Error(`the note of ${whose} about ${stack} was changed at ${note.changed}, after the merge at ${merged}`);
  for (const { user, approved_at: approved = "a time that is not told" } of await gitlab.approvals(one.iid))
    if (!(Date.parse(note.told) < Date.parse(approved)))
      throw new Error(
        `${whose} was approved by ${user.username} at ${approved}, not after its note told this of ${stack} at ${note.told}`,
      );
  if (note.pipeline !== pipeline.id)
    throw new Error(`the note of ${whose} tells of pipeline ${note.pipeline}, and its newest one is ${pipeline.id}`);
  if (note.record === undefined) throw new Error(`the note of ${whose} tells of no preview of ${stack}`);
  const record = await recordOfJob(gitlab, { id: note.job, name: previewJob(stack) }, stack, sha);
  if (digestOf(record) !== note.record)
    throw new Error(`the record of job ${note.job} is not the one that the note of ${whose} tells of`);
  return previewed(record, `job ${note.job} of ${whose}`);
}

/**
 * The record that a job of this pipeline left when it refused to apply: a preview of the protected branch itself, which
 * somebody has read who starts the next job by hand.
 */
export async function refusedRecord(
  gitlab: GitLab,
  { stack, commit, pipeline, job: name }: { stack: string; commit: string; pipeline: number; job: string },
): Promise<PreviewRecord> {
  const job = (await gitlab.jobs(pipeline)).find((one) => one.name === name);
  if (job === undefined) throw new Error(`pipeline ${pipeline} has no job ${name}`);
  return previewed(await recordOfJob(gitlab, job, stack, commit), `job ${job.id}`);
}

function previewed(record: PreviewRecord, whose: string): PreviewRecord {
  if (record.outcome !== "previewed") throw new Error(`the preview of ${record.stack} in ${whose} failed`);
  return record;
}
