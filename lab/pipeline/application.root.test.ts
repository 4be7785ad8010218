/**
 * The component `application` in a project of its own: the jobs run, with stand-ins for what asks Azure and for `cap`,
 * which tell how they were called. templates/application/README.md says what this does not show.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FakeGitLab } from "../../delivery/gitlab/testing/server.ts";
import { root } from "../paths.ts";
import { Issuer } from "./issuer.ts";
import { Origin } from "./origin.ts";
import { needed } from "./testing/components.ts";
import { jobOf, Pipelines } from "./testing/pipelines.ts";
import { makeProject } from "./testing/project.ts";

const platformProject = "operations/tools";
const told = (words: string) => `echo "$CI_JOB_NAME: ${words}" >>"$CALLS"\n`;
const programs = {
  "bin/setup": told("setup $*"),
  // What it builds is the list of files that it was given.
  "bin/artifact":
    "command=$1 what=$2; shift 2\n" +
    told('artifact $command $(basename "$what") $*') +
    'if [ "$command" = build ]; then ls -A "$what" >"$2"; exit; fi\n' +
    told('file of $(cat "$what")') +
    'echo \'{"release": "20261130", "sha256": "0123"}\'\n',
  "bin/ssh-certificate": `${told("ssh-certificate $1 $2 $5")}echo "Host $5" >"$4/ssh_config"\n`,
};
const cap = told(
  "cap $* of $APPLICATION release ${RELEASE:-none} ${RELEASE_SHA256:-none} as $ARM_CLIENT_ID to $(cat $PLATFORM_SSH_CONFIG)",
);

let directory: string;
let gitlab: FakeGitLab;
let origin: Origin;
let pipelines: Pipelines;
/** Passwords by which the platform's project was cloned. */
let tokens: Set<string>;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  const place = (name: string) => {
    mkdirSync(join(directory, name), { recursive: true });
    return join(directory, name);
  };
  gitlab = new FakeGitLab();
  tokens = new Set();
  gitlab.other = (request, response) => {
    const [path = ""] = (request.url ?? "").split("?");
    const [user, token = ""] = Buffer.from(request.headers.authorization?.slice("Basic ".length) ?? "", "base64")
      .toString()
      .split(":");
    const file = join(directory, path);
    if (!path.startsWith(`/${platformProject}.git/`)) return false;
    if (user !== "gitlab-ci-token") response.writeHead(401, { "www-authenticate": 'Basic realm="GitLab"' }).end();
    else if (!existsSync(file)) response.writeHead(404).end();
    else {
      tokens.add(token);
      response.end(readFileSync(file));
    }
    return true;
  };
  await gitlab.listen();
  const source = place("source");
  const inputs = {
    ...needed.application,
    platform_project: platformProject,
    platform_revision: makePlatform(place),
    directory: "front",
    test: "echo tested in $(basename $PWD)",
  };
  const component = "$CI_SERVER_FQDN/$CI_PROJECT_PATH/application@$CI_COMMIT_SHA";
  const pipeline = { stages: ["test", "build", "deploy"], include: [{ component, inputs }] };
  mkdirSync(join(source, "front"));
  makeProject(source, { ".gitlab-ci.yml": dump(pipeline), "front/server.js": "serve();\n" });
  writeFileSync(join(place("tools"), "cap"), `#!/bin/sh\n${cap}`, { mode: 0o755 });
  origin = new Origin(place("origin"), source);
  pipelines = new Pipelines({
    origin,
    gitlab,
    issuer: new Issuer(),
    directory: place("jobs"),
    variables: ["development", "production"].map((environment) => ({
      name: "ARM_CLIENT_ID",
      value: `deployer-of-${environment}`,
      protected: true,
      environment,
    })),
    environments: ["development", "production"],
    runner: { PATH: `${place("tools")}:${process.env.PATH}`, CALLS: join(directory, "calls") },
    read: [],
    write: [],
    furnish: () => {},
    confine: false,
    skip: [],
  });
});
afterEach(async () => {
  await gitlab.close();
  rmSync(directory, { recursive: true });
});

/** The platform's project as files of a web server; returns the commit that the application names, which is not the newest. */
function makePlatform(place: (name: string) => string): string {
  const work = place("platform");
  const git = (...words: string[]) =>
    execFileSync("git", ["-C", work, "-c", "user.name=A", "-c", "user.email=a@chatbot.example", ...words], {
      encoding: "utf8",
    }).trim();
  git("init", "--quiet");
  for (const folder of ["bin", "delivery/capistrano"]) mkdirSync(join(work, folder), { recursive: true });
  const write = (path: string, script: string) =>
    writeFileSync(join(work, path), `#!/bin/sh\nset -eu\n${script}`, { mode: 0o755 });
  for (const [path, script] of Object.entries(programs)) write(path, script);
  copyFileSync(join(root, "delivery/capistrano/pipeline"), join(work, "delivery/capistrano/pipeline"));
  git("add", "--all");
  git("commit", "--quiet", "--message", "The platform");
  const commit = git("rev-parse", "HEAD");
  write("bin/setup", "exit 1\n");
  git("commit", "--quiet", "--all", "--message", "A mistake");
  const bare = join(place("operations"), "tools.git");
  git("clone", "--quiet", "--bare", work, bare);
  execFileSync("git", ["-C", bare, "update-server-info"]);
  return commit;
}

const calls = () =>
  readFileSync(join(directory, "calls"), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.replace("front:", ""));

test("main is tested, built once by the platform at its commit, deployed onto development, and onto production by hand", async () => {
  const result = await pipelines.run({ kind: "push", before: origin.head() });
  expect(jobOf(result, "front:test").output).toContain("tested in front");
  expect(
    Object.fromEntries(result.jobs.map(({ name, status, output }) => [name, status === "failed" ? output : status])),
  ).toEqual({
    "front:test": "success",
    "front:build": "success",
    "front:development": "success",
    "front:production": "manual",
    "front:rollback": "manual",
  });
  const production = await pipelines.start(result.id, "front:production");
  expect(production.status, production.output).toBe("success");
  const rollback = await pipelines.start(result.id, "front:rollback");
  expect(rollback.status, rollback.output).toBe("success");

  const deployed = (stack: string, stage: string) => [
    `${stage}: setup check`,
    `${stage}: artifact publish artifact.tar.gz --stack ${stack} --name front`,
    `${stage}: file of server.js`,
    `${stage}: ssh-certificate --minutes 60 ${stack}`,
    `${stage}: cap ${stage} deploy of front release 20261130 0123 as deployer-of-${stage} to Host ${stack}`,
  ];
  expect(calls()).toEqual([
    "build: setup check",
    "build: artifact build front --out artifact.tar.gz",
    ...deployed("dev", "development"),
    ...deployed("prod", "production"),
    "rollback: setup check",
    "rollback: ssh-certificate --minutes 60 prod",
    "rollback: cap production deploy:rollback of front release none none as deployer-of-production to Host prod",
  ]);
  // Each by the token of its own job, into a folder beside its checkout.
  const cloning = [...["build", "development"].map((name) => jobOf(result, `front:${name}`)), production, rollback];
  expect([...tokens]).toEqual(cloning.map(({ id }) => `job-token-${id}`));
  for (const { clone } of cloning) expect(existsSync(`${clone}.platform/delivery/capistrano/pipeline`)).toBe(true);
});
