/**
 * Stands in for GitLab: keeps merge requests, pipelines, jobs, artifacts, notes and issues, and refuses every request
 * that its documents do not allow (`schemas.ts`). It proves nothing about GitLab itself.
 */
import { once } from "node:events";
import {
  createServer as createPlainServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { z } from "zod";
import { type Endpoint, type EndpointName, endpoints } from "./schemas.ts";

export interface FakeJob {
  id: number;
  name: string;
  /** The environment that it deploys to. */
  environment?: string | undefined;
  status: string;
  artifacts: Record<string, string>;
}

export interface FakePipeline {
  id: number;
  sha: string;
  project_id: number;
  jobs: FakeJob[];
}

export interface FakeMergeRequest {
  iid: number;
  state: "opened" | "merged" | "closed";
  sha: string;
  /** Default: long ago. */
  updated_at?: string;
  /** Default: when it is first told as merged. */
  merged_at?: string | null;
  merge_commit_sha: string | null;
  squash_commit_sha: string | null;
  target_branch: string;
  source_project_id: number;
  target_project_id: number;
  pipelines: FakePipeline[];
  notes: FakeNote[];
  approved_by?: { user: { username: string }; approved_at?: string }[];
}

export interface FakeNote {
  id: number;
  body: string;
  author: { id: number };
  system: boolean;
  /** Default: long ago. */
  created_at?: string;
  /** Default: long ago. */
  updated_at?: string;
}

export interface FakeIssue {
  iid: number;
  title: string;
  description: string;
  labels: string[];
  state: "opened" | "closed";
  confidential?: boolean;
  author: { id: number };
  notes: string[];
}

/** A request that the server has had. */
export interface Exchange {
  method: string;
  path: string;
  status: number;
  /** Undefined for a request that no document describes. */
  endpoint?: EndpointName;
}

/** How the next requests to an endpoint fail. */
export interface Failure {
  endpoint: EndpointName;
  status: number;
  headers?: Record<string, string>;
  /** The request is done, and its answer lost. */
  done?: boolean;
}

export const projectId = 7;
/** The user of each token. */
export const bot = 100;
/** Somebody else, whose token is `token-of-somebody`. */
export const somebody = 200;

export class FakeGitLab {
  readonly token: string;
  readonly mergeRequests: FakeMergeRequest[] = [];
  /** Of branches; those of merge requests are theirs. */
  readonly pipelines: FakePipeline[] = [];
  readonly issues: FakeIssue[] = [];
  readonly exchanges: Exchange[] = [];
  /** Taken one after the other by the requests that they are for. */
  readonly failures: Failure[] = [];
  /** Called before a request is answered, for what others do meanwhile. */
  before: (endpoint: EndpointName) => void | Promise<void> = () => {};
  /** Further answers, for what is no REST API; true where the request was answered. */
  other: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  #lastId = 1000;
  #lastTime = 0;
  #url = "";
  #close: () => Promise<void> = async () => {};

  constructor(token = "token-of-bot") {
    this.token = token;
  }

  get url(): string {
    return this.#url;
  }

  get projectUrl(): string {
    return `${this.#url}/platform/platform`;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** Later at each call. */
  now(): string {
    this.#lastTime = Math.max(this.#lastTime + 1, Date.now());
    return new Date(this.#lastTime).toISOString();
  }

  /** @param tls Key and certificate as PEM; without, it speaks plain HTTP. */
  async listen(tls?: { key: string; cert: string }): Promise<void> {
    const listener: RequestListener = (request, response) => void this.#answer(request, response);
    const server = tls ? createSecureServer(tls, listener) : createPlainServer(listener);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    this.#url = `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#close = async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    };
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Requests that changed something. */
  writes(): Exchange[] {
    return this.exchanges.filter(({ method, status }) => method !== "GET" && status < 300);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (this.other(request, response)) return;
      const url = new URL(request.url ?? "/", "http://fake");
      const content = await textOf(request);
      const { method = "GET" } = request;
      const send = (status: number, body?: unknown, headers: Record<string, string> = {}, endpoint?: EndpointName) => {
        this.exchanges.push({ method, path: url.pathname, status, ...(endpoint ? { endpoint } : {}) });
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
      };
      const found = find(method, url.pathname);
      if (found === undefined) return send(404, { error: "404 Not Found" });
      const [name, parts] = found;
      const user = this.#userOf(request);
      if (user === undefined) return send(401, { message: "401 Unauthorized" }, {}, name);
      const mistake = mistakeIn(endpoints[name], url, content);
      if (mistake !== undefined) return send(400, { error: `${mistake} (${endpoints[name].page})` }, {}, name);
      await this.before(name);
      const at = this.failures.findIndex(({ endpoint }) => endpoint === name);
      const failure = at < 0 ? undefined : this.failures.splice(at, 1)[0];
      if (failure !== undefined && !failure.done)
        return send(failure.status, { message: "failed" }, failure.headers, name);
      const asked = { ...Object.fromEntries(url.searchParams), ...parts };
      const answer = this.#do(name, asked, content === "" ? {} : (JSON.parse(content) as Body), user);
      if (failure !== undefined) return send(failure.status, { message: "failed" }, failure.headers, name);
      if (answer === undefined) return send(404, { message: "404 Not found" }, {}, name);
      if (typeof answer === "number") return send(answer, undefined, {}, name);
      if (Array.isArray(answer)) return this.#sendPage(answer, url, send, name);
      send(method === "POST" ? 201 : 200, answer, {}, name);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  }

  /** https://docs.gitlab.com/api/rest/authentication/ : a header PRIVATE-TOKEN, or OAuth's. */
  #userOf({ headers }: IncomingMessage): number | undefined {
    const token = headers["private-token"] ?? headers.authorization?.replace(/^Bearer /, "");
    return token === this.token ? bot : token === "token-of-somebody" ? somebody : undefined;
  }

  /** https://docs.gitlab.com/api/rest/#pagination : 20 unless the request says otherwise. */
  #sendPage(
    all: unknown[],
    url: URL,
    send: (status: number, body: unknown, headers: Record<string, string>, name: EndpointName) => void,
    name: EndpointName,
  ): void {
    const size = Number(url.searchParams.get("per_page") ?? 20);
    const page = Number(url.searchParams.get("page") ?? 1);
    const headers: Record<string, string> = { "x-page": String(page), "x-per-page": String(size) };
    if (page * size < all.length) {
      const next = new URL(`${url.pathname}${url.search}`, this.#url);
      next.searchParams.set("page", String(page + 1));
      headers.link = `<${next.href}>; rel="next"`;
    }
    send(200, all.slice((page - 1) * size, page * size), headers, name);
  }

  #do(name: EndpointName, parts: Record<string, string>, body: Body, user: number): unknown {
    if (parts.project !== undefined && Number(parts.project) !== projectId) return undefined;
    const mergeRequest = this.mergeRequests.find(({ iid }) => iid === Number(parts.iid));
    for (const one of this.mergeRequests) if (one.state === "merged") one.merged_at ??= this.now();
    const pipelines = [...this.pipelines, ...this.mergeRequests.flatMap((one) => one.pipelines)];
    switch (name) {
      case "me":
        return { id: user, username: user === bot ? "project_7_bot" : "somebody" };
      case "mergeRequestsOfCommit":
        return this.mergeRequests
          .filter((one) => [one.sha, one.merge_commit_sha, one.squash_commit_sha].includes(parts.sha ?? ""))
          .map(summary);
      case "mergeRequests":
        return ordered(this.mergeRequests, parts)
          .filter(({ state }) => state === "opened")
          .map(summary);
      case "mergeRequest":
        return mergeRequest && { ...summary(mergeRequest), head_pipeline: headOf(mergeRequest, this.projectUrl) };
      case "approvals":
        return mergeRequest && { approved_by: mergeRequest.approved_by ?? [] };
      case "pipelineJobs": {
        const pipeline = pipelines.find(({ id }) => id === Number(parts.pipeline));
        return pipeline && newest(pipeline.jobs).map(({ id, name, status }) => ({ id, name, status }));
      }
      case "artifact": {
        const job = pipelines.flatMap(({ jobs }) => jobs).find(({ id }) => id === Number(parts.job));
        return job?.artifacts[parts.file ?? ""];
      }
      case "deployments": {
        const jobs = pipelines.flatMap((one) => one.jobs);
        const found = jobs.filter(({ environment }) => environment === parts.environment);
        return found.sort((a, b) => b.id - a.id).map(({ id, name }) => ({ id: id + 5000, deployable: { id, name } }));
      }
      case "notes":
        return mergeRequest?.notes.map((note) => ({ created_at: longAgo, updated_at: longAgo, ...note }));
      case "addNote": {
        if (!mergeRequest) return undefined;
        const [id, now] = [this.nextId(), this.now()];
        const note = {
          id,
          body: String(body.body),
          author: { id: user },
          system: false,
          created_at: now,
          updated_at: now,
        };
        mergeRequest.notes.push(note);
        return note;
      }
      case "editNote": {
        const note = mergeRequest?.notes.find(({ id }) => id === Number(parts.note));
        if (!note) return undefined;
        if (note.author.id !== user) return 403;
        return Object.assign(note, { body: String(body.body), updated_at: this.now() });
      }
      case "removeNote": {
        const at = mergeRequest?.notes.findIndex(({ id }) => id === Number(parts.note)) ?? -1;
        if (!mergeRequest || at < 0) return undefined;
        mergeRequest.notes.splice(at, 1);
        return 204;
      }
      case "issues":
        return this.issues.filter(({ state, labels }) => state === "opened" && labels.includes("drift"));
      case "addIssue": {
        const issue: FakeIssue = {
          iid: this.nextId(),
          title: String(body.title),
          description: String(body.description ?? ""),
          labels: String(body.labels ?? "").split(","),
          state: "opened",
          confidential: String(body.confidential) === "true",
          author: { id: user },
          notes: [],
        };
        this.issues.push(issue);
        return issue;
      }
      case "editIssue": {
        const issue = this.issues.find(({ iid }) => iid === Number(parts.iid));
        if (!issue) return undefined;
        if (body.title !== undefined) issue.title = String(body.title);
        if (body.description !== undefined) issue.description = String(body.description);
        if (body.state_event === "close") issue.state = "closed";
        if (body.confidential !== undefined) issue.confidential = String(body.confidential) === "true";
        return issue;
      }
      case "addIssueNote": {
        const issue = this.issues.find(({ iid }) => iid === Number(parts.iid));
        issue?.notes.push(String(body.body));
        return issue && { id: this.nextId(), body: body.body, author: { id: user }, system: false };
      }
    }
  }
}

const longAgo = new Date(0).toISOString();

type Body = Record<string, string | undefined>;

function summary(mergeRequest: FakeMergeRequest): Partial<FakeMergeRequest> {
  const told: Partial<FakeMergeRequest> = { merged_at: null, ...mergeRequest };
  delete told.pipelines;
  delete told.notes;
  delete told.approved_by;
  return told;
}

/** As `order_by` and `sort` say, as far as `updated_at` is asked for. */
function ordered(all: readonly FakeMergeRequest[], { order_by, sort }: Record<string, string>): FakeMergeRequest[] {
  if (order_by !== "updated_at") return [...all];
  const newestLast = [...all].sort((a, b) => Date.parse(a.updated_at ?? longAgo) - Date.parse(b.updated_at ?? longAgo));
  return sort === "asc" ? newestLast : newestLast.reverse();
}

function headOf({ pipelines }: FakeMergeRequest, projectUrl: string) {
  const pipeline = pipelines.at(-1);
  if (!pipeline) return null;
  const { id, sha, project_id } = pipeline;
  return { id, sha, project_id, web_url: `${projectUrl}/-/pipelines/${id}` };
}

/** Of jobs that were retried, the newest. https://docs.gitlab.com/api/jobs/#list-pipeline-jobs */
const newest = (jobs: readonly FakeJob[]) =>
  jobs.filter((job) => !jobs.some(({ name, id }) => name === job.name && id > job.id)).sort((a, b) => b.id - a.id);

/** The endpoint of a request, and the parts of its path. */
function find(method: string, pathname: string): [EndpointName, Record<string, string>] | undefined {
  for (const [name, { method: allowed, path }] of Object.entries(endpoints) as [EndpointName, Endpoint][]) {
    const pattern = path.replace(/[:*](\w+)/g, (part, word: string) =>
      part.startsWith(":") ? `(?<${word}>[^/]+)` : `(?<${word}>.+)`,
    );
    const match = new RegExp(`^/api/v4/${pattern}$`).exec(pathname);
    if (method === allowed && match) return [name, { ...match.groups }];
  }
  return undefined;
}

function mistakeIn({ query, body }: Endpoint, url: URL, content: string): string | undefined {
  const asked = (query ?? z.strictObject({})).safeParse(Object.fromEntries(url.searchParams));
  if (!asked.success) return z.prettifyError(asked.error);
  let given: unknown;
  try {
    given = content === "" ? undefined : JSON.parse(content);
  } catch {
    return "the body is no JSON";
  }
  const sent = (body ?? z.undefined()).safeParse(given);
  return sent.success ? undefined : z.prettifyError(sent.error);
}
