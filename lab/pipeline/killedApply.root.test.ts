/**
 * An apply of this project's pipeline that is lost with its runner, with the real `bin/delivery` and the real engine, and
 * resources that exist as files only. It proves nothing about Azure, nor about GitLab itself.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mergeRequest } from "../../delivery/gitlab/testing/fixture.ts";
import { FakeGitLab } from "../../delivery/gitlab/testing/server.ts";
import { Place, programFolder, stack } from "../delivery/testing/place.ts";
import type { ProgramSpec } from "../delivery/testing/spec.ts";
import { killMarked } from "../interruptions/markedCommand.ts";
import { root } from "../paths.ts";
import { holds } from "../polling.ts";
import { Issuer } from "./issuer.ts";
import { Origin } from "./origin.ts";
import { Pipelines } from "./testing/pipelines.ts";
import { makeProject } from "./testing/project.ts";

const stackFile = `Pulumi.${stack}.yaml`;
const program: ProgramSpec = {
  resources: [
    { type: "azure-native:resources:ResourceGroup", name: "rg", inputs: { resourceGroupName: "rg" } },
    { type: "azure-native:network:VirtualNetwork", name: "network", inputs: { of: "${id:rg}" } },
  ],
};

let directory: string;
let place: Place;
let gitlab: FakeGitLab;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  place = new Place();
  gitlab = new FakeGitLab();
  await gitlab.listen();
});
afterAll(async () => {
  await gitlab.close();
  place.remove();
  rmSync(directory, { recursive: true });
});

const read = (name: string) => readFileSync(place.file(name), "utf8");

test("an apply whose runner is lost in the middle is completed by a retry of the same job", async () => {
  place.write({ program: { resources: [] } });
  place.pulumi("up", "--yes", "--skip-preview", "--stack", stack);
  expect(await place.delivery("publish", stack)).toMatchObject({ status: 0 });
  const { origin, pipelines } = project();
  const request = mergeRequest(1);
  gitlab.mergeRequests.push(request);
  place.write({ program });
  origin.commit("change", { [stackFile]: read(stackFile) });
  await pipelines.run({ kind: "merge_request", mergeRequest: request, branch: "change" });
  await pipelines.run({ kind: "schedule", description: "notes" });

  const before = origin.head();
  Object.assign(request, { state: "merged", sha: origin.head("change"), merge_commit_sha: origin.merge("change") });
  writeFileSync(place.file("made/hang"), "");
  const running = pipelines.run({ kind: "push", before });
  const makes = () => existsSync(place.file("made/rg"));
  expect(await holds(makes, { timeoutSeconds: 120, intervalSeconds: 0.1 })).toBe(true);
  await killMarked(`STAND_IN=${place.file("made")}`);
  const lost = await running;
  expect(lost.jobs.find(({ name }) => name === `apply:${stack}`)?.status).toBe("failed");
  expect(existsSync(place.file("made/network"))).toBe(false);

  rmSync(place.file("made/hang"));
  const { status, output } = await pipelines.start(lost.id, `apply:${stack}`);
  expect(status, output).toBe("success");
  expect(output).toContain("has begun before and did not end");
  // Each was made once.
  for (const name of ["rg", "network"]) expect(read(`made/${name}`)).toBe("x");
  const { deployment } = JSON.parse(place.pulumi("stack", "export", "--stack", stack)) as Exported;
  expect(deployment.resources.map(({ urn }) => urn.split("::").at(-1))).toEqual(
    expect.arrayContaining(["rg", "network"]),
  );
  expect(deployment.pending_operations ?? []).toEqual([]);
});

interface Exported {
  deployment: { resources: { urn: string }[]; pending_operations?: unknown[] };
}

/** The small program as a project of GitLab, with this project's pipeline. */
function project() {
  const folder = (name: string) => {
    mkdirSync(join(directory, name));
    return join(directory, name);
  };
  const source = folder("source");
  folder("source/program");
  symlinkSync(join(root, "node_modules"), join(source, "node_modules"));
  const files = {
    // The program is in the repository: its commit is what a record tells.
    "Pulumi.yaml": read("Pulumi.yaml").replace(/^main: .*/m, "main: program"),
    "package.json": `{"type": "module"}\n`,
    "program/index.ts": readFileSync(join(programFolder, "index.ts"), "utf8"),
    [stackFile]: read(stackFile),
  };
  makeProject(source, files, join(root, "delivery", "main.ts"));
  const origin = new Origin(folder("origin"), source);
  const { PULUMI_BACKEND_URL = "", PULUMI_CONFIG_PASSPHRASE = "", PLATFORM_PREVIEW_BACKEND = "" } = place.environment;
  const runner = ["PATH", "PULUMI_HOME", "PULUMI_SKIP_UPDATE_CHECK", "STAND_IN", "LIVE", "NODE_COMPILE_CACHE"];
  const pipelines = new Pipelines({
    origin,
    gitlab,
    issuer: new Issuer(),
    directory: folder("jobs"),
    variables: [
      { name: "PLATFORM_IMAGE", value: "none" },
      { name: "PLATFORM_SUBSCRIPTION_ID", value: place.environment["ARM_SUBSCRIPTION_ID"] ?? "" },
      { name: "PLATFORM_PREVIEW_BACKEND", value: PLATFORM_PREVIEW_BACKEND },
      { name: "PLATFORM_GITLAB_TOKEN", value: gitlab.token, protected: true },
      { name: "PULUMI_BACKEND_URL", value: PULUMI_BACKEND_URL, protected: true },
      { name: "PULUMI_CONFIG_PASSPHRASE", value: PULUMI_CONFIG_PASSPHRASE, protected: true },
    ],
    environments: ["dev", "prod", "tools"],
    runner: Object.fromEntries(runner.map((name) => [name, place.environment[name] ?? ""])),
    read: [],
    write: [],
    furnish: () => {},
    confine: false,
    skip: ["check"],
  });
  return { origin, pipelines };
}
