import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const root = join(import.meta.dirname, "..");
const program = join(import.meta.dirname, "runPlaybook.ts");

// Ansible starts slowly on a busy host.
vi.setConfig({ testTimeout: 60_000 });

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tools-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs the program with a shell script in place of ansible-playbook. */
function run(script: string, ...args: string[]) {
  const command = join(directory, "ansible-playbook");
  writeFileSync(command, `#!/bin/sh\n${script}\n`);
  chmodSync(command, 0o755);
  return spawnSync(process.execPath, [program, ...args], {
    encoding: "utf8",
    env: { ...process.env, PLATFORM_TOOLS: directory, PLATFORM_CONTENT: '{"a":"b"}' },
  });
}

/** Runs the program with Ansible itself, on this machine in the place of two others. */
function play(tasks: object[]) {
  const playbook = join(directory, "playbook.yml");
  writeFileSync(playbook, JSON.stringify([{ name: "P", hosts: "all", gather_facts: false, tasks }]));
  const args = ["-i", "front1.dev,front2.dev,", "-c", "local", playbook];
  return spawnSync(process.execPath, [program, ...args], {
    encoding: "utf8",
    cwd: join(root, "ansible"),
    env: { ...process.env, ANSIBLE_STRATEGY: "linear" },
  });
}

test("arguments and environment reach ansible-playbook, and its output comes through", () => {
  const result = run('echo "$@"; echo "$PLATFORM_CONTENT" >&2', "-i", "inventory/dev.yml", "playbooks/site.yml");
  expect([result.status, result.stdout, result.stderr]).toEqual([
    0,
    '-i inventory/dev.yml playbooks/site.yml\n{"a":"b"}\n',
    "",
  ]);
});

test("while there is no way to the machines nothing is run, and said so", () => {
  vi.stubEnv("PLATFORM_LEFT_OUT", "production");
  const left = run("echo ran");
  expect([left.status, left.stdout, left.stderr]).toEqual([
    ...[0, "left out: the machines are reached through production, which does not stand yet\n", ""],
  ]);
  vi.stubEnv("PLATFORM_LEFT_OUT", "");
  expect(run("echo ran").stdout).toBe("ran\n");
  vi.unstubAllEnvs();
});

test("a failure ends with its status, and machine, task and message as the error", () => {
  const fails = { name: "Install", "ansible.builtin.fail": { msg: "no such package" } };
  const result = play([{ ...fails, when: "inventory_hostname == 'front1.dev'" }]);
  expect(result.stdout).toContain("TASK [Install]");
  expect(result.status).toBe(2);
  expect(result.stderr).toBe(`front1.dev: task "Install" failed
    no such package
ansible-playbook ended with status 2
`);
});

test("items are told one by one, with what their command said", () => {
  const loop = { name: "Ask", "ansible.builtin.command": "ls /{{ item }}", loop: ["nowhere", "", "never"] };
  const { stderr } = play([{ ...loop, when: "inventory_hostname == 'front2.dev'" }]);
  expect(stderr).toMatch(/^front2\.dev: task "Ask" failed\n[^]*nowhere[^]*never[^]*\nansible-playbook ended/);
});

test("a failure that the playbook ignores is none, and what a task hides stays hidden", () => {
  const { stderr } = play([
    { name: "Try", "ansible.builtin.command": "false", ignore_errors: true },
    { name: "Hide", "ansible.builtin.command": "ls /correct-horse", no_log: true },
  ]);
  expect(stderr).not.toContain("Try");
  expect(stderr).toContain('task "Hide" failed');
  expect(stderr).not.toContain("correct-horse");
});

