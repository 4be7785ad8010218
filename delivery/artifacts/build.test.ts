import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { build, identityOf, looseRequirements } from "./build.ts";

const root = mkdtempSync(join(tmpdir(), "build-"));
afterAll(() => rmSync(root, { recursive: true }));

let folder: string;
let count = 0;
const out = () => join(root, `out-${count}.tar.gz`);
const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8" }).trim();

function write(files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

const lock = {
  name: "front",
  version: "1.0.0",
  lockfileVersion: 3,
  requires: true,
  packages: { "": { name: "front" } },
};
const node = {
  "package.json": JSON.stringify({ name: "front", version: "1.0.0" }),
  "package-lock.json": JSON.stringify(lock),
  "server.js": "serve();\n",
};

beforeEach(() => {
  count += 1;
  folder = join(root, `application-${count}`);
  mkdirSync(folder);
  git("init", "-q");
  const who = ["-c", "user.name=Ada", "-c", "user.email=ada@chatbot.example"];
  execFileSync("git", ["-C", folder, ...who, "commit", "-q", "--allow-empty", "-m", "x"], {
    env: { ...process.env, GIT_COMMITTER_DATE: "2026-11-29T18:45:00+0100" },
  });
});

const names = (file = out()) => execFileSync("tar", ["-tzf", file], { encoding: "utf8" }).trim().split("\n").sort();
const run = () => build({ directory: folder, out: out() });

test("a release is named by time and commit, and its archive says so", async () => {
  write(node);
  const built = await run();
  const commit = git("rev-parse", "HEAD");
  expect(built).toMatchObject({ release: `20261129174500-${commit.slice(0, 12)}`, revision: commit, file: out() });
  expect(await identityOf(out())).toEqual({ release: built.release, revision: commit });
});

test("the same folder and commit give the same bytes, whenever they are built", async () => {
  write(node);
  const { sha256 } = await run();
  const before = readFileSync(out());
  utimesSync(join(folder, "server.js"), 1, 1);
  expect((await run()).sha256).toBe(sha256);
  expect(readFileSync(out()).equals(before)).toBe(true);
  write({ "server.js": "other();\n" });
  expect((await run()).sha256).not.toBe(sha256);
});

test("an archive holds the application, and nothing of Git, of local packages, of secrets or of itself", async () => {
  const more = {
    ".env": "SECRET=x",
    "node_modules/old/index.js": "",
    "lib/a.js": "",
    // Of a build that was killed.
    ".front.tar.gz.half": "half",
    "bin/check-release": "#!/bin/sh\n",
  };
  write({ ...node, ...more });
  symlinkSync("lib/a.js", join(folder, "a.js"));
  await build({ directory: folder, out: join(folder, "front.tar.gz") });
  expect(names(join(folder, "front.tar.gz")).join("\n")).not.toContain("front.tar.gz");
  await run();
  // npm keeps a list of what it installed.
  expect(names().filter((name) => !name.startsWith("./node_modules"))).toEqual(
    [
      ...["./", "./RELEASE", "./REVISION", "./a.js", "./bin/", "./bin/check-release", "./front.tar.gz", "./lib/"],
      ...["./lib/a.js", "./package-lock.json", "./package.json", "./server.js"],
    ].sort(),
  );
  expect(names().join("\n")).not.toContain("old");
});

test("what has such a name deeper in the folder is a part of the application, and what is left out is told", async () => {
  const part = [
    "public/wheels/a.svg",
    "docs/RELEASE",
    "docs/REVISION",
    "lib/.venv/a",
    ".env.example",
    "lib/.env.example",
  ];
  const none = [".env", ".env.production", "lib/.env.local", "wheels/a.whl", "lib/__pycache__/a.pyc", "RELEASE"];
  write({ ...node, ...Object.fromEntries([...part, ...none].map((path) => [path, ""])) });
  const { leftOut } = await run();
  expect(leftOut).toEqual(
    [".env", ".env.production", ".git", "RELEASE", "lib/.env.local", "lib/__pycache__", "wheels"].sort(),
  );
  expect(names()).toEqual(expect.arrayContaining(part.map((path) => `./${path}`)));
  expect(names().filter((name) => none.includes(name.slice(2)))).toEqual(["./RELEASE"]);
});

test("a folder without a lock file is refused, and says what is missing", async () => {
  write({ "server.js": "" });
  await expect(run()).rejects.toThrow("given neither package-lock.json nor requirements.txt");
  write({ "package.json": "{}" });
  await expect(run()).rejects.toThrow("allowed is with package-lock.json");
  rmSync(join(folder, "package.json"));
  write({ "requirements.txt": "flask\nrequests>=2\nzope==1.0\n" });
  await expect(run()).rejects.toThrow("given flask, requests>=2, allowed are exact versions");
});

test("a folder that is in no repository is refused", async () => {
  write(node);
  rmSync(join(folder, ".git"), { recursive: true });
  await expect(run()).rejects.toThrow("given no commit, allowed is a commit of the Git repository");
});

test("an archive of another origin is none", async () => {
  write(node);
  execFileSync("tar", ["-czf", out(), "-C", folder, "."]);
  await expect(identityOf(out())).rejects.toThrow("given no artifact");
});

test.each([
  ["a==1.0", []],
  ["a[b]==1.0 ; python_version >= '3.9'", []],
  ["# nothing\n\na==1.0  # why\n", []],
  ["a==1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11", []],
  ["a===1.0", []],
  ["a==1.*", ["a==1.*"]],
  ["a>=1", ["a>=1"]],
  ["-e .", ["-e ."]],
  ["git+https://git.example/a", ["git+https://git.example/a"]],
])("requirements name exact versions: %j", (text, loose) => {
  expect(looseRequirements(text)).toEqual(loose);
});
