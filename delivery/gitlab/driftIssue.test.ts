import { afterEach, beforeEach, expect, test } from "vitest";
import type { PreviewRecord } from "../record.ts";
import { putDriftIssue } from "./driftIssue.ts";
import type { CheckRecord } from "../check/record.ts";
import { checkOf, machine } from "./testing/checks.ts";
import { fixture, type Fixture } from "./testing/fixture.ts";
import { commit, recordOf, step } from "./testing/records.ts";
import { somebody } from "./testing/server.ts";

let made: Fixture;
beforeEach(async () => {
  made = await fixture();
});
afterEach(() => made.fake.close());

let pipeline = 0;
const put = (record: PreviewRecord, stack = "prod", check?: CheckRecord) => {
  const source = { pipeline: ++pipeline, job: 1, commit, projectUrl: made.fake.projectUrl };
  return putDriftIssue(made.client, stack, record, source, check);
};
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

test("an issue is confidential, also one that was not", async () => {
  await put(drift);
  expect(open()).toMatchObject([{ confidential: true }]);
  made.fake.issues[0]!.confidential = false;
  await put(drift);
  expect(open()).toMatchObject([{ confidential: true }]);
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
  expect(open()[0]?.description).not.toContain("merge request");
});

test("an issue's text begins no line with a quick action", async () => {
  await put(drift);
  expect(open()[0]?.description).not.toMatch(/^\s*\//m);
});

test("what was merged and not applied yet is told beside a drift, and is none by itself", async () => {
  expect(await put(recordOf([], { unapplied: 2 }))).toBe("none");
  expect(await put({ ...drift, unapplied: 2 })).toBe("opened");
  expect(open()[0]?.description).toContain("2 steps of what was merged are not applied yet");
});

test("of two open issues about a stack one stays, and those of others are left alone", async () => {
  await put(drift);
  const [mine] = open();
  if (!mine) throw new Error("no issue");
  made.fake.issues.push({ ...mine, iid: 9001 }, { ...mine, iid: 9002, author: { id: somebody } });
  expect(await put(drift)).toBe("updated");
  expect(open().map(({ iid }) => iid)).toEqual([mine.iid, 9002]);
});

test("machines that differ are drift, and their end closes the issue", async () => {
  const changed = [
    { role: "drain", task: "Write its settings", module: "ansible.builtin.template", diff: "-by hand\n" },
  ];
  const [same, differs] = [machine("front1.prod"), machine("front2.prod", { changed })];
  expect(await put(recordOf([]), "prod", checkOf([same]))).toBe("none");
  expect(await put(recordOf([]), "prod", checkOf([same, differs]))).toBe("opened");
  expect(open()).toMatchObject([{ title: "Drift of prod: 1 of 2 machines differ" }]);
  expect(open()[0]?.description).toContain("Azure is as this stack's program says, and its machines are not");
  expect(open()[0]?.description).toContain("\n- by hand\n");
  expect(await put(drift, "prod", checkOf([same, differs]))).toBe("updated");
  expect(open()[0]?.title).toMatch(/^Drift of prod: 1 to change.*; 1 of 2 machines differ$/);
  expect(await put(recordOf([]), "prod", checkOf([same, machine("front2.prod")]))).toBe("closed");
});

test.each([
  ["that is not reached", checkOf([machine("front1.prod", { unreachable: "no route" })]), "1 unknown"],
  ["on which a task fails", checkOf([machine("x", { failed: [{ task: "t", message: "m" }] })]), "1 unknown"],
  ["that is in no inventory", checkOf([], { outcome: "incomplete", error: "no keys" }), "not all machines"],
])("a machine %s is told, and not taken as fine", async (_, check, title) => {
  expect(await put(recordOf([]), "prod", check)).toBe("opened");
  expect(open()[0]?.title).toContain(title);
});
