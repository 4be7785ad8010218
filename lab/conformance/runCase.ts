/** One case against one target. */
import type { Groups } from "./groups.ts";
import type { Case } from "./suite.ts";
import { mismatches } from "./match.ts";
import { endOf, type End } from "./operation.ts";
import { isRequestStep, type RequestStep } from "./schema.ts";
import { apiVersionOf } from "./apiVersions.ts";
import { errorOf, type Answer, type SentRequest, type Target } from "./target.ts";
import { substitute, type Variables } from "./variables.ts";

export const appliesTo = (one: Case, target: Target["name"]): boolean => {
  const labOnly = one.steps.some((step) => !isRequestStep(step));
  return (one.targets ?? (labOnly ? ["lab"] : ["lab", "azure"])).includes(target);
};

/** Every difference from what was expected; empty when the case holds. */
export async function runCase(one: Case, target: Target, groups: Groups): Promise<string[]> {
  const sets = one.each ?? [{}];
  const found: string[] = [];
  for (const set of sets) {
    const prefix = one.each ? `${JSON.stringify(set)}: ` : "";
    const differences = await groups.within(one, async (scope) => {
      const value = await runSteps(one, { ...scope.variables, ...set }, target);
      return { clean: value.length === 0, value };
    });
    found.push(...differences.map((text) => prefix + text));
  }
  return found;
}

async function runSteps(one: Case, variables: Variables, target: Target): Promise<string[]> {
  const kept: Record<string, unknown> = { ...variables };
  try {
    for (const [index, step] of one.steps.entries()) {
      if (!isRequestStep(step)) {
        target.act!(substitute(step.lab, kept));
        continue;
      }
      const differences = await runStep(step, kept, target);
      // What follows rests on this step.
      if (differences.length > 0) return differences.map((text) => `step ${index + 1}, ${text}`);
    }
    return [];
  } finally {
    target.reset?.();
  }
}

/** Adds what the step keeps to `variables`. */
async function runStep(step: RequestStep, variables: Record<string, unknown>, target: Target): Promise<string[]> {
  const request = sentRequest(step, variables);
  const revision = target.revision?.();
  const answer = await target.send(request);
  const changed = target.revision?.() !== revision;
  for (const [name, path] of Object.entries(step.keep ?? {})) variables[name] = at(answer, path);
  const { status, headers } = substitute(step.expect, variables);
  const named = `${request.method} ${request.url}`;
  const statuses: unknown[] = [status].flat();
  if (!statuses.includes(answer.status)) {
    const said = answer.body === undefined ? "" : `: ${JSON.stringify(answer.body).slice(0, 600)}`;
    return [`${named}: expected status ${statuses.join(" or ")}, got ${answer.status}${said}`];
  }
  const accepted = answer.status < 300 && request.method !== "GET" && request.method !== "HEAD";
  const settled = accepted && (step.wait === true || step.drain !== false);
  const end = settled ? await endOf(request, answer, target) : undefined;
  const expected = substitute(step.expect, variables);
  const found = [
    ...(changed && answer.status >= 400 ? ["the refused request has changed something"] : []),
    ...Object.entries(headers ?? {}).flatMap(([name, value]) =>
      mismatches(value, answer.headers[name.toLowerCase()], `header ${name}`),
    ),
    ...refusalMismatches(expected, step.wait === true ? end : undefined, answer),
    ...(expected.body === undefined
      ? []
      : mismatches(expected.body, await bodyOf(step, request, answer, end, target), "body")),
  ];
  return found.map((text) => `${named}: ${text}`);
}

function sentRequest({ request }: RequestStep, variables: Variables): SentRequest {
  const given = substitute(request, variables);
  const { method, path, version = apiVersionOf(path), query = {}, headers = {}, body, text } = given;
  const parameters = new URLSearchParams({ ...(version !== "" && { "api-version": version }), ...query });
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  // An address that an answer named has its query.
  const url = path.includes("?") ? path : `${encodeURI(path)}?${parameters.toString()}`;
  return {
    method,
    url,
    headers: { ...(sent !== undefined && { "content-type": "application/json" }), ...headers },
    ...(sent !== undefined && { body: sent }),
  };
}

function refusalMismatches(expected: RequestStep["expect"], end: End | undefined, answer: Answer): string[] {
  const refusal = answer.status >= 400 ? errorOf(answer.body) : end;
  const state = expected.end ?? (expected.code === undefined ? "Succeeded" : "Failed");
  return [
    ...(end && end.state !== state
      ? [`the operation: expected ${state}, got ${end.state} ${end.code ?? ""} ${end.message ?? ""}`]
      : []),
    ...(expected.code === undefined ? [] : mismatches({ $oneOf: [expected.code].flat() }, refusal?.code, "code")),
    ...(expected.message === undefined ? [] : mismatches({ $match: expected.message }, refusal?.message, "message")),
  ];
}

/** Of a step that waits: the resource as it is then, or the result of an action. */
async function bodyOf(
  step: RequestStep,
  request: SentRequest,
  answer: Answer,
  end: End | undefined,
  target: Target,
): Promise<unknown> {
  if (step.wait !== true || end === undefined) return answer.body;
  if (request.method === "POST") return end.result ?? answer.body;
  return (await target.send({ method: "GET", url: request.url, headers: {} })).body;
}

/** `body.value[0].id` or `headers.etag`. */
function at(answer: Answer, path: string): unknown {
  const parts = path.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
  return parts.reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], answer);
}
