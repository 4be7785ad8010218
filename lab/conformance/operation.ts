/** Waits for asynchronous operations as Azure documents it: Azure-AsyncOperation, Location, or provisioningState. */
import { setTimeout as sleep } from "node:timers/promises";
import { errorOf, type Answer, type SentRequest, type Target } from "./target.ts";

export interface End {
  state: "Succeeded" | "Failed" | "Canceled";
  code?: string;
  message?: string;
  /** What the operation's result is, for actions that have one. */
  result?: unknown;
}

const succeeded: End = { state: "Succeeded" };

/** Minutes until a case gives up. */
const patienceMinutes = 30;

/** How the change that `answer` accepted ends. */
export async function endOf(request: SentRequest, answer: Answer, target: Target): Promise<End> {
  const operation = answer.headers["azure-asyncoperation"];
  const location = answer.headers["location"];
  if (operation !== undefined) {
    const end = await poll(operation, target, operationEnd);
    if (end.state !== "Succeeded" || location === undefined || request.method !== "POST") return end;
    return { ...end, result: (await get(location, target)).body ?? end.result };
  }
  if (answer.status === 202 && location !== undefined) return poll(location, target, locationEnd);
  if (request.method === "PUT" || request.method === "PATCH") return poll(request.url, target, resourceEnd, answer);
  return succeeded;
}

const get = (url: string, target: Target): Promise<Answer> => target.send({ method: "GET", url, headers: {} });

async function poll(
  url: string,
  target: Target,
  read: (answer: Answer) => End | undefined,
  first?: Answer,
): Promise<End> {
  const until = Date.now() + patienceMinutes * 60_000;
  for (let answer = first ?? (await get(url, target)); ; answer = await get(url, target)) {
    const end = read(answer);
    if (end) return end;
    if (Date.now() > until) throw new Error(`${url} has not ended after ${patienceMinutes} minutes`);
    await sleep(target.pause(Number(answer.headers["retry-after"] ?? 5)));
  }
}

const failed = (state: "Failed" | "Canceled", body: unknown): End => ({ state, ...errorOf(body) });

function stateEnd(state: unknown, body: unknown): End | undefined {
  if (state === undefined || state === "Succeeded") return succeeded;
  if (state === "Failed" || state === "Canceled") return failed(state, body);
  return undefined;
}

function operationEnd({ status, body }: Answer): End | undefined {
  if (status >= 400) return failed("Failed", body);
  const { status: state, properties } = (body ?? {}) as { status?: string; properties?: { output?: unknown } };
  const end = stateEnd(state, body);
  return end && { ...end, result: properties?.output };
}

function locationEnd({ status, body }: Answer): End | undefined {
  if (status === 202) return undefined;
  return status >= 400 ? failed("Failed", body) : { ...succeeded, result: body };
}

function resourceEnd({ status, body }: Answer): End | undefined {
  if (status >= 400) return failed("Failed", body);
  const { properties } = (body ?? {}) as { properties?: { provisioningState?: string } };
  return stateEnd(properties?.provisioningState, body);
}
