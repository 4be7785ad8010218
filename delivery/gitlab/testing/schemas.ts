/**
 * Requests to GitLab's REST API as its documents allow them, for the endpoints that are used. What a document does not
 * name is refused, although GitLab itself ignores most of it. They stand in for GitLab, which cannot be had here.
 */
import { z } from "zod";

export interface Endpoint {
  /** Where GitLab describes it. */
  page: string;
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/api/v4/`; `:name` stands for one part, `*name` for the rest. */
  path: string;
  query?: z.ZodType;
  body?: z.ZodType;
}

const id = z.string().regex(/^\d+$/);
const docs = "https://docs.gitlab.com/api";
/** https://docs.gitlab.com/api/rest/#offset-based-pagination */
const pages = { page: id.optional(), per_page: id.refine((value) => Number(value) <= 100, "at most 100").optional() };
const order = { sort: z.enum(["asc", "desc"]).optional() };

/** https://docs.gitlab.com/api/notes/ : "Limited to 1,000,000 characters" */
const noteBody = z.strictObject({ body: z.string().min(1).max(1_000_000) });
/** https://docs.gitlab.com/api/issues/#new-issue : "Limited to 1,048,576 characters" */
const description = z.string().max(1_048_576);
const title = z.string().min(1).max(255);

export const endpoints = {
  me: { page: `${docs}/users/#get-the-current-user`, method: "GET", path: "user", query: z.strictObject({}) },
  mergeRequestsOfCommit: {
    page: `${docs}/commits/#list-merge-requests-associated-with-a-commit`,
    method: "GET",
    path: "projects/:project/repository/commits/:sha/merge_requests",
    query: z.strictObject({ state: z.enum(["opened", "closed", "locked", "merged"]).optional(), ...pages }),
  },
  mergeRequests: {
    page: `${docs}/merge_requests/#list-project-merge-requests`,
    method: "GET",
    path: "projects/:project/merge_requests",
    query: z.strictObject({
      state: z.enum(["opened", "closed", "locked", "merged", "all"]).optional(),
      order_by: z
        .enum([
          "created_at",
          "updated_at",
          "merged_at",
          "title",
          "label_priority",
          "milestone_due",
          "popularity",
          "priority",
        ])
        .optional(),
      ...order,
      ...pages,
    }),
  },
  mergeRequest: {
    page: `${docs}/merge_requests/#get-single-mr`,
    method: "GET",
    path: "projects/:project/merge_requests/:iid",
    query: z.strictObject({}),
  },
  approvals: {
    page: `${docs}/merge_request_approvals/`,
    method: "GET",
    path: "projects/:project/merge_requests/:iid/approvals",
    query: z.strictObject({}),
  },
  pipelineJobs: {
    page: `${docs}/jobs/#list-pipeline-jobs`,
    method: "GET",
    path: "projects/:project/pipelines/:pipeline/jobs",
    query: z.strictObject({ include_retried: z.enum(["true", "false"]).optional(), ...pages }),
  },
  artifact: {
    page: `${docs}/job_artifacts/#download-a-single-artifact-file-by-job-id`,
    method: "GET",
    path: "projects/:project/jobs/:job/artifacts/*file",
    query: z.strictObject({}),
  },
  deployments: {
    page: `${docs}/deployments/#list-project-deployments`,
    method: "GET",
    path: "projects/:project/deployments",
    query: z.strictObject({
      order_by: z.enum(["id", "iid", "created_at", "updated_at", "finished_at", "ref"]).optional(),
      environment: z.string().optional(),
      ...order,
      ...pages,
    }),
  },
  notes: {
    page: `${docs}/notes/#list-all-merge-request-notes`,
    method: "GET",
    path: "projects/:project/merge_requests/:iid/notes",
    query: z.strictObject({ order_by: z.enum(["created_at", "updated_at"]).optional(), ...order, ...pages }),
  },
  addNote: {
    page: `${docs}/notes/#create-new-merge-request-note`,
    method: "POST",
    path: "projects/:project/merge_requests/:iid/notes",
    body: noteBody,
  },
  editNote: {
    page: `${docs}/notes/#modify-existing-merge-request-note`,
    method: "PUT",
    path: "projects/:project/merge_requests/:iid/notes/:note",
    body: noteBody,
  },
  removeNote: {
    page: `${docs}/notes/#delete-a-merge-request-note`,
    method: "DELETE",
    path: "projects/:project/merge_requests/:iid/notes/:note",
    // The client sends an empty object, which GitLab ignores.
    body: z.strictObject({}).optional(),
  },
  issues: {
    page: `${docs}/issues/#list-project-issues`,
    method: "GET",
    path: "projects/:project/issues",
    query: z.strictObject({
      state: z.enum(["all", "opened", "closed"]).optional(),
      labels: z.string().optional(),
      scope: z.enum(["created_by_me", "assigned_to_me", "all"]).optional(),
      ...pages,
    }),
  },
  addIssue: {
    page: `${docs}/issues/#new-issue`,
    method: "POST",
    path: "projects/:project/issues",
    body: z.strictObject({
      title,
      description: description.optional(),
      labels: z.string().optional(),
      confidential: z.boolean().optional(),
    }),
  },
  editIssue: {
    page: `${docs}/issues/#edit-an-issue`,
    method: "PUT",
    path: "projects/:project/issues/:iid",
    body: z
      .strictObject({
        title: title.optional(),
        description: description.optional(),
        state_event: z.enum(["close", "reopen"]).optional(),
        confidential: z.boolean().optional(),
      })
      .refine((body) => Object.keys(body).length > 0, "at least one attribute is required"),
  },
  addIssueNote: {
    page: `${docs}/notes/#create-new-issue-note`,
    method: "POST",
    path: "projects/:project/issues/:iid/notes",
    body: noteBody,
  },
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;
