/**
 * Requests to GitLab's REST API that outlast its rate limits and short failures. Gitbeaker's own requester tries again
 * within milliseconds, whatever GitLab says of when: https://docs.gitlab.com/security/rate_limits/ .
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Jobs } from "@gitbeaker/rest";

type Options = NonNullable<ConstructorParameters<typeof Jobs>[0]>;
/** What gitbeaker's resources ask of the program that makes their requests. */
export type RequesterFn = NonNullable<Options["requesterFn"]>;
type Service = Parameters<RequesterFn>[0];
type Requester = ReturnType<RequesterFn>;
type Method = keyof Requester;
type Asked = NonNullable<Parameters<Requester["get"]>[1]>;

/** GitLab refused a request, or did not answer it. */
export class GitLabError extends Error {
  /** Undefined where no answer came. */
  readonly status: number | undefined;
  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** True where it is not known whether a request that was to make something has made it. */
export function isUncertain(error: unknown): boolean {
  return error instanceof GitLabError && (error.status === undefined || error.status >= 500);
}

export interface Patience {
  /** How often a request is sent at most. */
  attempts: number;
  /** Longest time in seconds that GitLab may ask to wait for. */
  longestWait: number;
  /** Time in seconds for an answer. */
  seconds: number;
  wait: (milliseconds: number) => Promise<unknown>;
}

const usual: Patience = { attempts: 7, longestWait: 120, seconds: 60, wait: sleep };

/** Answers that may be others a moment later. https://docs.gitlab.com/api/rest/troubleshooting/#status-codes */
const passing = [429, 500, 502, 503, 504];

/** Largest artifact that is read, in bytes. */
export const largestArtifact = 20 * 1024 * 1024;

/** For the option `requesterFn` of gitbeaker's resources. */
export function requester(given: Partial<Patience> = {}): RequesterFn {
  const patience = { ...usual, ...given };
  return (service) => {
    const by =
      (method: Method) =>
      (path: string, asked: Asked = {}) =>
        ask(service, method, path, asked, patience);
    return { get: by("get"), post: by("post"), put: by("put"), patch: by("patch"), delete: by("delete") } as Requester;
  };
}

async function ask(service: Service, method: Method, path: string, asked: Asked, patience: Patience) {
  const url = new URL(`${service.url.replace(/\/*$/, "/")}${path}`);
  for (const [name, value] of Object.entries(asked.searchParams ?? {}))
    if (value !== undefined) url.searchParams.set(snakeCase(name), parameter(value));
  const headers: Record<string, string> = { ...service.headers };
  for (const [name, value] of Object.entries(service.authHeaders)) headers[name] = await value();
  const body = asked.body === undefined ? undefined : JSON.stringify(snakeCased(asked.body));
  if (body !== undefined) headers["content-type"] = "application/json";
  const what = `GitLab, ${method.toUpperCase()} ${url.pathname}`;
  for (let attempt = 1; ; attempt++) {
    const signal = AbortSignal.timeout(patience.seconds * 1000);
    let response: Response;
    try {
      response = await fetch(url, { method: method.toUpperCase(), headers, body, signal });
      if (response.ok) return await answerOf(response, path);
    } catch (error) {
      if (error instanceof GitLabError) throw error;
      const failed = new GitLabError(`${what}: no answer (${reasonOf(error)})`, undefined, { cause: error });
      if (method === "post" || attempt >= patience.attempts) throw failed;
      await patience.wait(pause(attempt));
      continue;
    }
    const { status } = response;
    const said = (await response.text().catch(() => "")).slice(0, 1000);
    const refused = new GitLabError(`${what}: ${status} ${said}`, status);
    // What was refused for the rate was not done. After another failure a POST may have been.
    const again = passing.includes(status) && (status === 429 || method !== "post");
    if (!again || attempt >= patience.attempts) throw refused;
    const asks = secondsToWait(response.headers) ?? pause(attempt) / 1000;
    if (asks > patience.longestWait)
      throw new GitLabError(`${refused.message} (it asks to wait for ${Math.ceil(asks)} s)`, status);
    await patience.wait(asks * 1000);
  }
}

async function answerOf(response: Response, path: string) {
  const headers = Object.fromEntries(response.headers.entries());
  const { status } = response;
  // A file has the type that its name says: https://docs.gitlab.com/api/job_artifacts/
  if (/\/artifacts\/./.test(path)) return { body: await artifactOf(response), headers, status };
  const text = await response.text();
  return { body: text === "" ? null : (JSON.parse(text) as Record<string, unknown>), headers, status };
}

async function artifactOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.byteLength;
    if (size > largestArtifact) throw new GitLabError(`an artifact has more than ${largestArtifact} bytes`, 413);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Doubled each time, and never the same for two clients. */
const pause = (attempt: number) => Math.min(30_000, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);

/** `Retry-After` in seconds or as a date; `RateLimit-Reset` as a Unix time. */
function secondsToWait(headers: Headers): number | undefined {
  const after = headers.get("retry-after");
  if (after !== null && after !== "") {
    const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000;
    if (Number.isFinite(seconds)) return Math.max(0, seconds);
  }
  const reset = headers.get("ratelimit-reset");
  return reset !== null && /^\d+$/.test(reset) ? Math.max(0, Number(reset) - Date.now() / 1000) : undefined;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const snakeCased = (body: object) =>
  Object.fromEntries(Object.entries(body).map(([name, value]) => [snakeCase(name), value as unknown]));
const parameter = (value: unknown) => (Array.isArray(value) ? value.join(",") : String(value));