test("a failure that a rescue mends is none, one in the rescue itself is", () => {
  const fails = (name: string) => ({ name, "ansible.builtin.command": "false" });
  const mended = { block: [fails("Try")], rescue: [{ name: "Mend", "ansible.builtin.command": "true" }] };
  const outer = { block: [{ block: [fails("Inner")], rescue: [fails("Inner rescue")] }], rescue: mended.rescue };
  const { stdout, stderr } = play([mended, outer, { block: [fails("First")], rescue: [fails("Second")] }]);
  expect(stdout.match(/^TASK \[Mend\]/gm)).toHaveLength(2);
  // In the order in which the machines answered.
  const told = [...stderr.matchAll(/^(.*: task ".*") failed$/gm)].map(([, found]) => found);
  expect(told.sort()).toEqual(['front1.dev: task "Second"', 'front2.dev: task "Second"']);
});

test("a machine that cannot be reached is told too, with the words of SSH", () => {
  const tasks = [
    {
      name: "Leave",
      "ansible.builtin.set_fact": { ansible_connection: "ssh", ansible_host: "127.0.0.1", ansible_port: 1 },
    },
    { name: "Ask", "ansible.builtin.ping": {} },
  ];
  expect(play(tasks).stderr).toMatch(/^front1\.dev: task "Ask" failed\n.*connect to host 127\.0\.0\.1 port 1/m);
});

test("a line of 200,000 characters comes in pieces that the provider takes", () => {
  const { stdout } = run("head -c 200000 /dev/zero | tr '\\0' x");
  const lines = stdout.trimEnd().split("\n");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(64 * 1024);
  expect(lines.join("").length).toBe(200_000);
});

test("a run that was killed is a failure", () => {
  const result = run("kill -TERM $$");
  expect(result.status).not.toBe(0);
  expect(result.stderr).toContain("ansible-playbook was stopped by SIGTERM");
});

test.each(["says nothing", "goes on talking"])(
  "a run whose caller was killed is stopped, so that the next one has the machines for itself (one that %s)",
  async (how) => {
    const told = join(directory, "told");
    const says = how === "goes on talking" ? "echo working" : ":";
    writeFileSync(
      join(directory, "ansible-playbook"),
      `#!/bin/sh\ntrap 'echo stopped >${told}; exit 1' TERM\necho begun >${told}\nwhile ${says}; do sleep 0.05; done\n`,
      { mode: 0o755 },
    );
    const caller = spawn(
      process.execPath,
      ["-e", `require("child_process").spawn(process.execPath, [${JSON.stringify(program)}])`],
      { stdio: "ignore", env: { ...process.env, PLATFORM_TOOLS: directory } },
    );
    const content = () => (existsSync(told) ? readFileSync(told, "utf8").trim() : "");
    await expect.poll(content, { timeout: 20_000 }).toBe("begun");
    caller.kill("SIGKILL");
    await expect.poll(content, { timeout: 10_000 }).toBe("stopped");
  },
);

test("a run in which a machine was lost is made once more, and one that only failed is not", () => {
  const says = (how: string) => JSON.stringify({ host: "front1.dev", task: "T", message: "gone", how });
  const script = (how: string) => `echo run >>${directory}/runs
test $(wc -l <${directory}/runs) -gt 1 && exit 0
echo '${says(how)}' >>"$PLATFORM_FAILURES"
exit 4`;
  const runs = () => readFileSync(join(directory, "runs"), "utf8").split("\n").length - 1;
  const lost = run(script("lost"));
  expect([lost.status, lost.stderr, runs()]).toEqual([0, "", 2]);
  expect(lost.stdout).toContain("lost in mid-run: front1.dev; once more");
  rmSync(join(directory, "runs"));
  expect([run(script("failed")).status, runs()]).toEqual([4, 1]);
});

test("a machine that stays lost is told once, after two runs", () => {
  const says = JSON.stringify({ host: "front1.dev", task: "T", message: "gone", how: "lost" });
  const { status, stdout, stderr } = run(`echo '${says}' >>"$PLATFORM_FAILURES"; echo begun; exit 4`);
  expect([status, stdout.match(/begun/g)?.length]).toEqual([4, 2]);
  expect(stderr).toBe('front1.dev: task "T" failed\n    gone\nansible-playbook ended with status 4\n');
});
