/** Kinds of evidence prove different things, and a case asserts no more than its evidence proves. */
import type { Evidence } from "./evidence.ts";
import type { Case } from "./suite.ts";
import { isRequestStep, type RequestStep } from "./schema.ts";

type Documented = Extract<Evidence, { kind: "documented" }>;

export function evidenceMistakes(one: Case): string[] {
  if (one.evidence.kind === "types") return typesMistakes(one);
  if (one.evidence.kind === "documented") return documentedMistakes(one, one.evidence);
  return [];
}

const requestsOf = (one: Case): RequestStep[] => one.steps.filter(isRequestStep);

/** Values of an expectation; a variable of `each` stands for each of its values. */
function valuesOf(one: Case, expected: unknown): unknown[] {
  const name = typeof expected === "string" ? /^\{(\w+)\}$/.exec(expected)?.[1] : undefined;
  if (name === undefined) return [expected].flat();
  return (one.each ?? []).flatMap((variables) => variables[name]);
}

const codesOf = (one: Case, { expect }: RequestStep): string[] => valuesOf(one, expect.code ?? []).map(String);

const refusalsOf = (one: Case, { expect }: RequestStep): number[] =>
  valuesOf(one, expect.status).filter((status) => typeof status === "number" && status >= 400) as number[];

function typesMistakes(one: Case): string[] {
  const steps = requestsOf(one);
  const told = steps
    .filter(({ expect }) => expect.code !== undefined || expect.message !== undefined)
    .map(() => "evidence: types prove shapes only: no code and no message can be expected");
  const refused = steps
    .filter((step, index) => refusalsOf(one, step).length > 0 && !isOfAbsence(step, steps.slice(0, index)))
    .map(({ expect }) => `evidence: types prove shapes only: no refusal (${String(expect.status)}) can be expected`);
  return [...told, ...refused];
}

/** That what was deleted, or a child of what the case itself wrote, is absent follows from the operations themselves. */
function isOfAbsence({ request, expect }: RequestStep, before: readonly RequestStep[]): boolean {
  const isReading = request.method === "GET" || request.method === "HEAD";
  const isDeleted = before.some((step) => step.request.method === "DELETE");
  const isChild = before.some((step) => step.request.method === "PUT" && isBelow(request.path, step.request.path));
  return isReading && expect.status === 404 && (isDeleted || isChild);
}

const isBelow = (path: string, parent: string): boolean => path.startsWith(`${parent}/`);

/** What says that a request is refused, or which requests are not: an obligation, a limit or an error. */
const ruleWords = new RegExp(
  [
    "must|required?|only|unique|allowed|acceptable|mandatory",
    "can(no|')t|can not|aren't|isn't|wasn't|doesn't|not|no|unsupported|never",
    "invalid|error|fail(s|ed|ure)?|conflict|exceeds?|outside|refused?|(in)?correctly|missing",
    "minimum|maximum|smallest|largest|range|between|at least|at most|limit(s|ed)?|restrictions|up to|from .* to",
  ]
    .map((words) => `\\b(${words})\\b`)
    .join("|"),
  "i",
);

function documentedMistakes(one: Case, { quote, codeSeen }: Documented): string[] {
  const steps = requestsOf(one);
  const told = steps
    .flatMap((step) => codesOf(one, step))
    .filter((code) => codeSeen === undefined && !quote.includes(code))
    .map((code) => `evidence: the quote does not have the code ${code}: give codeSeen, or expect no code`);
  const statesRule =
    steps.flatMap((step) => codesOf(one, step)).some((code) => quote.includes(code)) || ruleWords.test(quote);
  const refusals = steps.flatMap((step) => refusalsOf(one, step)).filter((status) => status !== 404);
  const silent = refusals.length > 0 && !statesRule;
  return silent ? [...told, "evidence: the quote states no rule: nothing in it says what is refused"] : told;
}
