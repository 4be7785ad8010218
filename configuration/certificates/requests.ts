/** Requests that Azure does or refuses, and how long a refusal of something new is borne. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../azure/arm.ts";

/** What Azure Resource Manager or a vault refuses. */
export class Refusal extends Error {
  readonly code: string | undefined;

  constructor(text: string, code: string | undefined) {
    super(text);
    this.code = code;
  }
}

/** PUT of a body to Azure Resource Manager. */
export async function put(rest: Connection["rest"], path: string, apiVersion: string, body: object): Promise<void> {
  const answer = await rest.pathUnchecked(path).put({ queryParameters: { "api-version": apiVersion }, body });
  const { status } = answer;
  if (status === "200" || status === "201") return;
  const { code, message } = (answer.body as { error?: { code?: string; message?: string } } | null)?.error ?? {};
  throw new Refusal(`PUT ${path}: ${[status, code, message].filter(Boolean).join(" ")}`, code);
}

export interface Waiting {
  /** How long a refusal is borne, for what is new. */
  waitSeconds?: number;
  progress?: (text: string) => void;
}

/** Seconds between questions while something new does not count yet. */
const pauseSeconds = 10;

/**
 * Tries again while Azure refuses something for being new.
 *
 * @param tooNew Codes of such refusals.
 * @param until What is waited for: `until ...`.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  tooNew: readonly string[],
  until: string,
  { waitSeconds = 0, progress = () => {} }: Waiting,
): Promise<T> {
  const end = Date.now() + waitSeconds * 1000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refusal) || !tooNew.includes(error.code ?? "") || Date.now() >= end) throw error;
      progress(`waiting ${until}`);
      await sleep(pauseSeconds * 1000);
    }
  }
}
