import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { approvedRecord, refusedRecord } from "./approved.ts";
import { fixture, type Fixture, job, mergeRequest, pipeline } from "./testing/fixture.ts";
import { commit, recordOf, step } from "./testing/records.ts";
import type { FakeMergeRequest } from "./testing/server.ts";

let made: Fixture;
beforeEach(async () => {
  made = await fixture();
});
afterEach(() => made.fake.close());

const merged = "f".repeat(40);
const record = recordOf([step("create", "back")]);
const approved = (more: Partial<FakeMergeRequest> = {}) => {
  made.fake.mergeRequests.push(
    mergeRequest(1, { state: "merged", pipelines: [pipeline(10, [job(1, "prod", record)])], ...more }),
  );
};
const ask = (of = merged) => approvedRecord(made.client, { stack: "prod", commit: of, branch: "main" });

test.each([
  ["merged with a merge commit", { merge_commit_sha: merged }, merged],
  ["squashed", { squash_commit_sha: merged }, merged],
  ["merged fast-forward", {}, commit],
])("the record of a merge request that was %s is found", async (_, more, of) => {
  approved(more);
  expect(await ask(of)).toEqual(record);
});

test("it is the newest preview of the newest pipeline", async () => {
  const newest = recordOf([step("replace", "back")]);
  approved({
    merge_commit_sha: merged,
    pipelines: [pipeline(9, [job(1, "prod", record)]), pipeline(10, [job(2, "prod", record), job(3, "prod", newest)])],
  });
  expect(await ask()).toEqual(newest);
});

describe("nothing is approved", () => {
  test.each([
    ["where no merge request brought the commit", undefined, "0 merge requests"],
    ["by a merge request that is still open", { state: "opened" as const }, "0 merge requests"],
    ["by one that went to another branch", { target_branch: "other" }, "0 merge requests"],
    ["by one that has no pipeline", { pipelines: [] }, "has no pipeline"],
    [
      "by one whose pipeline did not preview the stack",
      { pipelines: [pipeline(10, [job(1, "dev", record)])] },
      "has no job preview:prod",
    ],
    [
      "by one from a fork",
      { pipelines: [pipeline(10, [job(1, "prod", record)], { project_id: 99 })] },
      "comes from a fork",
    ],
    ["by a preview that left no record", { pipelines: [pipeline(10, [job(1, "prod")])] }, "has no artifact"],
    [
      "by a preview that failed",
      { pipelines: [pipeline(10, [job(1, "prod", { ...record, outcome: "failed" })])] },
      "failed",
    ],
    [
      "by a record of another commit",
      { pipelines: [pipeline(10, [job(1, "prod", { ...record, commit: merged })])] },
      "tells of commit",
    ],
  ])("%s", async (_, more, reason) => {
    if (more) approved({ merge_commit_sha: merged, ...more });
    await expect(ask()).rejects.toThrow(reason);
  });
});

test("what an apply refused is found in its own pipeline, and of its own commit only", async () => {
  const refused = { ...job(5, "prod", { ...record, commit: merged }, "failed"), name: "apply:prod" };
  made.fake.mergeRequests.push(mergeRequest(1, { pipelines: [pipeline(20, [refused], { sha: merged })] }));
  const ask = (of: string) =>
    refusedRecord(made.client, { stack: "prod", commit: of, pipeline: 20, job: "apply:prod" });
  expect((await ask(merged)).commit).toBe(merged);
  await expect(ask(commit)).rejects.toThrow("tells of commit");
});
