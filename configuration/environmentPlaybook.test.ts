/**
 * `ansible/playbooks/environment.yml` run by Ansible itself, on this machine in the place of several, with plays of the
 * test's own between its beginning and its end. SSH to port 1 stands for a machine that does not answer.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { load } from "js-yaml";

const ansible = join(import.meta.dirname, "..", "ansible");
const program = join(import.meta.dirname, "runPlaybook.ts");
const silent = { ansible_connection: "ssh", ansible_host: "127.0.0.1", ansible_port: 1 };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "environment-"));
  copyFileSync(join(ansible, "playbooks", "environment.yml"), join(directory, "environment.yml"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const play = (kind: string, tasks: object[]) => ({
  name: kind,
  hosts: `${kind}:!unreached`,
  gather_facts: false,
  serial: 1,
  max_fail_percentage: 0,
  tasks: [...tasks, { "ansible.builtin.shell": `echo {{ inventory_hostname }} >>${directory}/configured` }],
});

/** Runs the playbook for the machines of three kinds; `hosts` are their connections. */
function environment(
  strategy: "linear" | "mitogen_linear",
  hosts: Record<string, object>,
  site: object[] = [play("proxy", []), play("back", []), play("front", [])],
  base: object[] = [{ ...play("all", []), tasks: [] }],
  ...flags: string[]
) {
  const of = (kind: string) => Object.keys(hosts).filter((name) => name.startsWith(kind));
  const children = Object.fromEntries(
    ["proxy", "back", "front"].map((kind) => [kind, { hosts: Object.fromEntries(of(kind).map((name) => [name, {}])) }]),
  );
  const inventory = { all: { hosts, children: { ...children, unreached: {} } } };
  writeFileSync(join(directory, "inventory.yml"), JSON.stringify(inventory));
  writeFileSync(join(directory, "base.yml"), JSON.stringify(base));
  writeFileSync(join(directory, "site.yml"), JSON.stringify(site));
  const args = [
    ...flags,
    "-i",
    join(directory, "inventory.yml"),
    "-e",
    "environment_patience=1 ansible_python_interpreter=python3",
  ];
  const run = spawnSync(process.execPath, [program, ...args, join(directory, "environment.yml")], {
    encoding: "utf8",
    cwd: ansible,
    env: { ...process.env, ANSIBLE_STRATEGY: strategy },
  });
  const configured = join(directory, "configured");
  return { ...run, configured: existsSync(configured) ? readFileSync(configured, "utf8").trim().split("\n") : [] };
}

const local = { ansible_connection: "local" };

test.each(["linear", "mitogen_linear"] as const)(
  "a machine that does not answer is left out, the others are configured, and the end names it (%s)",
  (strategy) => {
    const { status, stdout, stderr, configured } = environment(strategy, {
      back1: silent,
      back2: local,
      front1: local,
    });
    expect(configured).toEqual(["back2", "front1"]);
    expect(status).toBe(2);
    expect(stdout.match(/^PLAY \[Find the machines/gm)).toHaveLength(1);
    expect(stderr).toMatch(/^back1: task "Wait until the machine answers" failed\n[^]*port 1: Connection refused/);
    expect(stderr).toMatch(/^back1: task "Fail for the machine that was left out" failed\n.*was left out/m);
    expect(stderr).not.toMatch(/^(back2|front1)/m);
  },
  60_000,
);

test("a kind of which no machine answers keeps no other from being configured", () => {
  const { status, configured } = environment("mitogen_linear", { proxy1: silent, back1: local, front1: local });
  expect([status, configured]).toEqual([2, ["back1", "front1"]]);
}, 60_000);

test("a machine that is lost in mid-run is left out of a second run, which configures the others", () => {
  const lost = join(directory, "lost");
  const dies = { ...silent, ansible_connection: `{{ 'ssh' if '${lost}' is exists else 'local' }}` };
  const back = play("back", [
    { "ansible.builtin.file": { path: lost, state: "touch" }, delegate_to: "localhost" },
    { name: "Ask", "ansible.builtin.ping": {} },
  ]);
  const { status, stdout, stderr, configured } = environment("linear", { back1: dies, back2: local, front1: local }, [
    back,
    play("front", []),
  ]);
  expect(stdout).toContain("lost in mid-run: back1; once more, with the machines that answer");
  expect([status, configured]).toEqual([2, ["back2", "front1"]]);
  expect(stderr).toMatch(/^back1: .*was left out|^back1: task "Fail for the machine that was left out"/m);
}, 60_000);

test("the first failure of a task ends the run, as it does with every machine there", () => {
  const fails = play("back", [{ name: "Break", "ansible.builtin.fail": { msg: "no" } }]);
  const site = [play("proxy", []), fails, play("front", [])];
  const hosts = { proxy1: local, back1: local, back2: local, front1: local, front2: silent };
  const { status, stdout, stderr, configured } = environment("mitogen_linear", hosts, site);
  expect([status, configured]).toEqual([2, ["proxy1"]]);
  expect(stdout).not.toContain("once more");
  expect(stderr).toMatch(/^front2: task "Wait until the machine answers" failed/m);
  expect(stderr).toContain('back1: task "Break" failed\n    no\n');
  expect(stderr).not.toContain("back2");
}, 60_000);

/** `ansible/playbooks/base.yml` as it is, with tasks in the place of each play's roles. */
function base(...tasks: object[][]): object[] {
  const plays = load(readFileSync(join(ansible, "playbooks", "base.yml"), "utf8")) as Record<string, unknown>[];
  return plays.map((play, number) => ({ ...play, become: false, roles: [], tasks: tasks[number] }));
}

test.each(["linear", "mitogen_linear"] as const)(
  "a task of base.yml that fails on one machine ends the run, before SSH is tried and before any kind (%s)",
  (strategy) => {
    const write = (what: string) => ({ "ansible.builtin.shell": `echo ${what} >>${directory}/configured` });
    const fails = { "ansible.builtin.fail": { msg: "no" }, when: "inventory_hostname == 'back1'" };
    const { status, stderr, configured } = environment(
      strategy,
      { back1: local, back2: local, front1: local, front2: silent },
      undefined,
      base([write("base"), { name: "Break", ...fails }, write("after")], [write("ssh")]),
    );
    expect([status, configured]).toEqual([2, ["base", "base", "base"]]);
    expect(stderr).toContain('back1: task "Break" failed\n    no\n');
    expect(stderr).toMatch(/^front2: task "Wait until the machine answers" failed/m);
  },
  60_000,
);

test("a check leaves out the machines that a run would leave out", () => {
  const hosts = { back1: silent, front1: local };
  const { status, stdout, stderr, configured } = environment("linear", hosts, undefined, undefined, "--check");
  expect([status, configured]).toEqual([2, []]);
  expect(stdout).not.toContain("UNREACHABLE");
  expect(stderr).toMatch(/^back1: task "Fail for the machine that was left out" failed/m);
}, 60_000);

test("where every machine answers, nothing is left out and the run succeeds", () => {
  const { status, stdout, configured } = environment("mitogen_linear", { back1: local, front1: local });
  expect([status, configured]).toEqual([0, ["back1", "front1"]]);
  expect(stdout).toMatch(/^back1 .*changed=1 .*failed=0 .*ignored=0/m);
}, 60_000);
