/** That the code of hostile merge requests really tries, and that what it gets is noticed: a test of the tests. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { root } from "../paths.ts";
import { attacks, code, gains, type Known, type Loot, lootFile, untried } from "./hostile.ts";

const key = "-----BEGIN KEY-----\nline of the key\n";
const secrets = [key, "the project token"];

let directory: string;
let server: Server;
let known: Known;
/** What Azure and GitLab answer; a login's answer is a token or none. */
let answers: { logins: string[]; azure: number; gitlab: number };
let asked: string[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  mkdirSync(join(directory, "state", "ssh"), { recursive: true });
  answers = { logins: [], azure: 403, gitlab: 401 };
  asked = [];
  server = createServer((request, response) => {
    void (async () => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const url = request.url ?? "";
      asked.push(`${request.method} ${url.split("?")[0]}`);
      const client = new URLSearchParams(body).get("client_id") ?? "";
      if (url.startsWith("/api/v4")) response.writeHead(answers.gitlab).end();
      else if (!url.endsWith("/token")) response.writeHead(request.method === "GET" ? 200 : answers.azure).end();
      else if (answers.logins.includes(client)) response.end(JSON.stringify({ access_token: "token" }));
      else response.writeHead(401).end(JSON.stringify({ error_description: "AADSTS700213" }));
    })();
  });
  await new Promise<void>((done) => void server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  known = {
    arm: url,
    subscriptionId: "subscription",
    tenantId: "tenant",
    identities: { reader: "id-reader", dev: "id-dev" },
    gitlab: url,
    projectId: 7,
    mergeRequest: 1,
    stateDir: join(directory, "state"),
  };
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

/** Runs the code with nothing but these variables. */
async function loot(variables: Record<string, string> = {}): Promise<Loot> {
  writeFileSync(join(directory, "steal.mjs"), code(known));
  const env = { PATH: process.env.PATH ?? "", ...variables };
  await promisify(execFile)(process.execPath, ["steal.mjs"], { cwd: directory, env });
  return JSON.parse(readFileSync(join(directory, lootFile), "utf8")) as Loot;
}

test("where everything is refused it has tried everything, and got nothing", async () => {
  answers.logins = ["id-reader"];
  const found = await loot();
  expect(untried(found, known, "reader")).toEqual([]);
  expect(gains(found, secrets, "reader")).toEqual([]);
  expect(asked).toEqual(
    expect.arrayContaining([
      "PUT /subscriptions/subscription/resourcegroups/rg-loot-reader",
      "DELETE /subscriptions/subscription/resourcegroups/rg-platform-dev",
      "POST /api/v4/projects/7/merge_requests/1/notes",
    ]),
  );
});

describe("what it gets is noticed", () => {
  test("a key in a file", async () => {
    writeFileSync(join(directory, "state", "ssh", "id_ed25519"), key);
    expect(gains(await loot(), secrets)).toEqual(["the secret that begins with ----"]);
  });

  test("a secret in a variable", async () => {
    expect(gains(await loot({ SOME_TOKEN: "the project token" }), secrets)).toEqual([
      "the secret that begins with the ",
    ]);
    expect(gains(await loot({ PLATFORM_GITLAB_TOKEN: "another" }), secrets)).toEqual(["PLATFORM_GITLAB_TOKEN"]);
  });

  test("a login as a writer, or as anybody by a fork's", async () => {
    answers.logins = ["id-dev"];
    expect(gains(await loot(), secrets, "reader")).toContain("login as dev: 200");
    answers.logins = ["id-reader"];
    expect(gains(await loot(), secrets)).toEqual(["login as reader: 200", "read as reader: 200"]);
  });

  test("a write as the reader", async () => {
    Object.assign(answers, { logins: ["id-reader"], azure: 201 });
    expect(gains(await loot(), secrets, "reader")).toEqual(["write as reader: 201", "delete as reader: 201"]);
  });

  test("a comment", async () => {
    answers.gitlab = 201;
    expect(gains(await loot(), secrets)).toHaveLength(4);
  });

  test("an attempt that was not made", async () => {
    const found = await loot();
    delete found.answers["comment with a project token"];
    expect(untried(found, known)).toEqual(["comment with a project token"]);
    expect(untried(found, known, "reader")).toContain("write as reader");
  });
});

test.each(attacks)(
  "code $name is where the merge request runs it",
  async ({ branch, changes }) => {
    const read = (path: string) => (path === "package.json" ? "{}" : path.endsWith(".yml") ? "stages: [check]\n" : "");
    const files = Object.entries(changes(known, read));
    for (const [path, content] of files) {
      mkdirSync(join(directory, path, ".."), { recursive: true });
      writeFileSync(join(directory, path), content ?? "", { mode: 0o755 });
    }
    expect(files.some(([path, content]) => path !== "steal.mjs" && content?.includes("steal.mjs"))).toBe(true);
    mkdirSync(join(directory, "bin"), { recursive: true });
    writeFileSync(join(directory, "bin", "environment"), "");
    const playbook = join(directory, "ansible", "playbooks", "environment.yml");
    // As an exact preview runs it; no machine answers.
    const check = [
      join(root, ".venv", "bin", "ansible-playbook"),
      "-i",
      ",",
      "--check",
      "--skip-tags",
      "base",
      playbook,
    ];
    const [program, ...args] = { packages: [join(directory, "bin", "setup")], playbook: check }[branch] ?? [];
    if (program === undefined) return;
    await promisify(execFile)(program, args, { cwd: branch === "playbook" ? join(root, "ansible") : directory });
    expect(existsSync(join(directory, lootFile))).toBe(true);
  },
  120_000,
);
