/** Questions to ARM that change nothing, for which the official clients would be large, or packages of their own. */
import type { Login } from "./arm.ts";
import { realClock, type Clock } from "./waiting.ts";

/** Where a question goes: a path from `/subscriptions` on, and what follows it. */
export interface Question {
  path: string;
  apiVersion: string;
  /** For example `{ $filter: "location eq 'westeurope'" }`. */
  query?: Record<string, string>;
}

/** ARM, asked for what there is. */
export interface Questions {
  subscriptionId: string;
  /** The answer's body. Throws QuestionError. */
  get(question: Question): Promise<unknown>;
  /** `value` of all pages. Throws QuestionError. */
  list(question: Question): Promise<unknown[]>;
}

/** An answer that is none. */
export class QuestionError extends Error {
  readonly path: string;
  /** HTTP status; undefined where nothing answered. */
  readonly status: number | undefined;
  /** Azure's code, for example `AuthorizationFailed`. */
  readonly code: string | undefined;

  constructor(path: string, given: string, answer: { status?: number; code?: string; cause?: unknown } = {}) {
    super(`GET ${path}: ${given}`, { cause: answer.cause });
    this.name = "QuestionError";
    this.path = path;
    this.status = answer.status;
    this.code = answer.code;
  }
}

/** A busy ARM is asked again, but nobody waits long for a question. */
const patience = { attempts: 3, answerSeconds: 20, longestPauseSeconds: 5 };
const passing = new Set([408, 429, 500, 502, 503, 504]);

/** Questions to the ARM of a login. */
export function questions({ endpoint, subscriptionId, credential }: Login, clock: Clock = realClock): Questions {
  const ask = async (path: string, url: string): Promise<unknown> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await answer(path, url, await credential.getToken([]));
      } catch (error) {
        const { status, pauseSeconds } = error as QuestionError & { pauseSeconds?: number };
        const passes = error instanceof QuestionError && (status === undefined || passing.has(status));
        if (!passes || attempt >= patience.attempts) throw error;
        await clock.sleep(Math.min(patience.longestPauseSeconds, pauseSeconds ?? attempt));
      }
    }
  };
  const address = ({ path, apiVersion, query }: Question) =>
    `${endpoint.replace(/\/+$/, "")}${path}?${new URLSearchParams({ "api-version": apiVersion, ...query }).toString()}`;
  return {
    subscriptionId,
    get: (question) => ask(question.path, address(question)),
    async list(question) {
      const items: unknown[] = [];
      for (let url: string | undefined = address(question); url;) {
        const page = (await ask(question.path, url)) as { value?: unknown[]; nextLink?: string | null };
        items.push(...(page.value ?? []));
        url = page.nextLink ?? undefined;
      }
      return items;
    },
  };
}

/** One attempt. */
async function answer(path: string, url: string, token: { token: string } | null): Promise<unknown> {
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, {
      headers: { authorization: `Bearer ${token?.token ?? ""}`, accept: "application/json" },
      signal: AbortSignal.timeout(patience.answerSeconds * 1000),
    });
    body = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new QuestionError(path, `no answer (${String(cause)})`, { cause: error });
  }
  const parsed = parse(body);
  if (response.ok && parsed !== undefined) return parsed;
  const { status } = response;
  const { code, message } = (parsed as { error?: { code?: string; message?: string } } | undefined)?.error ?? {};
  const given = response.ok ? "an answer that is no JSON" : [status, code, message].filter(Boolean).join(" ");
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  throw Object.assign(
    new QuestionError(path, given, { status, ...(code === undefined ? {} : { code }) }),
    Number.isFinite(retryAfter) ? { pauseSeconds: retryAfter } : {},
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
