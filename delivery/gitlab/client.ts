/** The questions to GitLab that a pipeline needs, over https://github.com/jdalrymple/gitbeaker . */
import {
  Commits,
  Deployments,
  IssueNotes,
  Issues,
  JobArtifacts,
  Jobs,
  MergeRequestApprovals,
  MergeRequestNotes,
  MergeRequests,
  Users,
} from "@gitbeaker/rest";
import { GitLabError, type Patience, requester } from "./requester.ts";
import type { Settings } from "./settings.ts";

/** The part of a merge request that is used. https://docs.gitlab.com/api/merge_requests/ */
export interface MergeRequest {
  iid: number;
  state: string;
  sha: string;
  merged_at: string | null;
  merge_commit_sha: string | null;
  squash_commit_sha: string | null;
  source_project_id: number;
  target_project_id: number;
  target_branch: string;
  web_url: string;
}

/** https://docs.gitlab.com/api/pipelines/ */
export interface Pipeline {
  id: number;
  sha: string;
  project_id: number;
  web_url: string;
}

/** https://docs.gitlab.com/api/jobs/ */
export interface Job {
  id: number;
  name: string;
  status: string;
}

/** https://docs.gitlab.com/api/deployments/ */
interface Deployment {
  /** The job; null where somebody has told GitLab of a deployment. */
  deployable: Pick<Job, "id"> | null;
}

/** https://docs.gitlab.com/api/notes/ */
export interface Note {
  id: number;
  body: string;
  author: { id: number };
  system: boolean;
  /** An edit moves it; so does a reaction. */
  updated_at: string;
}

/** https://docs.gitlab.com/api/merge_request_approvals/ */
export interface Approval {
  user: { username: string };
  /** Older GitLabs do not tell it. */
  approved_at?: string;
}

/** https://docs.gitlab.com/api/issues/ */
export interface Issue {
  iid: number;
  title: string;
  description: string;
  author: { id: number };
}

export type GitLab = ReturnType<typeof gitLab>;

/** Undefined for what GitLab does not have. */
async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GitLabError && error.status === 404) return undefined;
    throw error;
  }
}

/** At most so many in an answer: https://docs.gitlab.com/api/rest/#pagination . All pages are read. */
const page = { perPage: 100 };
/** Deployments are more each day. */
const mostPages = 10;

export function gitLab({ server, projectId, token }: Settings, patience: Partial<Patience> = {}) {
  // As `Authorization`, which is not sent on where an artifact is fetched from another host.
  const options = { host: server, oauthToken: token, requesterFn: requester(patience) };
  const [commits, mergeRequests, mergeRequestNotes] = [
    new Commits(options),
    new MergeRequests(options),
    new MergeRequestNotes(options),
  ];
  const [jobs, artifacts, deployments] = [new Jobs(options), new JobArtifacts(options), new Deployments(options)];
  const [issues, issueNotes, users] = [new Issues(options), new IssueNotes(options), new Users(options)];
  const approvals = new MergeRequestApprovals(options);
  let me: Promise<number> | undefined;

  return {
    projectId,

    /** ID of the token's own user. https://docs.gitlab.com/api/users/#get-the-current-user */
    me: (): Promise<number> => (me ??= users.showCurrentUser().then(({ id }) => id)),

    /** https://docs.gitlab.com/api/commits/#list-merge-requests-associated-with-a-commit */
    mergeRequestsOf: async (commit: string): Promise<MergeRequest[]> =>
      commits.allMergeRequests(projectId, commit, page),

    /**
     * Those first that were changed longest ago, so that nobody's keep others from their turn.
     * https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests
     */
    openMergeRequests: async (): Promise<MergeRequest[]> =>
      mergeRequests.all({ projectId, state: "opened", orderBy: "updated_at", sort: "asc", ...page }),

    /**
     * A merge request with its newest pipeline, where it has one. Pipelines of a fork are in the fork.
     * https://docs.gitlab.com/api/merge_requests/#get-single-mr
     */
    mergeRequest: async (mergeRequest: number): Promise<MergeRequest & { head_pipeline: Pipeline | null }> =>
      mergeRequests.show(projectId, mergeRequest),

    /** The approvals that it has. https://docs.gitlab.com/api/merge_request_approvals/ */
    approvals: async (mergeRequest: number): Promise<Approval[]> => {
      const { approved_by = [] } = await approvals.showConfiguration(projectId, { mergerequestIId: mergeRequest });
      return approved_by;
    },

    /** The newest job of each name. https://docs.gitlab.com/api/jobs/#list-pipeline-jobs */
    jobs: async (pipelineId: number): Promise<Job[]> => jobs.all(projectId, { pipelineId, ...page }),

    /**
     * A file of a job's artifacts; undefined where the job has none of that name.
     * https://docs.gitlab.com/api/job_artifacts/#download-a-single-artifact-file-by-job-id
     */
    artifact: async (jobId: number, artifactPath: string): Promise<string | undefined> => {
      // The requester reads files as strings.
      const read = artifacts.downloadArchive(projectId, { jobId, artifactPath }) as unknown as Promise<string>;
      return unlessMissing(read);
    },

    /**
     * Whether a job is one of the newest deployments to an environment. What a job is called is its author's; in a protected
     * environment it has run only where somebody has started it who may deploy there.
     * https://docs.gitlab.com/api/deployments/#list-project-deployments
     */
    isDeployment: async (jobId: number, environment: string): Promise<boolean> => {
      const newest = { environment, orderBy: "id", sort: "desc", maxPages: mostPages, ...page } as const;
      const found: Deployment[] = await deployments.all(projectId, newest);
      return found.some(({ deployable }) => deployable?.id === jobId);
    },

    /** https://docs.gitlab.com/api/notes/#list-all-merge-request-notes */
    notes: async (mergeRequest: number): Promise<Note[]> =>
      mergeRequestNotes.all(projectId, mergeRequest, { sort: "asc", orderBy: "created_at", ...page }),
    /** https://docs.gitlab.com/api/notes/#create-new-merge-request-note */
    addNote: async (mergeRequest: number, body: string): Promise<Note> =>
      mergeRequestNotes.create(projectId, mergeRequest, body),
    /** https://docs.gitlab.com/api/notes/#modify-existing-merge-request-note */
    editNote: async (mergeRequest: number, note: number, body: string): Promise<Note> =>
      mergeRequestNotes.edit(projectId, mergeRequest, note, { body }),
    /** https://docs.gitlab.com/api/notes/#delete-a-merge-request-note */
    removeNote: async (mergeRequest: number, note: number): Promise<void> =>
      unlessMissing(mergeRequestNotes.remove(projectId, mergeRequest, note)),

    /** https://docs.gitlab.com/api/issues/#list-project-issues */
    openIssues: async (label: string): Promise<Issue[]> =>
      issues.all({ projectId, state: "opened", labels: label, scope: "all", ...page }),
    /** Seen by members from Reporter on: issues tell what stands. https://docs.gitlab.com/api/issues/#new-issue */
    openIssue: async (title: string, description: string, label: string): Promise<Issue> =>
      issues.create(projectId, title, { description, labels: label, confidential: true }),
    /** https://docs.gitlab.com/api/issues/#edit-an-issue */
    editIssue: async (
      issue: number,
      change: { title?: string; description?: string; stateEvent?: "close" },
    ): Promise<Issue> => issues.edit(projectId, issue, { ...change, confidential: true }),
    /** https://docs.gitlab.com/api/notes/#create-new-issue-note */
    addIssueNote: async (issue: number, body: string): Promise<unknown> => issueNotes.create(projectId, issue, body),
  };
}
