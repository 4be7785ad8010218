import { expect, test } from "vitest";
import { Groups } from "./groups.ts";
import type { Case } from "./suite.ts";
import { runCase } from "./runCase.ts";
import type { RequestStep } from "./schema.ts";
import type { Answer, SentRequest, Target } from "./target.ts";

const suite = { cases: [], fixtures: {}, variables: {} };

/** Answers the cases' own requests with `answer`, and everything about groups with yes. */
class FakeTarget implements Target {
  readonly name = "lab";
  readonly subscription = "0";
  readonly location = "here";
  readonly otherLocation = "there";
  readonly variables = { clientSecret: "key" };
  readonly sent: SentRequest[] = [];
  readonly #answer: Answer;
  changes = 0;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  readonly pause = (): number => 0;
  readonly untilRightsCount = (): Promise<void> => Promise.resolve();
  readonly revision = (): number => this.changes;

  send(request: SentRequest): Promise<Answer> {
    if (!request.url.includes("/providers/")) return Promise.resolve({ status: 200, headers: {}, body: {} });
    this.sent.push(request);
    this.changes += 1;
    return Promise.resolve(this.#answer);
  }
}

const caseOf = (step: RequestStep): Case => ({
  provider: "network",
  file: "network/x.yml",
  title: "A request that is refused",
  evidence: { kind: "guess", why: "none" },
  steps: [step],
});

const refused = { status: 400, headers: {}, body: { error: { code: "Wrong", message: "That is wrong." } } };
const path = "{group}/providers/Microsoft.Network/virtualNetworks/x";

test("a refusal that changes something is told, and so is each difference", async () => {
  const target = new FakeTarget(refused);
  const one = caseOf({ request: { method: "GET", path }, expect: { status: 400, code: "Other", message: "^This" } });
  expect(await runCase(one, target, new Groups(suite, target))).toEqual([
    expect.stringMatching(/^step 1, GET .*: the refused request has changed something$/),
    expect.stringMatching(/code.*Wrong/),
    expect.stringMatching(/message.*That is wrong/),
  ]);
});

test("a text is sent as it is, but for its variables", async () => {
  const target = new FakeTarget(refused);
  const text = 'secret={clientSecret}&json={"a": {}}';
  await runCase(
    caseOf({ request: { method: "POST", path, text }, expect: { status: 400 } }),
    target,
    new Groups(suite, target),
  );
  expect(target.sent.map(({ body }) => body)).toEqual(['secret=key&json={"a": {}}']);
});
