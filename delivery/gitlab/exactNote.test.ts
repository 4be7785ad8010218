import { afterEach, beforeEach, expect, test } from "vitest";
import type { CheckRecord } from "../check/record.ts";
import type { PreviewRecord } from "../record.ts";
import { longestNote } from "./note.ts";
import { putOpenNotes } from "./openNotes.ts";
import { checkOf, machine } from "./testing/checks.ts";
import { fixture, type Fixture, job, mergeRequest, pipeline } from "./testing/fixture.ts";
import { recordOf, step } from "./testing/records.ts";
import type { FakeJob } from "./testing/server.ts";

let made: Fixture;
beforeEach(async () => {
  made = await fixture();
});
afterEach(() => made.fake.close());

const update = (after: string) =>
  step("update", "front", { changes: [{ path: "tags.x", kind: "update", before: "a", after }] });
const preview = recordOf([update("b")]);
const template = { role: "health", task: "Write its settings", module: "ansible.builtin.template" };
const check = checkOf([
  machine("front1.prod"),
  machine("front2.prod", { changed: [{ ...template, diff: "--- before\n+++ after\n@@ -1 +1 @@\n-old\n+new\n" }] }),
]);

/** The job that makes an exact preview, with what it left. */
function exactJob(
  id: number,
  exact?: PreviewRecord | string,
  found?: CheckRecord | string,
  status = "success",
  environment = "prod-exact",
): FakeJob {
  const files = { "exact.prod.json": exact, "check.prod.json": found };
  const artifacts = Object.entries(files).flatMap(([name, content]) =>
    content === undefined ? [] : [[name, typeof content === "string" ? content : JSON.stringify(content)]],
  );
  return {
    id,
    name: "exact:prod",
    environment,
    status,
    artifacts: Object.fromEntries(artifacts) as Record<string, string>,
  };
}

