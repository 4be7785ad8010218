/** The lab's packages, as apt takes them, and what is in them: on loopback, without root, as far as that goes. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../commands.ts";
import { ensureRepository, packagesFolder, standInRepository } from "./repository.ts";

let directory: string;
/** Where the packages' files are, as on a machine. */
let machine: string;
let packages: string;
const started: ChildProcess[] = [];

const text = (command: string, args: string[], env: NodeJS.ProcessEnv = {}) =>
  execFileSync(command, args, { encoding: "utf8", env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "lab-standins-"));
  machine = join(directory, "machine");
  packages = packagesFolder(directory);
  expect(standInRepository(directory)).toBeUndefined();
  await ensureRepository(directory);
}, 60_000);
afterAll(async () => {
  for (const process of started) {
    if (process.exitCode !== null || process.signalCode !== null) continue;
    process.kill();
    await once(process, "exit");
  }
  rmSync(directory, { recursive: true });
});

/** Runs apt with nothing of this host's but its program. */
function apt(name: string, key: string, ...args: string[]): string {
  const root = join(directory, name);
  for (const folder of ["etc/apt.conf.d", "etc/preferences.d", "state/lists/partial", "cache/archives/partial"])
    mkdirSync(join(root, folder), { recursive: true });
  const source = `deb [trusted=no signed-by=${key}] file:${packages} trixie main`;
  writeFileSync(join(root, "sources.list"), `${source}\n`);
  writeFileSync(join(root, "status"), "");
  const options = {
    "Dir::Etc": join(root, "etc"),
    "Dir::Etc::sourcelist": join(root, "sources.list"),
    "Dir::Etc::sourceparts": "-",
    "Dir::State": join(root, "state"),
    "Dir::State::status": join(root, "status"),
    "Dir::Cache": join(root, "cache"),
    "APT::Architecture": "amd64",
    "APT::Sandbox::User": "",
  };
  const given = Object.entries(options).flatMap(([option, value]) => ["-o", `${option}=${value}`]);
  return text("apt-get", [...given, ...args], { APT_CONFIG: "/dev/null" });
}

test("apt takes the repository by its key, and knows both packages under their own names", () => {
  const { keyFingerprint } = standInRepository(directory) ?? { keyFingerprint: "" };
  const key = join(packages, "key.asc");
  expect(text("gpg", ["--homedir", directory, "--with-colons", "--show-keys", key])).toContain(keyFingerprint);
  apt("apt", key, "update");
  const offered = apt("apt", key, "--print-uris", "download", "gitlab-ee", "gitlab-runner");
  expect(offered).toMatch(/gitlab-ee_18\.6\.1-ee\.0\+lab\.[0-9a-f]{8}_all\.deb/);
  expect(offered).toMatch(/gitlab-runner_18\.6\.0-1\+lab\.[0-9a-f]{8}_all\.deb/);
});

test("apt refuses it by another key", async () => {
  const other = join(directory, "other");
  mkdirSync(other);
  await ensureRepository(other);
  expect(() => apt("refused", join(packagesFolder(other), "key.asc"), "update", "--error-on=any")).toThrow();
});

