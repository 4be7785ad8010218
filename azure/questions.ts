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

/** Questions by the way of a client. */
export function questions(rest: ComputeManagementContext): Questions {
  const get = async (path: string, address: string, queryParameters?: Record<string, string>): Promise<unknown> => {
    const response = await Promise.resolve(
      rest.pathUnchecked(address).get(queryParameters ? { queryParameters } : {}),
    ).catch((cause: unknown) => {
      const { message, statusCode: answered } = cause as Error & { statusCode?: number };
      throw new QuestionError(path, answered ? "an answer that is no JSON" : `no answer (${message})`, { cause });
    });
    const { status } = response;
    const body = response.body as { error?: { code?: string; message?: string } } | string | null | undefined;
    const isObject = typeof body === "object" && body !== null;
    const { code, message } = (isObject ? body.error : undefined) ?? {};
    if (status === "200" && isObject) return body;
    const given = status === "200" ? "an answer that is no JSON" : [status, code, message].filter(Boolean).join(" ");
    throw new QuestionError(path, given, { status: Number(status), ...(code === undefined ? {} : { code }) });
  };
  const first = ({ path, apiVersion, query }: Question) => get(path, path, { "api-version": apiVersion, ...query });
  return {
    subscriptionId: rest.subscriptionId,
    get: first,
    async list(question) {
      type Page = { value?: unknown[]; nextLink?: string | null };
      let page = (await first(question)) as Page;
      const items = [...(page.value ?? [])];
      while (page.nextLink) {
        page = (await get(question.path, page.nextLink)) as Page;
        items.push(...(page.value ?? []));
      }
      return items;
    },
  };
}
