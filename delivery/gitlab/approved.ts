/** What was approved: the record of the merge request that brought a commit. */
import type { PreviewRecord } from "../record.ts";
import type { GitLab, MergeRequest } from "./client.ts";
import { previewJob, recordOfJob } from "./records.ts";

/** The merge request was merged as this commit: a merge commit, a squashed one, or its own head where it was fast-forward. */
function broughtBy(commit: string, mergeRequest: MergeRequest): boolean {
  const { state, merge_commit_sha, squash_commit_sha, sha } = mergeRequest;
  return state === "merged" && [merge_commit_sha, squash_commit_sha, sha].includes(commit);
}

/**
 * The record that belongs to the merge request of a commit of the protected branch: the newest preview in its newest
 * pipeline, which those who merged had before them.
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
  const [mergeRequest, ...more] = found;
  if (mergeRequest === undefined || more.length > 0)
    throw new Error(`commit ${commit}: ${found.length} merge requests were merged as it to ${branch}, expected is one`);
  const { iid } = mergeRequest;
  const pipeline = await gitlab.headPipeline(iid);
  if (pipeline === undefined) throw new Error(`merge request !${iid} has no pipeline, so nothing was previewed`);
  if (pipeline.project_id !== gitlab.projectId)
    throw new Error(`merge request !${iid} comes from a fork, whose pipelines preview nothing`);
  return previewIn(gitlab, pipeline.id, pipeline.sha, previewJob(stack), stack, `merge request !${iid}`);
}

/**
 * The record that a job of this pipeline left when it refused to apply: a preview of the protected branch itself, which
 * somebody has read who starts the next job by hand.
 */
export async function refusedRecord(
  gitlab: GitLab,
  { stack, commit, pipeline, job }: { stack: string; commit: string; pipeline: number; job: string },
): Promise<PreviewRecord> {
  return previewIn(gitlab, pipeline, commit, job, stack, "this commit");
}

async function previewIn(
  gitlab: GitLab,
  pipeline: number,
  commit: string,
  name: string,
  stack: string,
  whose: string,
): Promise<PreviewRecord> {
  const [job] = (await gitlab.jobs(pipeline))
    .filter((one) => one.name === name)
    .sort((one, other) => other.id - one.id);
  if (job === undefined) throw new Error(`pipeline ${pipeline} of ${whose} has no job ${name}`);
  const record = await recordOfJob(gitlab, job, stack, commit);
  if (record.outcome !== "previewed") throw new Error(`the preview of ${stack} in job ${job.id} of ${whose} failed`);
  return record;
}