test("it is not made anew as long as its sources are the same", async () => {
  const before = statSync(join(packages, "dists/trixie/InRelease")).ctimeMs;
  await ensureRepository(directory);
  expect(statSync(join(packages, "dists/trixie/InRelease")).ctimeMs).toBe(before);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a program of a package in the machine's folder. */
function start(command: string[]): ChildProcess {
  const process = spawn(command[0] ?? "", command.slice(1), {
    env: { ...globalThis.process.env, STANDIN_ROOT: machine },
    stdio: ["ignore", "ignore", "inherit"],
  });
  started.push(process);
  return process;
}

test("a push makes a job, a runner that was registered runs it, and a backup with its secrets brings all of it back", async () => {
  for (const name of ["gitlab-ee", "gitlab-runner"]) {
    const [file = ""] = text("sh", ["-c", `ls ${packages}/pool/${name}_*`])
      .trim()
      .split("\n");
    text("dpkg-deb", ["-x", file, machine]);
  }
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const gitlab = join(machine, "opt/gitlab/bin");
  // Systemd's part: the service runs while this test says so.
  const fake = join(directory, "fake");
  mkdirSync(fake);
  writeFileSync(join(fake, "systemctl"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(fake, "chown"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(fake, "runuser"), '#!/bin/sh\nshift 3\nexec "$@"\n', { mode: 0o755 });
  const env = { STANDIN_ROOT: machine, PATH: `${fake}:${process.env["PATH"]}` };
  process.env["PATH"] = env.PATH;

  mkdirSync(join(machine, "etc/gitlab"), { recursive: true });
  writeFileSync(
    join(machine, "etc/gitlab/gitlab.rb"),
    `external_url 'https://gitlab.test'\nnginx['listen_https'] = false\nnginx['listen_port'] = ${port}\n`,
  );
  text(join(gitlab, "gitlab-ctl"), ["reconfigure"], env);
  const serve = () => start(["python3", "-I", join(machine, "opt/gitlab/embedded/standin.py"), "serve"]);
  let service = serve();
  const healthy = async () =>
    eventually(
      () =>
        fetch(`${url}/-/readiness`).then(
          ({ status }) => status,
          () => 0,
        ),
      (status) => status === 200,
      10,
    );
  await healthy();
  const [, password = ""] =
    /^Password: (.*)$/m.exec(readFileSync(join(machine, "etc/gitlab/initial_root_password"), "utf8")) ?? [];
  const ask = async (path: string, body?: object, token = password) => {
    const answer = await fetch(`${url}/api/v4/${path}`, {
      ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
      headers: { "PRIVATE-TOKEN": token, "content-type": "application/json" },
    });
    const said = await answer.text();
    return {
      status: answer.status,
      body: said.startsWith("{") || said.startsWith("[") ? (JSON.parse(said) as unknown) : said,
    };
  };
  expect((await ask("user/runners", {}, "wrong")).status).toBe(401);
  expect((await ask("projects", { name: "app" })).body).toMatchObject({ id: 1, path_with_namespace: "root/app" });
  const { token } = (await ask("user/runners", {})).body as { token: string };
  expect(token).toMatch(/^glrt-/);
  expect((await ask("runners/verify", { token })).status).toBe(200);
  expect((await ask("runners/verify", { token: "glrt-unknown" })).status).toBe(403);

  const push = (content: string, credentials: string) => {
    const folder = mkdtempSync(join(directory, "work-"));
    const git = (...args: string[]) =>
      text("git", ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-C", folder, ...args], {
        GIT_TERMINAL_PROMPT: "0",
      });
    git("init", "--quiet", "--initial-branch=main");
    writeFileSync(join(folder, "word"), content);
    writeFileSync(
      join(folder, ".gitlab-ci.yml"),
      'good:\n  script: ["echo the word is $(cat word)"]\nbad:\n  script:\n    - "false"\n    - echo not reached\n',
    );
    git("add", ".");
    git("commit", "--quiet", "--message", "One");
    git("push", "--quiet", "--force", `http://${credentials}@127.0.0.1:${port}/root/app.git`, "main");
  };
  expect(() => push("no", "root:wrong")).toThrow();
  push("first", `root:${password}`);
  expect((await ask("projects/1/jobs")).body).toMatchObject([{ status: "pending" }, { status: "pending" }]);

  const config = join(directory, "config.toml");
  writeFileSync(
    config,
    `concurrent = 2\ncheck_interval = 1\n[[runners]]\nurl = "${url}"\nclone_url = "${url}"\ntoken = "${token}"\nexecutor = "shell"\n`,
  );
  const user = text("id", ["-un"]).trim();
  const home = mkdtempSync(join(directory, "home-"));
  const runner = start([
    join(machine, "usr/bin/gitlab-runner"),
    ...["run", "--config", config, "--working-directory", home, "--user", user],
  ]);
  const jobs = async () =>
    eventually(
      async () => (await ask("projects/1/jobs")).body as { id: number; status: string }[],
      (found) => found.every(({ status }) => status === "success" || status === "failed"),
      20,
    );
  expect(await jobs()).toMatchObject([
    { name: "good", status: "success" },
    { name: "bad", status: "failed" },
  ]);
  expect((await ask("projects/1/jobs/1/trace")).body).toContain("the word is first");
  expect((await ask("projects/1/jobs/2/trace")).body).not.toContain("not reached");
  // As systemd ends it.
  runner.kill("SIGQUIT");
  expect(await once(runner, "exit")).toEqual([0, null]);

  const stop = async () => {
    service.kill();
    await once(service, "exit");
  };
  text(join(gitlab, "gitlab-backup"), ["create", "BACKUP=one", "CRON=1"], env);
  const secrets = join(machine, "etc/gitlab/gitlab-secrets.json");
  const kept = readFileSync(secrets, "utf8");
  await stop();
  rmSync(join(machine, "var/opt/gitlab/state.json"));
  rmSync(join(machine, "var/opt/gitlab/repositories"), { recursive: true });
  rmSync(secrets);
  text(join(gitlab, "gitlab-ctl"), ["reconfigure"], env);
  text(join(gitlab, "gitlab-backup"), ["restore", "BACKUP=one", "force=yes"], env);
  service = serve();
  await healthy();
  // By the secrets of another machine nobody is known.
  expect((await ask("projects/1/jobs")).status).toBe(401);
  await stop();
  writeFileSync(secrets, kept);
  text(join(gitlab, "gitlab-ctl"), ["reconfigure"], env);
  text(join(gitlab, "gitlab-rake"), ["gitlab:check", "SANITIZE=true"], env);
  service = serve();
  await healthy();
  expect((await ask("projects/1/jobs")).body).toHaveLength(2);
  expect((await ask("runners/verify", { token })).status).toBe(200);
  const clone = join(directory, "clone");
  text("git", ["clone", "--quiet", `http://root:${password}@127.0.0.1:${port}/root/app.git`, clone]);
  expect(readFileSync(join(clone, "word"), "utf8")).toBe("first");
}, 120_000);
