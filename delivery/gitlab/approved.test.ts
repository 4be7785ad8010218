import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { approvedRecord, refusedRecord } from "./approved.ts";
import type { PreviewRecord } from "../record.ts";
import { noteOf } from "./note.ts";
import { putOpenNotes } from "./openNotes.ts";
import { putNote } from "./putNote.ts";
import { fixture, type Fixture, job, mergeRequest, pipeline } from "./testing/fixture.ts";
import { commit, recordOf, step } from "./testing/records.ts";
import { type FakeMergeRequest, somebody } from "./testing/server.ts";

let made: Fixture;
beforeEach(async () => {
  made = await fixture();
});
afterEach(() => made.fake.close());

const merged = "f".repeat(40);
const record = recordOf([step("create", "back")]);
/** A merge request whose pipelines are told of in notes, and that is merged then. */
async function approved(more: Partial<FakeMergeRequest> = {}): Promise<FakeMergeRequest> {
  const { merge_commit_sha = null, squash_commit_sha = null, state = "merged", ...before } = more;
  const request = mergeRequest(1, { pipelines: [pipeline(10, [job(1, "prod", record)])], ...before });
  made.fake.mergeRequests.push(request);
  await putOpenNotes(made.client, made.fake.projectUrl);
  return merge(request, { merge_commit_sha, squash_commit_sha, state });
}
const merge = (request: FakeMergeRequest, more: Partial<FakeMergeRequest> = {}) =>
  Object.assign(request, { state: "merged", merged_at: made.fake.now(), merge_commit_sha: merged, ...more });
const ask = (of = merged) => approvedRecord(made.client, { stack: "prod", commit: of, branch: "main" });

test.each([
  ["merged with a merge commit", { merge_commit_sha: merged }, merged],
  ["squashed", { squash_commit_sha: merged }, merged],
  ["squashed and merged with a merge commit", { squash_commit_sha: "e".repeat(40), merge_commit_sha: merged }, merged],
  ["merged fast-forward", {}, commit],
])("the record of a merge request that was %s is found", async (_, more, of) => {
  await approved(more);
  expect(await ask(of)).toEqual(record);
});

test("it is the newest preview of the newest pipeline", async () => {
  const newest = recordOf([step("replace", "back")]);
  await approved({
    merge_commit_sha: merged,
    pipelines: [pipeline(9, [job(1, "prod", record)]), pipeline(10, [job(2, "prod", record), job(3, "prod", newest)])],
  });
  expect(await ask()).toEqual(newest);
});

describe("of those who approve", () => {
  const forged = recordOf([step("update", "harmless")]);
  let request: FakeMergeRequest;
  const approve = (username: string) =>
    (request.approved_by ??= []).push({ user: { username }, approved_at: made.fake.now() });
  const told = async (id: number, shown: PreviewRecord) => {
    request.pipelines[0]?.jobs.push(job(id, "prod", shown));
    await putOpenNotes(made.client, made.fake.projectUrl);
  };
  beforeEach(async () => {
    request = mergeRequest(1, { pipelines: [pipeline(10, [])] });
    made.fake.mergeRequests.push(request);
    await told(1, forged);
  });

  test("each has seen what was approved", async () => {
    await told(2, record);
    approve("ann");
    approve("bob");
    merge(request);
    expect(await ask()).toEqual(record);
  });

  test("an approval of what the note told before approves nothing, also where another one has seen it", async () => {
    approve("ann");
    await told(2, record);
    approve("bob");
    merge(request);
    await expect(ask()).rejects.toThrow(/approved by ann at .*, not after its note told this of prod at/);
  });

  test("a preview that was made anew and says the same stays approved", async () => {
    approve("ann");
    await told(2, forged);
    merge(request);
    expect(await ask()).toEqual(forged);
  });

  test("an approval of which GitLab tells no time approves nothing", async () => {
    request.approved_by = [{ user: { username: "ann" } }];
    merge(request);
    await expect(ask()).rejects.toThrow("by ann at a time that is not told");
  });
});

describe("after the merge", () => {
  const other = recordOf([step("delete", "back")]);
  let request: FakeMergeRequest;
  beforeEach(async () => {
    request = await approved({ merge_commit_sha: merged });
  });
  const again = () => request.pipelines[0]?.jobs.push(job(2, "prod", other));

  test("a job that is run again approves nothing: what those saw who merged counts", async () => {
    again();
    expect(await ask()).toEqual(record);
  });

  test("notes tell of it no more", async () => {
    again();
    // As where it was merged after it was listed as open.
    made.fake.before = (endpoint) => void (request.state = endpoint === "mergeRequests" ? "opened" : "merged");
    const writes = made.fake.writes().length;
    await putOpenNotes(made.client, made.fake.projectUrl);
    expect(made.fake.writes()).toHaveLength(writes);
    expect(await ask()).toEqual(record);
  });

  test("a note that is changed approves nothing", async () => {
    again();
    const text = noteOf("prod", other, { pipeline: 10, job: 2, commit, projectUrl: made.fake.projectUrl });
    expect(await putNote(made.client, 1, text)).toBe("written");
    await expect(ask()).rejects.toThrow("after the merge at");
  });

  test("another record in the place of the one that was told of approves nothing", async () => {
    request.pipelines[0]!.jobs[0]!.artifacts = job(1, "prod", other).artifacts;
    await expect(ask()).rejects.toThrow("is not the one that the note of merge request !1 tells of");
  });

  test("another pipeline approves nothing", async () => {
    request.pipelines.push(pipeline(11, [job(2, "prod", other)]));
    await expect(ask()).rejects.toThrow("tells of pipeline 10, and its newest one is 11");
  });

  test("a note of somebody else with the same marker approves nothing", async () => {
    for (const note of request.notes) note.author = { id: somebody };
    await expect(ask()).rejects.toThrow("has no note about prod");
  });
});

test("a merge before any note tells of the preview approves nothing", async () => {
  const request = mergeRequest(1, { pipelines: [pipeline(10, [job(1, "prod", record)])] });
  made.fake.mergeRequests.push(merge(request));
  await expect(ask()).rejects.toThrow("has no note about prod, so nobody saw a preview of it");
});

test("a commit that was pushed after the newest pipeline approves nothing", async () => {
  await approved({ merge_commit_sha: merged, sha: "e".repeat(40) });
  await expect(ask()).rejects.toThrow(
    `was merged at its commit ${"e".repeat(40)}, and its pipeline 10 is of ${commit}`,
  );
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
      "has no note about prod",
    ],
    [
      "by one whose newest pipeline previews the stack no longer",
      { pipelines: [pipeline(9, [job(1, "prod", record)]), pipeline(10, [])] },
      "has no note about prod",
    ],
    [
      "by one from a fork",
      { pipelines: [pipeline(10, [job(1, "prod", record)], { project_id: 99 })] },
      "comes from a fork",
    ],
    ["by a preview that left no record", { pipelines: [pipeline(10, [job(1, "prod")])] }, "tells of no preview"],
    [
      "by a preview that failed",
      { pipelines: [pipeline(10, [job(1, "prod", { ...record, outcome: "failed" })])] },
      "failed",
    ],
    [
      "by a record of another commit",
      { pipelines: [pipeline(10, [job(1, "prod", { ...record, commit: merged })])] },
      "tells of no preview",
    ],
  ])("%s", async (_, more, reason) => {
    if (more) await approved({ merge_commit_sha: merged, ...more });
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
