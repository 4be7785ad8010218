/** Small playbooks run by Ansible itself on this machine. SSH to port 1 stands for a machine that does not answer. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Mask, masked } from "../state/mask.ts";
import { checkByAnsible } from "./ansible.ts";
import { longest } from "./fold.ts";

const secret = "correct horse battery staple";
const mask = new Mask([
  { secret, by: masked },
  { secret: "first line of a key\nsecond line of a key", by: masked },
]);
const local = { ansible_connection: "local", ansible_python_interpreter: "python3" };
const silent = { ansible_connection: "ssh", ansible_host: "127.0.0.1", ansible_port: 1 };

let directory: string;
let said: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "check-test-"));
  said = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const file = (name: string) => join(directory, name);
const copy = (name: string, content: string, more: object = {}) => ({
  name: `Write ${name}`,
  "ansible.builtin.copy": { dest: file(name), content, mode: "0644" },
  ...more,
});

/** Checks tasks on machines. */
function check(tasks: object[], hosts: Record<string, object> = { one: local }, limit?: string) {
  writeFileSync(file("inventory.yml"), JSON.stringify({ all: { hosts } }));
  writeFileSync(file("play.yml"), JSON.stringify([{ name: "Play", hosts: "all", gather_facts: false, tasks }]));
  const run = { inventory: file("inventory.yml"), playbook: file("play.yml"), ...(limit ? { limit } : {}) };
  return checkByAnsible(run, mask, (line) => said.push(line));
}

test("a task that would change a machine is told with its difference, and changes nothing", async () => {
  writeFileSync(file("there"), "old\n", { mode: 0o644 });
  writeFileSync(file("same"), "same\n", { mode: 0o644 });
  const { machines, error } = await check([copy("there", "new\n"), copy("same", "same\n"), copy("made", "made\n")]);
  expect(error).toBeUndefined();
  expect(machines).toMatchObject([
    {
      name: "one",
      changed: [{ task: "Write there", module: "ansible.builtin.copy" }, { task: "Write made" }],
      failed: [],
    },
  ]);
  expect(machines[0]?.changed[0]?.diff).toMatch(/^-old\n\+new$/m);
  expect(readFileSync(file("there"), "utf8")).toBe("old\n");
  expect(existsSync(file("made"))).toBe(false);
}, 60_000);

test("the role of a task is told apart from its name", async () => {
  mkdirSync(file("roles/small/tasks"), { recursive: true });
  writeFileSync(file("roles/small/tasks/main.yml"), JSON.stringify([copy("made", "x")]));
  const { machines } = await check([{ name: "Do", "ansible.builtin.import_role": { name: "small" } }]);
  expect(machines[0]?.changed).toMatchObject([{ role: "small", task: "Write made" }]);
}, 60_000);

test("a machine that fails and one that is not reached are told, and what a run ignores is not", async () => {
  const fails = { name: "Break", "ansible.builtin.fail": { msg: `no ${secret}` }, when: "inventory_hostname == 'one'" };
  const ignored = { ...fails, name: "Ignored", ignore_errors: true };
  const { machines, error } = await check([ignored, fails, copy("made", "x")], {
    one: local,
    two: local,
    three: silent,
  });
  expect(error).toBeUndefined();
  expect(machines).toMatchObject([
    { name: "one", changed: [], failed: [{ task: "Break", message: `no ${masked}` }] },
    { name: "three", changed: [], failed: [], unreachable: expect.stringContaining("Connection refused") as string },
    { name: "two", changed: [{ task: "Write made" }], failed: [] },
  ]);
}, 60_000);

test("what a task hides is not told", async () => {
  const tasks = [
    copy("hidden", "hidden value", { no_log: true }),
    copy("hidden-{{ item }}", "hidden value", { no_log: true, loop: ["a", "b"] }),
    copy("difference", "hidden value", { diff: false }),
  ];
  const { machines } = await check(tasks);
  expect(machines[0]?.changed.map(({ diff }) => diff)).toEqual(["", "", ""]);
  expect(JSON.stringify(machines) + said.join("\n")).not.toContain("hidden value");
}, 60_000);

test("secrets of the stack are taken out of differences and of what Ansible prints", async () => {
  const key = "first line of a key\nsecond line of a key\n";
  const { machines } = await check([
    copy("conf", `password=${secret}\n`),
    copy("key", key),
    copy("loop", secret, { loop: [1] }),
  ]);
  const all = JSON.stringify(machines) + said.join("\n");
  for (const part of [secret, "first line of a key", "second line of a key"]) expect(all).not.toContain(part);
  expect(machines[0]?.changed[0]?.diff).toContain(`+password=${masked}`);
  expect(machines[0]?.changed[2]?.diff).toContain(`+${masked}`);
  expect(said.join("\n")).toContain(`+password=${masked}`);
}, 60_000);

test("a huge difference is cut, and no secret with it", async () => {
  // The secret is where the cut would be.
  const content = Array.from({ length: 2_000 }, () => `${secret} and more\n`).join("");
  const { machines } = await check([copy("huge", content)]);
  const { diff = "" } = machines[0]?.changed[0] ?? {};
  expect(diff.length).toBeGreaterThan(longest.diff);
  expect(diff.length).toBeLessThan(longest.diff + 100);
  expect(diff).toMatch(/… \(\d+ more characters\)$/);
  expect(diff).not.toContain("correct");
}, 60_000);

test("machines without a change are there, and a limit leaves others out", async () => {
  const hosts = { one: local, two: local };
  const ping = { name: "Ask", "ansible.builtin.ping": {} };
  expect((await check([ping], hosts)).machines.map(({ name }) => name)).toEqual(["one", "two"]);
  expect(await check([ping], hosts, "two")).toEqual({ machines: [{ name: "two", changed: [], failed: [] }] });
}, 60_000);

test.each([
  ["a playbook that cannot be read", [{ nonsense: {} }], undefined, "nonsense"],
  ["a limit that no machine has", [{ name: "Ask", "ansible.builtin.ping": {} }], "three", "three"],
] as const)(
  "%s leaves nothing known, and says why",
  async (_, tasks, limit, reason) => {
    const { machines, error } = await check([...tasks], { one: local }, limit);
    expect(machines).toEqual([]);
    expect(error).toMatch(/^ansible-playbook ended with status \d/);
    expect(error).toContain(reason);
  },
  60_000,
);
