/** A GitLab that stands in for the real one, with a merge request, for tests. */
import { type GitLab, gitLab } from "../client.ts";
import { previewJob, recordFile } from "../records.ts";
import type { PreviewRecord } from "../../record.ts";
import { commit } from "./records.ts";
import { FakeGitLab, type FakeJob, type FakeMergeRequest, type FakePipeline, projectId } from "./server.ts";

export interface Fixture {
  fake: FakeGitLab;
  client: GitLab;
  /** Milliseconds that the client has waited. */
  waits: number[];
}

export async function fixture(): Promise<Fixture> {
  const fake = new FakeGitLab();
  await fake.listen();
  const waits: number[] = [];
  const wait = (milliseconds: number) => {
    waits.push(milliseconds);
    return Promise.resolve();
  };
  const settings = { server: fake.url, projectId, projectUrl: fake.projectUrl, token: fake.token };
  return { fake, client: gitLab(settings, { wait }), waits };
}

export function mergeRequest(iid: number, more: Partial<FakeMergeRequest> = {}): FakeMergeRequest {
  return {
    iid,
    state: "opened",
    sha: commit,
    merge_commit_sha: null,
    squash_commit_sha: null,
    target_branch: "main",
    source_project_id: projectId,
    target_project_id: projectId,
    pipelines: [],
    notes: [],
    ...more,
  };
}

export function pipeline(id: number, jobs: FakeJob[], more: Partial<FakePipeline> = {}): FakePipeline {
  return { id, sha: commit, project_id: projectId, jobs, ...more };
}

/** The job that previews a stack, with its record; a string is a file that is none. */
export function job(id: number, stack: string, record?: PreviewRecord | string, status = "success"): FakeJob {
  const text = typeof record === "string" ? record : JSON.stringify(record);
  return { id, name: previewJob(stack), status, artifacts: record === undefined ? {} : { [recordFile(stack)]: text } };
}
