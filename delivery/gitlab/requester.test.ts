import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gitLab } from "./client.ts";
import { GitLabError, largestArtifact } from "./requester.ts";
import { fixture, type Fixture, job, mergeRequest, pipeline } from "./testing/fixture.ts";
import { projectId } from "./testing/server.ts";

let made: Fixture;
beforeEach(async () => {
  made = await fixture();
});
afterEach(() => made.fake.close());

test("a request that GitLab refuses for its rate is sent again when GitLab says", async () => {
  const { fake, client, waits } = made;
  fake.failures.push({ endpoint: "me", status: 429, headers: { "retry-after": "7" } });
  expect(await client.me()).toBe(100);
  expect(waits).toEqual([7000]);
});

test("Retry-After may be a date, and RateLimit-Reset counts where there is none", async () => {
  const { fake, client, waits } = made;
  fake.failures.push(
    { endpoint: "me", status: 429, headers: { "retry-after": new Date(Date.now() + 20_000).toUTCString() } },
    { endpoint: "me", status: 429, headers: { "ratelimit-reset": String(Math.floor(Date.now() / 1000) + 30) } },
    { endpoint: "me", status: 429 },
  );
  await client.me();
  const [date = 0, reset = 0, none = 0] = waits;
  expect(date).toBeGreaterThan(17_000);
  expect(date).toBeLessThanOrEqual(20_000);
  expect(reset).toBeGreaterThan(27_000);
  expect(none).toBeGreaterThan(0);
  expect(none).toBeLessThanOrEqual(30_000);
});

test("a wait that takes longer than a job has is an error that says so", async () => {
  const { fake, client } = made;
  fake.failures.push({ endpoint: "me", status: 429, headers: { "retry-after": "3600" } });
  await expect(client.me()).rejects.toThrow("it asks to wait for 3600 s");
});

test.each([500, 502, 503, 504])("a question that ends in %d is asked again", async (status) => {
  const { fake, client, waits } = made;
  fake.failures.push({ endpoint: "me", status });
  expect(await client.me()).toBe(100);
  expect(waits).toHaveLength(1);
});

test("it does not ask for ever", async () => {
  const { fake, client, waits } = made;
  for (let at = 0; at < 20; at++) fake.failures.push({ endpoint: "me", status: 503 });
  await expect(client.me()).rejects.toThrow("503");
  expect(waits).toHaveLength(6);
});

test("a note that may have been made is not made again by itself", async () => {
  const { fake, client } = made;
  fake.mergeRequests.push(mergeRequest(1));
  fake.failures.push({ endpoint: "addNote", status: 502, done: true });
  await expect(client.addNote(1, "text")).rejects.toThrow(GitLabError);
  expect(fake.mergeRequests[0]?.notes).toHaveLength(1);
});

test("a note that was refused for the rate was not made, so it is sent again", async () => {
  const { fake, client } = made;
  fake.mergeRequests.push(mergeRequest(1));
  fake.failures.push({ endpoint: "addNote", status: 429, headers: { "retry-after": "1" } });
  await client.addNote(1, "text");
  expect(fake.mergeRequests[0]?.notes).toHaveLength(1);
});

test("a refusal tells which request GitLab refused, and why", async () => {
  const { client } = made;
  await expect(client.notes(99)).rejects.toThrow(
    `GitLab, GET /api/v4/projects/${projectId}/merge_requests/99/notes: 404`,
  );
});

test("all pages are read", async () => {
  const { fake, client } = made;
  const request = mergeRequest(1);
  for (let id = 1; id <= 250; id++) request.notes.push({ id, body: `${id}`, author: { id: 1 }, system: false });
  fake.mergeRequests.push(request);
  expect((await client.notes(1)).map(({ id }) => id)).toEqual(request.notes.map(({ id }) => id));
});

test("a wrong token is refused, and is not in what is told", async () => {
  const { fake } = made;
  const client = gitLab({ server: fake.url, projectId, projectUrl: fake.projectUrl, token: "wrong-token" });
  const refused = await client.me().catch((error: Error) => error.message);
  expect(refused).toContain("401");
  expect(refused).not.toContain("wrong-token");
});

describe("an artifact", () => {
  test("is read as it is, whatever its name says", async () => {
    const { fake, client } = made;
    fake.mergeRequests.push(mergeRequest(1, { pipelines: [pipeline(5, [job(9, "prod", "no JSON {")])] }));
    expect(await client.artifact(9, "preview.prod.json")).toBe("no JSON {");
  });

  test("that is not there is none", async () => {
    const { fake, client } = made;
    fake.mergeRequests.push(mergeRequest(1, { pipelines: [pipeline(5, [job(9, "prod")])] }));
    expect(await client.artifact(9, "preview.prod.json")).toBeUndefined();
  });

  test("that is too large is not read to its end", async () => {
    const { fake, client } = made;
    const huge = "x".repeat(largestArtifact + 1);
    fake.mergeRequests.push(mergeRequest(1, { pipelines: [pipeline(5, [job(9, "prod", huge)])] }));
    await expect(client.artifact(9, "preview.prod.json")).rejects.toThrow("more than");
  });
});
