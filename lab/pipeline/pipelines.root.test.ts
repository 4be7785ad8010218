/**
 * The pipeline of this project with a program that stands in for `bin/delivery preview`, `up` and `drift`: which jobs
 * there are, what each is given, and what they leave. It proves nothing about Azure, nor about GitLab itself.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { mergeRequest } from "../../delivery/gitlab/testing/fixture.ts";
import { FakeGitLab, type FakeMergeRequest } from "../../delivery/gitlab/testing/server.ts";
import { Issuer } from "./issuer.ts";
import { Origin } from "./origin.ts";
import { needed } from "./testing/components.ts";
import { type Cause, jobOf, type PipelineResult, Pipelines } from "./testing/pipelines.ts";
import { makeProject } from "./testing/project.ts";

let directory: string;
let gitlab: FakeGitLab;
let origin: Origin;
let pipelines: Pipelines;
let request: FakeMergeRequest;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  const place = (name: string) => {
    mkdirSync(join(directory, name));
    return join(directory, name);
  };
  gitlab = new FakeGitLab();
  await gitlab.listen();
  const source = place("source");
  makeProject(source);
  origin = new Origin(place("origin"), source);
  pipelines = new Pipelines({
    origin,
    gitlab,
    issuer: new Issuer(),
    directory: place("jobs"),
    variables: [
      { name: "PLATFORM_IMAGE", value: "none" },
      { name: "PLATFORM_READER_CLIENT_ID", value: "reader" },
      { name: "PLATFORM_GITLAB_TOKEN", value: gitlab.token, protected: true },
      { name: "PLATFORM_WRITER_CLIENT_ID", value: "writer-of-dev", protected: true, environment: "dev" },
      { name: "PLATFORM_EXACT_CLIENT_ID", value: "exact-of-dev", environment: "dev-exact" },
      { name: "PLATFORM_CERTIFICATE_MINUTES", value: "45", environment: "dev-exact" },
      { name: "PLATFORM_WRITER_CLIENT_ID", value: "writer-of-prod", protected: true, environment: "prod" },
    ],
    environments: ["dev", "prod", "tools"].flatMap((stack) => [stack, `${stack}-exact`]),
    runner: { PATH: process.env.PATH ?? "", APPLIED_FILE: join(directory, "applied") },
    read: [],
    write: [],
    furnish: () => {},
    confine: false,
    skip: [],
  });
  request = mergeRequest(1);
  gitlab.mergeRequests.push(request);
});
afterEach(async () => {
  await gitlab.close();
  rmSync(directory, { recursive: true });
});

const states = ({ jobs }: PipelineResult) => Object.fromEntries(jobs.map(({ name, status }) => [name, status]));
const names = async (cause: Cause, branch = "main") =>
  (await pipelines.plan(cause, origin.head(branch), 1)).filter(({ when }) => when !== "never").map(({ name }) => name);
const ofRequest = (branch = "change", more: { fork?: { branch: string } } = {}): Cause => ({
  kind: "merge_request",
  mergeRequest: request,
  branch,
  ...more,
});
const dev = (content: string) => ({ "Pulumi.dev.yaml": `---\nconfig: {stack: dev, ${content}}\n` });
const notes: Cause = { kind: "schedule", description: "notes" };

const previews = ["preview", "exact"].flatMap((job) => ["dev", "prod", "tools"].map((stack) => `${job}:${stack}`));

test.each([
  ["a change of a stack's file previews that stack", dev("x: 1"), ["check", "preview:dev", "exact:dev"]],
  ["a change of the program previews all of them", { "index.ts": "" }, ["check", ...previews]],
  ["a change of a playbook, too", { "ansible/playbooks/site.yml": "" }, ["check", ...previews]],
  ["a change of what installs the program, too", { "requirements.txt": "" }, ["check", ...previews]],
  ["a change of what runs it, too", { "bin/inventory": "" }, ["check", ...previews]],
  ["a change of words previews nothing", { "README.md": "Other words.\n" }, ["check"]],
  ["a commit that changes nothing, neither", {}, ["check"]],
])("%s", async (_, changes, expected) => {
  origin.commit("change", changes);
  expect(await names(ofRequest(), "change")).toEqual(expected);
});

test("what comes from a fork is checked only", async () => {
  origin.commit("change", dev("x: 1"));
  expect(await names(ofRequest("change", { fork: { branch: "main" } }), "change")).toEqual(["check"]);
});

test("a push to main applies what it changes: dev by itself, prod by hand", async () => {
  const before = origin.head();
  origin.commit("main", { "index.ts": "", ...dev("x: 1") });
  const plan = await pipelines.plan({ kind: "push", before }, origin.head(), 1);
  expect(Object.fromEntries(plan.filter(({ when }) => when !== "never").map(({ name, when }) => [name, when]))).toEqual(
    {
      check: "on_success",
      "apply:dev": "on_success",
      "apply-anew:dev": "manual",
      "apply:prod": "manual",
      "apply-anew:prod": "manual",
      "apply:tools": "manual",
      "apply-anew:tools": "manual",
    },
  );
});

test("a schedule does what it is for, and nothing else", async () => {
  expect(await names(notes)).toEqual(["notes"]);
  const drift: Cause = { kind: "schedule", description: "drift" };
  expect(await names(drift)).toEqual(["drift:dev", "drift:prod", "drift:tools"]);
  expect(await names({ kind: "schedule", description: "another" })).toEqual([]);
});

test("a pipeline that somebody runs on main applies by hand what no push has applied", async () => {
  const plan = await pipelines.plan({ kind: "web" }, origin.head(), 1);
  const expected = ["dev", "prod", "tools"].flatMap((stack) => [`apply:${stack}`, `apply-anew:${stack}`]);
  expect(plan.filter(({ when }) => when !== "never").map(({ name, when }) => [name, when])).toEqual(
    expected.map((name) => [name, "manual"]),
  );
});

test("jobs of a merge request have the reader's settings, and no protected variable", async () => {
  const spy = { "bin/setup": "#!/bin/sh\nenv\n" };
  origin.commit("change", { ...dev("x: 1"), ...spy });
  const { output } = jobOf(await pipelines.run(ofRequest()), "preview:dev");
  expect(output).toContain("ARM_CLIENT_ID=reader");
  expect(output).toMatch(/ARM_OIDC_TOKEN=ey/);
  expect(output).not.toContain("writer-of-dev");
  expect(output).not.toContain(gitlab.token);
  expect(output).not.toContain(`HOME=${process.env.HOME}\n`);
});

test("from a change to its apply: widget, note in place, approval, apply, and drift", async () => {
  origin.commit("change", dev("x: 1"));
  const first = await pipelines.run(ofRequest());
  expect(states(first)).toEqual({ check: "success", "preview:dev": "success", "exact:dev": "manual" });
  expect(JSON.parse(jobOf(first, "preview:dev").files["widget.dev.json"] ?? "")).toEqual({
    create: 0,
    update: 1,
    delete: 0,
  });
  expect(states(await pipelines.run(notes))).toEqual({ notes: "success" });
  expect(request.notes.map(({ body }) => body)).toEqual([expect.stringContaining("1 to change")]);
  expect(request.notes[0]?.body).toContain("x: 1");

  origin.commit("change", dev("x: 2"));
  await pipelines.run(ofRequest());
  await pipelines.run(notes);
  expect(request.notes).toHaveLength(1);
  expect(request.notes[0]?.body).toContain("x: 2");

  const before = origin.head();
  Object.assign(request, { state: "merged", sha: origin.head("change"), merge_commit_sha: origin.merge("change") });
  const applied = await pipelines.run({ kind: "push", before });
  expect(states(applied)).toEqual({ check: "success", "apply:dev": "success", "apply-anew:dev": "manual" });
  expect(readFileSync(join(directory, "applied"), "utf8")).toContain("x: 2");
  // Its environment has not asked for one.
  expect(jobOf(applied, "apply:dev").output).not.toContain("certificate:");

  const drift = await pipelines.run({ kind: "schedule", description: "drift" });
  expect(jobOf(drift, "drift:dev").status).toBe("failed");
  expect(gitlab.issues.map(({ title }) => title.slice(0, 13))).toEqual([
    "Drift of dev:",
    "Drift of prod",
    "Drift of tool",
  ]);
  expect(gitlab.issues[0]?.title).toContain("1 of 2 machines differ");
});

test("an exact preview that somebody starts joins the note with the machines, and has what its environment has", async () => {
  origin.commit("change", { ...dev("x: 1"), "bin/setup": "#!/bin/sh\nenv\n" });
  const result = await pipelines.run(ofRequest(), ["exact:dev"]);
  const { status, output, files } = jobOf(result, "exact:dev");
  expect(status, output).toBe("success");
  expect(Object.keys(files)).toEqual(expect.arrayContaining(["exact.dev.json", "check.dev.json"]));
  expect(output).toContain("ARM_CLIENT_ID=exact-of-dev");
  expect(output).not.toContain(gitlab.token);
  expect(output).toMatch(/certificate: --for administrator --minutes 45 --agent --out \/\S+ dev$/m);
  expect(jobOf(result, "preview:dev").output).not.toContain("exact-of-dev");
  await pipelines.run(notes);
  expect(request.notes.map(({ body }) => body)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/### Exact preview: the same[^]*### Machines: 1 of 2 machines differ/),
    ]),
  );
});

test("in a protected environment a merge request's job is its author's no more, and of the tier that its file says", async () => {
  const steal = {
    rules: [{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }],
    environment: { name: "dev", deployment_tier: "production" },
    script: ["env"],
  };
  const pipeline = `${origin.read(".gitlab-ci.yml")}\nsteal: ${JSON.stringify({ stage: "check", ...steal })}\n`;
  origin.commit("change", { ".gitlab-ci.yml": pipeline });
  const result = await pipelines.run(ofRequest());
  expect(jobOf(result, "steal")).toMatchObject({ status: "failed", output: "" });
  const { status, output } = await pipelines.start(result.id, "steal");
  expect(status, output).toBe("success");
  // That of prod's exact preview; no protected variable with it.
  expect(decodeJwt(/ARM_OIDC_TOKEN=(\S+)/.exec(output)?.[1] ?? "").sub).toBe(
    "project_path:platform/platform:ref_type:branch:ref_protected:false:environment_protected:true:deployment_tier:production",
  );
  expect(output).not.toContain("writer-of-dev");
});

test("a preview that fails has a note with its error", async () => {
  origin.commit("change", dev("mistake: true"));
  expect(states(await pipelines.run(ofRequest()))).toEqual({
    check: "success",
    "preview:dev": "failed",
    "exact:dev": "manual",
  });
  await pipelines.run(notes);
  expect(request.notes[0]?.body).toContain("! Pulumi.dev.yaml: mistake: given true");
});

test("what differs from what was approved is refused, and applied anew by hand", async () => {
  origin.commit("change", dev("x: 1"));
  await pipelines.run(ofRequest());
  await pipelines.run(notes);
  const before = origin.head();
  const merged = origin.merge("change");
  Object.assign(request, { state: "merged", sha: origin.head("change"), merge_commit_sha: merged });
  // Somebody pushes to main beside the merge request.
  const pushed = origin.commit("main", dev("x: 1, y: 2"));
  Object.assign(request, { merge_commit_sha: pushed });
  const refused = await pipelines.run({ kind: "push", before });
  expect(jobOf(refused, "apply:dev")).toMatchObject({ status: "failed" });
  expect(jobOf(refused, "apply:dev").output).toContain("this is not what was approved");
  expect(existsSync(join(directory, "applied"))).toBe(false);
  const { status, output } = await pipelines.start(refused.id, "apply-anew:dev");
  expect(status, output).toBe("success");
  expect(readFileSync(join(directory, "applied"), "utf8")).toContain("y: 2");
});

test("what a pipeline refused is not applied anew once main has gone on", async () => {
  const before = origin.head();
  const older = origin.commit("main", dev("x: 1"));
  const refused = await pipelines.run({ kind: "push", before });
  const newest = origin.commit("main", { "README.md": "Other words.\n" });
  const { status, output } = await pipelines.start(refused.id, "apply-anew:dev");
  expect(status, output).toBe("failed");
  expect(output).toContain(`given commit ${older}, allowed is the newest of main, ${newest}`);
  expect(existsSync(join(directory, "applied"))).toBe(false);
});

test.each([
  ["a stack's name that no file can have", "preview", { stack: "dev; id" }],
  ["a stack's name that is a path", "preview", { stack: "../dev" }],
  ["no stack", "preview", { stack: undefined }],
  ["no tier", "apply", { tier: undefined }],
  ["a tier that GitLab does not have", "apply", { tier: "prod" }],
  ["a start that is none", "apply", { when: "always" }],
  ["an application's name that no stack file has", "application", { application: "$(id)" }],
  ["no commit of the platform", "application", { platform_revision: undefined }],
])("%s is refused", async (_, name, wrong) => {
  const include = (inputs: object) => {
    const component = `$CI_SERVER_FQDN/$CI_PROJECT_PATH/${name}@$CI_COMMIT_SHA`;
    const pipeline = {
      stages: ["test", "build", "preview", "apply", "deploy", "drift"],
      include: [{ component, inputs }],
    };
    return { ".gitlab-ci.yml": JSON.stringify(pipeline) };
  };
  origin.commit("main", include({ ...needed[name], ...wrong }));
  await expect(names({ kind: "web" })).rejects.toThrow(/input/i);
  origin.commit("main", include(needed[name] ?? {}));
  await expect(names({ kind: "web" })).resolves.toBeDefined();
});

test("a commit that no merge request brought is previewed, and not applied", async () => {
  const before = origin.head();
  origin.commit("main", dev("x: 1"));
  const { status, output, files } = jobOf(await pipelines.run({ kind: "push", before }), "apply:dev");
  expect(status).toBe("failed");
  expect(output).toContain("0 merge requests were merged as it");
  expect(Object.keys(files)).toContain("preview.dev.json");
  expect(existsSync(join(directory, "applied"))).toBe(false);
});
