import { afterEach, beforeEach, expect, test } from "vitest";
import type { PreviewRecord } from "../record.ts";
import { putDriftIssue } from "./driftIssue.ts";
import { fixture, type Fixture } from "./testing/fixture.ts";
import { commit, recordOf, step } from "./testing/records.ts";
import { somebody } from "./testing/server.ts";

let made: Fixture;
beforeEach(async () => {
  made = await fixture();
});
afterEach(() => made.fake.close());

let pipeline = 0;
const put = (record: PreviewRecord, stack = "prod") =>
  putDriftIssue(made.client, stack, record, { pipeline: ++pipeline, job: 1, commit, projectUrl: made.fake.projectUrl });
const open = () => made.fake.issues.filter(({ state }) => state === "opened");
const drift = recordOf([
  step("update", "front", { changes: [{ path: "tags.x", kind: "delete", before: "\n/close" }] }),
]);

test("a drift opens an issue, the next night updates it, and its end closes it", async () => {
  expect(await put(drift)).toBe("opened");
  expect(open()).toMatchObject([{ title: "Drift of prod: 1 to change", labels: ["drift"] }]);
  expect(await put(recordOf([step("update", "front"), step("delete", "back")]))).toBe("updated");
  expect(open()).toMatchObject([{ title: "Drift of prod: 1 to delete, 1 to change" }]);
  expect(await put(recordOf([]))).toBe("closed");
  expect(open()).toEqual([]);
  expect(made.fake.issues[0]?.notes.at(-1)).toContain("as its program says");
});

test("no drift makes no issue", async () => {
  expect(await put(recordOf([]))).toBe("none");
  expect(made.fake.writes()).toEqual([]);
});

test("machines that were repaired or added are no drift; another change of what holds them is", async () => {
  const capacity = { path: "sku.capacity", kind: "update" as const, before: 2, after: 3 };
  const size = { path: "sku.name", kind: "update" as const, before: "a", after: "b" };
  const scaled = (...changes: (typeof capacity | typeof size)[]) =>
    recordOf([step("update", "front", { exempt: ["capacity"], changes })]);
  expect(await put(scaled(capacity))).toBe("none");
  expect(await put(scaled(capacity, size))).toBe("opened");
  expect(await put(scaled(capacity))).toBe("closed");
});

test("a drift that cannot be asked for is told, and each stack has its own issue", async () => {
  await put(recordOf([], { outcome: "failed", error: "no rights" }));
  await put(drift, "dev");
  expect(open().map(({ title }) => title)).toEqual(["Drift of prod is unknown", "Drift of dev: 1 to change"]);
  expect(open()[0]?.description).toContain("! no rights");
});

test("an issue's text begins no line with a quick action", async () => {
  await put(drift);
  expect(open()[0]?.description).not.toMatch(/^\s*\//m);
});

test("of two open issues about a stack one stays, and those of others are left alone", async () => {
  await put(drift);
  const [mine] = open();
  if (!mine) throw new Error("no issue");
  made.fake.issues.push({ ...mine, iid: 9001 }, { ...mine, iid: 9002, author: { id: somebody } });
  expect(await put(drift)).toBe("updated");
  expect(open().map(({ iid }) => iid)).toEqual([mine.iid, 9002]);
});
