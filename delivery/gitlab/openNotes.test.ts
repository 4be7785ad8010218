import { afterEach, beforeEach, expect, test } from "vitest";
import { putOpenNotes } from "./openNotes.ts";
import { fixture, type Fixture, job, mergeRequest, pipeline } from "./testing/fixture.ts";
import { recordOf, step } from "./testing/records.ts";

let made: Fixture;
beforeEach(async () => {
  made = await fixture();
});
afterEach(() => made.fake.close());

const put = () => putOpenNotes(made.client, made.fake.projectUrl);
const bodies = (at = 0) => made.fake.mergeRequests[at]?.notes.map(({ body }) => body) ?? [];
const dev = recordOf([step("update", "front")], { stack: "dev" });
const prod = recordOf([step("create", "back")]);

test("each preview of the newest pipeline of each open merge request gets its note, once", async () => {
  const old = pipeline(10, [job(1, "prod", recordOf([step("delete", "old")]))]);
  made.fake.mergeRequests.push(
    mergeRequest(1, {
      pipelines: [old, pipeline(11, [job(2, "prod", prod), job(3, "dev", dev), { ...job(4, "x"), name: "check" }])],
    }),
    mergeRequest(2, { pipelines: [pipeline(12, [job(5, "dev", dev)])] }),
    mergeRequest(3),
    mergeRequest(4, { state: "merged", pipelines: [pipeline(13, [job(6, "dev", dev)])] }),
  );
  const { done, failed } = await put();
  expect(failed).toEqual([]);
  expect(done).toHaveLength(3);
  expect(bodies().map((body) => body.split("\n")[1])).toEqual([
    "### Preview of <code>dev</code>: 1 to change",
    "### Preview of <code>prod</code>: 1 to create",
  ]);
  expect([bodies(1), bodies(2), bodies(3)].map(({ length }) => length)).toEqual([1, 0, 0]);
  expect((await put()).done).toEqual([]);
});

test("a second push has a note in the place of the one before", async () => {
  const request = mergeRequest(1, { pipelines: [pipeline(10, [job(1, "prod", prod)])] });
  made.fake.mergeRequests.push(request);
  await put();
  request.pipelines.push(pipeline(11, [job(2, "prod", recordOf([step("replace", "back")]))]));
  await put();
  expect(bodies()).toEqual([expect.stringContaining("1 to replace")]);
});

test("a preview that runs, or waits, has no note yet", async () => {
  const jobs = [job(1, "prod", undefined, "running"), job(2, "dev", undefined, "created")];
  made.fake.mergeRequests.push(mergeRequest(1, { pipelines: [pipeline(10, jobs)] }));
  await put();
  expect(bodies()).toEqual([]);
});

test.each([
  ["leaves no record", undefined, "has no artifact"],
  ["leaves something else", "{", "no record of a preview"],
  ["tells of another stack", { ...prod, stack: "dev" }, "tells of stack"],
  ["tells of another commit", { ...prod, commit: "f".repeat(40) }, "tells of commit"],
] as const)("a job that %s has a note that says so", async (_, record, reason) => {
  made.fake.mergeRequests.push(mergeRequest(1, { pipelines: [pipeline(10, [job(1, "prod", record, "failed")])] }));
  expect((await put()).failed).toEqual([]);
  const [body = ""] = bodies();
  const shown = body.replace(/&#(\d+);/g, (_sign, point: string) => String.fromCodePoint(Number(point)));
  expect(shown).toContain("no result");
  expect(shown).toContain(reason);
});

test("a push that takes a stack's change back is told in its note", async () => {
  const request = mergeRequest(1, { pipelines: [pipeline(10, [job(1, "prod", prod)])] });
  made.fake.mergeRequests.push(request);
  await put();
  request.pipelines.push(pipeline(11, []));
  await put();
  expect(bodies()).toEqual([expect.stringContaining("no longer previewed")]);
  expect((await put()).done).toEqual([]);
});

test.each(["skipped", "manual"])(
  "a preview that is %s is told in the note of the one before, until it has run",
  async (status) => {
    const request = mergeRequest(1, { pipelines: [pipeline(10, [job(1, "prod", prod)])] });
    made.fake.mergeRequests.push(request);
    await put();
    request.pipelines.push(pipeline(11, [job(2, "prod", undefined, status)]));
    await put();
    expect(bodies()).toEqual([expect.stringContaining("not previewed yet")]);
    expect((await put()).done).toEqual([]);
    // GitLab runs the same job then.
    request.pipelines[1]!.jobs = [job(2, "prod", recordOf([step("replace", "back")]))];
    await put();
    expect(bodies()).toEqual([expect.stringContaining("1 to replace")]);
  },
);

test("a merge request from a fork has no note: its pipeline is the fork's", async () => {
  const foreign = pipeline(10, [job(1, "prod", prod)], { project_id: 99 });
  made.fake.mergeRequests.push(mergeRequest(1, { source_project_id: 99, pipelines: [foreign] }));
  expect(await put()).toEqual({ done: [], failed: [] });
  expect(bodies()).toEqual([]);
});

test("a merge request that cannot be told of does not keep the others from their notes", async () => {
  const many = Array.from({ length: 30 }, (_, at) => job(100 + at, `stack-${at}`, prod));
  made.fake.mergeRequests.push(
    mergeRequest(1, { pipelines: [pipeline(10, many)] }),
    mergeRequest(2, { pipelines: [pipeline(11, [job(1, "prod", prod)])] }),
  );
  const { done, failed } = await put();
  expect(failed).toEqual([expect.stringContaining("previews 30 stacks")]);
  expect(done).toHaveLength(1);
});

test("the merge request that was changed longest ago has its turn first", async () => {
  const changed = (iid: number, updated_at: string) =>
    mergeRequest(iid, { updated_at, pipelines: [pipeline(iid, [job(iid, "prod", prod)])] });
  made.fake.mergeRequests.push(changed(1, "2026-11-03"), changed(2, "2026-11-01"), changed(3, "2026-11-02"));
  expect((await put()).done.map((line) => line.split(":")[0])).toEqual(["!2", "!3", "!1"]);
});

test("a merge request that takes too long has one note at least; the next run goes on with it", async () => {
  made.fake.mergeRequests.push(
    mergeRequest(1, { pipelines: [pipeline(10, [job(1, "prod", prod), job(2, "dev", dev)])] }),
    mergeRequest(2, { pipelines: [pipeline(11, [job(3, "prod", prod)])] }),
  );
  const put = () => putOpenNotes(made.client, made.fake.projectUrl, 0);
  const first = await put();
  expect(first.failed).toEqual([expect.stringContaining("!1: its notes take too long")]);
  expect(first.done.map((line) => line.split(":")[0])).toEqual(["!1", "!2"]);
  expect(await put()).toMatchObject({ done: [expect.stringContaining("!1: ")], failed: [] });
  expect([bodies(), bodies(1)].map(({ length }) => length)).toEqual([2, 1]);
});
