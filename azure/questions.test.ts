import { expect, test } from "vitest";
import { deadline } from "./deadline.ts";
import { QuestionError, questions, type Questions } from "./questions.ts";
import { error, restTo, subscriptionId } from "./testing/subscription.ts";

const question = { path: "/subscriptions/0/things", apiVersion: "2024-01-01", query: { $filter: "a eq 'b'" } };

type Options = Parameters<typeof restTo>[1];

/** Answers one after the other; the last one again and again. */
function answering(answers: (() => Response)[], options?: Options) {
  const asked: { url: string; authorization: string | undefined }[] = [];
  const rest = restTo(({ url, authorization }) => {
    asked.push({ url: url.href, authorization });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    return next?.() ?? Response.error();
  }, options);
  const asking: Questions = questions(rest);
  return { asking, asked };
}

test("a question has its api-version, its filter and the provider's token", async () => {
  const { asking, asked } = answering([() => Response.json({ a: 1 })]);
  expect(asking.subscriptionId).toBe(subscriptionId);
  expect(await asking.get(question)).toEqual({ a: 1 });
  expect(asked).toEqual([
    {
      url: "https://arm.test/subscriptions/0/things?api-version=2024-01-01&%24filter=a%20eq%20%27b%27",
      authorization: "Bearer a-token",
    },
  ]);
});

test("a list has the items of all pages", async () => {
  const { asking, asked } = answering([
    () => Response.json({ value: [1, 2], nextLink: "https://arm.test/next?page=2" }),
    () => Response.json({ value: [3], nextLink: null }),
  ]);
  expect(await asking.list(question)).toEqual([1, 2, 3]);
  expect(asked[1]?.url).toBe("https://arm.test/next?page=2");
});

test("an ARM that is busy for a moment is asked again", async () => {
  const busy = () => new Response("", { status: 429, headers: { "retry-after-ms": "1" } });
  const { asking, asked } = answering([busy, busy, () => Response.json([7])], {});
  expect(await asking.get(question)).toEqual([7]);
  expect(asked).toHaveLength(3);
});

test("an ARM that does not answer is told", async () => {
  const { asking } = answering([
    () => {
      throw new Error("connect ECONNREFUSED 192.0.2.1:443");
    },
  ]);
  await expect(asking.get(question)).rejects.toThrow(
    "GET /subscriptions/0/things: no answer (connect ECONNREFUSED 192.0.2.1:443)",
  );
});

test("a question ends in time", async () => {
  const asking = questions(restTo(() => new Promise<Response>(() => {}), deadline(0.05)));
  await expect(asking.get(question)).rejects.toThrow(
    /^GET \/subscriptions\/0\/things: no answer \(GET https:.* has not answered within 0\.05 s\)$/,
  );
});

test("a refusal is told at once, also of a list, with Azure's status, code and words", async () => {
  const { asking, asked } = answering([
    () => error(403, "AuthorizationFailed", "The client does not have authorization"),
  ]);
  const failure = await asking.list(question).catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(QuestionError);
  expect(failure).toMatchObject({
    message: "GET /subscriptions/0/things: 403 AuthorizationFailed The client does not have authorization",
    path: "/subscriptions/0/things",
    status: 403,
    code: "AuthorizationFailed",
  });
  expect(asked).toHaveLength(1);
});

test.each([{}, { "content-type": "application/json" }])(
  "an answer that is no JSON, as a proxy's page, is no answer (%j)",
  async (headers) => {
    const { asking } = answering([() => new Response("<html>", { headers })]);
    await expect(asking.get(question)).rejects.toThrow("an answer that is no JSON");
  },
);