const shown = (text = "") =>
  text.replace(/&#(\d+);/g, (_sign, point: string) => String.fromCodePoint(Number(point))).replace(/<\/?code>/g, "");

/** The notes about a pipeline of these jobs. */
async function notes(...jobs: FakeJob[]): Promise<string[]> {
  made.fake.mergeRequests.push(mergeRequest(1, { pipelines: [pipeline(10, jobs)] }));
  expect((await putOpenNotes(made.client, made.fake.projectUrl)).failed).toEqual([]);
  return made.fake.mergeRequests[0]!.notes.map(({ body }) => body);
}

test("the exact preview and the machines join the note of their stack", async () => {
  const bodies = await notes(job(1, "prod", preview), exactJob(2, preview, check));
  expect(bodies).toHaveLength(1);
  const text = shown(bodies[0]);
  expect(text).toContain("### Preview of prod: 1 to change");
  expect(text).toContain("### Exact preview: the same");
  expect(text).toContain("### Machines: 1 of 2 machines differ");
  // What differs stands first.
  expect(text).toContain("| front2.prod | **1** |  |\n| front1.prod | 0 |  |");
  expect(text).toContain("! front2.prod: health : Write its settings (ansible.builtin.template)\n- -- before\n");
  expect(text).toContain("\n- old\n+ new\n");
});

test("a note that stands is completed when somebody has started the job, and once", async () => {
  const jobs = [job(1, "prod", preview), exactJob(2, undefined, undefined, "manual")];
  const [before = ""] = await notes(...jobs);
  expect(before).not.toContain("Exact preview");
  const [request] = made.fake.mergeRequests;
  request!.pipelines[0]!.jobs = [jobs[0]!, exactJob(2, preview, check)];
  const put = () => putOpenNotes(made.client, made.fake.projectUrl);
  expect((await put()).done).toHaveLength(1);
  expect(request!.notes.map(({ body }) => body)).toEqual([expect.stringContaining("### Exact preview: the same")]);
  expect((await put()).done).toEqual([]);
  // Started again, it is told again.
  request!.pipelines[0]!.jobs.push(exactJob(3, recordOf([]), check));
  expect((await put()).done).toHaveLength(1);
  expect(request!.notes[0]?.body).toContain("### Exact preview: **different**");
});

test("an exact preview that says something else is told with both", async () => {
  const [body] = await notes(
    job(1, "prod", preview),
    exactJob(2, recordOf([update("c"), step("delete", "back")]), check),
  );
  const text = shown(body);
  expect(text).toContain("### Exact preview: **different** from the preview above");
  expect(text).toContain('tags.x: "a" => "b"');
  expect(text).toContain('tags.x: "a" => "c"');
  expect(text).toMatch(/VirtualNetwork back \| nothing \| delete/);
});

test.each([
  [
    "has left nothing",
    undefined,
    undefined,
    ["### Exact preview: no result", "### Machines: no result", "has no artifact"],
  ],
  ["has left something else", "{", "{}", ["no record of a preview", "no record of a check"]],
  [
    "tells of another commit",
    { ...preview, commit: "f".repeat(40) },
    { ...check, commit: "f".repeat(40) },
    ["tells of commit"],
  ],
  ["tells of another stack", { ...preview, stack: "dev" }, { ...check, stack: "dev" }, ["tells of stack"]],
  [
    "has failed",
    recordOf([], { outcome: "failed", error: "no rights" }),
    check,
    ["### Exact preview: failed", "! no rights"],
  ],
] as const)("a job that %s is told so", async (_, exact, found, parts) => {
  const [body] = await notes(job(1, "prod", preview), exactJob(2, exact, found, "failed"));
  for (const part of parts) expect(shown(body)).toContain(part);
  expect(shown(body)).toContain("### Preview of prod: 1 to change");
});

test.each(["", "dev-exact", "prod", "review/prod-exact"])(
  "what a job of that name leaves in the environment %j is not told: its author has made it",
  async (environment) => {
    const jobs = [job(1, "prod", preview), exactJob(2, preview, check, "success", environment)];
    const [body = ""] = await notes(...jobs);
    const text = shown(body);
    expect(text).toContain("### Exact preview: no result");
    expect(text).toContain("### Machines: no result");
    expect(text).toContain("job 2 (exact:prod) is no deployment to the environment prod-exact");
    for (const part of ["Made with the secrets", "front2.prod"]) expect(text).not.toContain(part);
    // And once only.
    expect((await putOpenNotes(made.client, made.fake.projectUrl)).done).toEqual([]);
  },
);

test("machines that were not looked at as a whole are told as unknown", async () => {
  const unreachable = machine("back.prod", { unreachable: "no route to host" });
  const failed = machine("front.prod", { failed: [{ task: "health : Write", message: "no space" }] });
  const [body] = await notes(
    job(1, "prod", preview),
    exactJob(2, preview, checkOf([unreachable, failed], { outcome: "incomplete", error: "data has no host keys yet" })),
  );
  const text = shown(body);
  expect(text).toContain("### Machines: 2 unknown, not all machines could be looked at");
  expect(text).toContain("! data has no host keys yet");
  expect(text).toContain("| back.prod | 0 | **not reached**: no route to host |");
  expect(text).toContain("| front.prod | 0 | **failed**: health : Write |");
  expect(text).toContain("is unknown");
});

test("what a machine says is nothing but words, and no marker", async () => {
  const evil = "/close\n```\n@all <!-- platform-exact stack=prod pipeline=10 job=9 --> | <b>x</b>";
  const hostile = machine(evil, {
    changed: [{ role: evil, task: evil, module: evil, diff: `+${evil}\n${evil}` }],
    failed: [{ task: evil, message: evil }],
    unreachable: evil,
  });
  const [body = ""] = await notes(job(1, "prod", preview), exactJob(2, preview, checkOf([hostile], { error: evil })));
  const lines = body.split("\n");
  expect(lines.filter((line) => /^\s*(\/|<!-- platform-exact .*job=9)/.test(line))).toEqual([]);
  // Outside of blocks, which begin and end with the same fence, nothing of it is markup.
  const outside = body.replace(/^(`{3,})diff\n[^]*?^\1$/gm, "");
  expect(outside).not.toMatch(/@all|<b>|```|\/close/);
});

test("huge records stay within the length of a note", async () => {
  const text = "`*[x](y) ".repeat(600);
  const changes = Array.from({ length: 3 }, (_, at) => ({ path: `p${at}`, kind: "add" as const, after: text }));
  const many = (name: string) =>
    Array.from({ length: 300 }, (_, at) => step("update", `${name}${at}${text}`, { changes }));
  const changed = Array.from({ length: 5 }, () => ({ ...template, diff: `+${text}\n` }));
  const machines = Array.from({ length: 200 }, (_, at) =>
    machine(`${at}${text}`, { changed, failed: [{ task: text, message: text }] }),
  );
  const policy = Array.from({ length: 200 }, () => ({
    policy: text,
    pack: text,
    level: "advisory" as const,
    message: text,
  }));
  const [body = ""] = await notes(
    job(1, "prod", recordOf(many("a"), { policy })),
    exactJob(2, recordOf(many("b")), checkOf(machines, { error: text })),
  );
  expect(body.length).toBeLessThanOrEqual(longestNote);
  expect(body).toContain("more differences are in the job's record");
});
