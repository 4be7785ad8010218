/**
 * Questions to ARM that change nothing. They go the way of Azure's clients, with their login, proxy, retries and deadline,
 * but not by their operations: of a list that Azure refuses those tell only the status, and some questions have none.
 */
import type { ComputeManagementContext } from "@azure/arm-compute/api";

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
  /** The answer to a question that has a body, for example whether a name is free. Throws QuestionError. */
  post(question: Question, body: object): Promise<unknown>;
}

/** An answer that is none. */
export class QuestionError extends Error {
  readonly path: string;
  /** What Azure said, or did. */
  readonly given: string;
  /** HTTP status; undefined where nothing answered. */
  readonly status: number | undefined;
  /** Azure's code, for example `AuthorizationFailed`. */
  readonly code: string | undefined;

  constructor(
    { method, path }: { method: string; path: string },
    given: string,
    answer: { status?: number; code?: string; cause?: unknown } = {},
  ) {
    super(`${method} ${path}: ${given}`, { cause: answer.cause });
    this.name = "QuestionError";
    this.path = path;
    this.given = given;
    this.status = answer.status;
    this.code = answer.code;
  }
}

/** Questions by the way of a client. */
export function questions(rest: ComputeManagementContext): Questions {
  const send = async (
    method: "GET" | "POST",
    path: string,
    address: string,
    options: { queryParameters?: Record<string, string>; body?: object },
  ): Promise<unknown> => {
    const asked = { method, path };
    const client = rest.pathUnchecked(address);
    const response = await Promise.resolve(method === "GET" ? client.get(options) : client.post(options)).catch(
      (cause: unknown) => {
        const { message, statusCode: answered } = cause as Error & { statusCode?: number };
        throw new QuestionError(asked, answered ? "an answer that is no JSON" : `no answer (${message})`, { cause });
      },
    );
    const { status } = response;
    const body = response.body as { error?: { code?: string; message?: string } } | string | null | undefined;
    const isObject = typeof body === "object" && body !== null;
    const { code, message } = (isObject ? body.error : undefined) ?? {};
    if (status === "200" && isObject) return body;
    const given = status === "200" ? "an answer that is no JSON" : [status, code, message].filter(Boolean).join(" ");
    throw new QuestionError(asked, given, { status: Number(status), ...(code === undefined ? {} : { code }) });
  };
  const queryOf = ({ apiVersion, query }: Question) => ({ queryParameters: { "api-version": apiVersion, ...query } });
  const first = (question: Question) => send("GET", question.path, question.path, queryOf(question));
  return {
    subscriptionId: rest.subscriptionId,
    get: first,
    async list(question) {
      type Page = { value?: unknown[]; nextLink?: string | null };
      let page = (await first(question)) as Page;
      const items = [...(page.value ?? [])];
      while (page.nextLink) {
        page = (await send("GET", question.path, page.nextLink, {})) as Page;
        items.push(...(page.value ?? []));
      }
      return items;
    },
    post: (question, body) => send("POST", question.path, question.path, { ...queryOf(question), body }),
  };
}

/** The answer to a question; undefined where there is no such thing. Throws QuestionError. */
export async function find(asking: Questions, question: Question): Promise<unknown> {
  try {
    return await asking.get(question);
  } catch (error) {
    if (error instanceof QuestionError && error.status === 404) return undefined;
    throw error;
  }
}
