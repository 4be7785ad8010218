import { afterEach, expect, test, vi } from "vitest";
import { QuestionError } from "./questions.ts";
import { error, questionsTo } from "./testing/subscription.ts";

afterEach(() => vi.unstubAllGlobals());

const question = { path: "/subscriptions/0/things", apiVersion: "2024-01-01", query: { $filter: "a eq 'b'" } };

/** Answers one after the other; the last one again and again. */
function answer(...answers: (() => Response)[]) {
  const asked: { url: string; authorization: string | null }[] = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    asked.push({ url, authorization: new Headers(init.headers).get("authorization") });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    return Promise.resolve().then(() => next?.());
  });
  return asked;
}

test("a question has its api-version, its filter and the provider's token", async () => {
  const asked = answer(() => Response.json({ a: 1 }));
  expect(await questionsTo({ endpoint: "https://arm.test/" }).get(question)).toEqual({ a: 1 });
  expect(asked).toEqual([
    {
      url: "https://arm.test/subscriptions/0/things?api-version=2024-01-01&%24filter=a+eq+%27b%27",
      authorization: "Bearer a-token",
    },
  ]);
});

test("a list has the items of all pages", async () => {
  const asked = answer(
    () => Response.json({ value: [1, 2], nextLink: "https://arm.test/next?page=2" }),
    () => Response.json({ value: [3], nextLink: null }),
  );
  expect(await questionsTo().list(question)).toEqual([1, 2, 3]);
  expect(asked[1]?.url).toBe("https://arm.test/next?page=2");
});

test("an ARM that is busy for a moment is asked again", async () => {
  const busy = () => new Response("", { status: 429, headers: { "retry-after": "1" } });
  const asked = answer(
    busy,
    () => error(503, "ServerBusy", "later"),
    () => Response.json(7),
  );
  expect(await questionsTo().get(question)).toBe(7);
  expect(asked).toHaveLength(3);
});

test("an ARM that stays busy, or does not answer, is given up", async () => {
  const asked = answer(() => error(503, "ServerBusy", "later"));
  await expect(questionsTo().get(question)).rejects.toThrow("GET /subscriptions/0/things: 503 ServerBusy later");
  expect(asked).toHaveLength(3);
  answer(() => {
    throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
  });
  await expect(questionsTo().get(question)).rejects.toThrow("no answer (Error: connect ECONNREFUSED)");
});

test("a refusal is told at once, with Azure's status, code and words", async () => {
  const asked = answer(() => error(403, "AuthorizationFailed", "The client does not have authorization"));
  const failure = await questionsTo()
    .get(question)
    .catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(QuestionError);
  expect(failure).toMatchObject({
    message: "GET /subscriptions/0/things: 403 AuthorizationFailed The client does not have authorization",
    path: "/subscriptions/0/things",
    status: 403,
    code: "AuthorizationFailed",
  });
  expect(asked).toHaveLength(1);
});

test("an answer that is no JSON, as a proxy's page, is no answer", async () => {
  answer(() => new Response("<html>"));
  await expect(questionsTo().get(question)).rejects.toThrow("an answer that is no JSON");
});
