/**
 * Mistakes in a run of Ansible, and machines that do not answer, under load: neither stops nor breaks the environment.
 * The tests build on each other, in their order. They do not prove anything about Azure itself.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseCheck } from "../../../delivery/check/record.ts";
import { eventually, lab, labCommand, on, run, status, type Result } from "../../commands.ts";
import { root } from "../../paths.ts";
import { failuresDuring } from "../underLoad.ts";

const www = "http://www.dev.chatbot.example/";
const ansible = join(root, "ansible");
/** A playbook for which dev has no machine: a change of it has Ansible run, and changes no machine's custom data. */
const unused = join(ansible, "playbooks", "runner.yml");
const unusedContent = readFileSync(unused, "utf8");

beforeAll(async () => {
  // A machine that is frozen shall stay, so that a run meets it.
  process.env.LAB_REPAIR_GRACE = "1800";
  await lab("down");
  await lab("up", "dev");
  await untilHealthy();
});
afterAll(async () => {
  writeFileSync(unused, unusedContent);
  await lab("down");
});

const machines = async () => (await status("dev")).machines;
const untilHealthy = () => eventually(machines, (found) => found.every(({ health }) => health === "Healthy"), 180);
const ofTier = async (tier: string) => (await machines()).filter((one) => one.tier === tier);
const inventoryName = ({ hostName }: { hostName: string }) => `${hostName.toLowerCase()}.dev`;

/** The command of `pulumi up`, with other values of Ansible's variables. */
const configure = (variables: object = {}) =>
  run(
    [
      process.execPath,
      join(root, "configuration", "runPlaybook.ts"),
      ...["-i", "inventory/dev.yml", "playbooks/environment.yml", "--skip-tags", "base"],
      ...["-e", JSON.stringify(variables)],
    ],
    { cwd: ansible },
  );

/** The recap's lines, by machine. */
const recap = ({ stdout }: Result) =>
  (stdout.split("PLAY RECAP").at(-1) ?? "").split("\n").filter((line) => line.includes("ok="));
const failedMachines = (result: Result) =>
  recap(result)
    .filter((line) => !/failed=0/.test(line))
    .map((line) => line.split(" ")[0]);

async function expectNothingToDo() {
  const again = await configure();
  expect(again.status, again.output).toBe(0);
  expect(recap(again)).toHaveLength((await machines()).length);
  for (const line of recap(again)) expect(line).toMatch(/changed=0 +unreachable=0 +failed=0/);
}

test("a check finds nothing after an up, and afterwards what a hand has changed, on that machine alone", async () => {
  const directory = mkdtempSync(join(tmpdir(), "check-"));
  const out = join(directory, "check.json");
  const check = () => run([labCommand, "delivery", "check", "dev", "--expect-no-changes", "--out", out]);
  const changed = () =>
    parseCheck(readFileSync(out, "utf8")).machines.flatMap(({ name, changed: [first] }) =>
      first ? [{ name, first }] : [],
    );
  try {
    const none = await check();
    expect(none.status, none.output).toBe(0);
    expect(parseCheck(readFileSync(out, "utf8")).machines).toHaveLength((await machines()).length);
    const [front] = await ofTier("front");
    if (!front) throw new Error("dev has no front");
    await on(front.name, "sudo", "sh", "-c", "'echo by hand >>/etc/platform/drain.json'");
    const some = await check();
    expect(some.status, some.output).toBe(1);
    const first = { role: "drain", task: "Write its settings", diff: expect.stringContaining("-by hand") as string };
    expect(changed()).toMatchObject([{ name: inventoryName(front), first }]);
    expect((await on(front.name, "tail", "-n", "1", "/etc/platform/drain.json")).stdout).toContain("by hand");
  } finally {
    rmSync(directory, { recursive: true });
  }
  expect((await configure()).status).toBe(0);
  const mended = await run([labCommand, "delivery", "check", "dev", "--expect-no-changes"]);
  expect(mended.status, mended.output).toBe(0);
}, 1_200_000);

test("a frozen machine is left out of an up: the others are configured, and the end names it", async () => {
  const [frozen, back] = await ofTier("back");
  const [front] = await ofTier("front");
  const [proxy] = await ofTier("reverse-proxy");
  if (!frozen || !back || !front || !proxy) throw new Error("dev lacks machines");
  const others = [proxy, back, front];
  const drifted = "/etc/platform/drain.json";
  for (const { name } of others) await on(name, "sudo", "sh", "-c", `'echo >>${drifted}'`);
  const sizes = () => Promise.all(others.map(async ({ name }) => (await on(name, "wc", "-l", drifted)).stdout));
  const before = await sizes();
  await lab("kill", frozen.name, "--how", "freeze");
  await eventually(
    machines,
    (all) => all.some(({ name, health }) => name === frozen.name && health !== "Healthy"),
    120,
  );

  let up: Result | undefined;
  writeFileSync(unused, `${unusedContent}# Another run.\n`);
  const failures = await failuresDuring([`1 GET ${www}`], async () => {
    up = await run([labCommand, "up", "dev"]);
  });
  expect(up?.status, up?.output).not.toBe(0);
  expect(up?.output).toContain(`${inventoryName(frozen)}: task "Wait until the machine answers" failed`);
  expect(up?.output).toContain(`${inventoryName(frozen)}: task "Fail for the machine that was left out" failed`);
  for (const other of others) expect(up?.output).not.toContain(`${inventoryName(other)}: task `);
  const after = await sizes();
  after.forEach((size, index) => expect(size).not.toBe(before[index]));
  expect(failures).toEqual([]);

  await lab("kill", frozen.name, "--how", "thaw");
  await untilHealthy();
  await lab("up", "dev");
  await expectNothingToDo();
}, 1_200_000);

test("what a failed play left undone is done once its cause is mended, and no request fails", async () => {
  const failures = await failuresDuring([`1 GET ${www}`], async () => {
    // The unit is written; then nginx refuses its configuration.
    const broken = await configure({ nginx_reverse_proxy_connections: 8193, nginx_reverse_proxy_body_size: "20mm" });
    expect(broken.status).toBe(2);
    expect(failedMachines(broken)).toHaveLength(1);
    expect(broken.stderr).toContain("Write the configuration of nginx");
    const mended = await configure({ nginx_reverse_proxy_connections: 8193 });
    expect(mended.status, mended.output).toBe(0);
  });
  for (const { name } of await ofTier("reverse-proxy")) {
    const limits = await on(name, "sudo", "sh", "-c", `'cat /proc/$(cat /run/nginx.pid)/limits'`);
    expect(limits.stdout).toMatch(/Max open files +16386 /);
  }
  expect(failures).toEqual([]);
  const back = await configure();
  expect(back.status, back.output).toBe(0);
  await expectNothingToDo();
}, 1_200_000);

const everybodyGetsIn = async () => {
  for (const { name } of await machines()) expect((await on(name, "true")).status, name).toBe(0);
};

test("a mistake in the settings of sshd is refused on one machine, and no other has it", async () => {
  const mistaken = await configure({ debian_base_ssh_max_auth_tries: -1 });
  expect(mistaken.status, mistaken.output).toBe(2);
  expect(failedMachines(mistaken)).toHaveLength(1);
  expect(mistaken.stderr).toMatch(/sshd refuses its new settings, nothing was changed\.[^]*integer value too small/);
  for (const { name } of await machines()) {
    const setting = await on(name, "sudo", "grep", "MaxAuthTries", "/etc/ssh/sshd_config.d/10-platform.conf");
    expect(setting.stdout.trim(), name).toBe("MaxAuthTries 6");
  }
  await everybodyGetsIn();
  expect((await configure()).status).toBe(0);
  await expectNothingToDo();
}, 1_200_000);

test("keys with which nobody gets in are tried on one machine, which takes its old ones back", async () => {
  const inventory = load(readFileSync(join(ansible, "inventory", "dev.yml"), "utf8")) as {
    all: { children: { development: { vars: { platform_administrators: { user: string } } } } };
  };
  const { user } = inventory.all.children.development.vars.platform_administrators;
  const nobodys = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)}`;
  const mistaken = await configure({ authorized_keys_users: { [user]: [nobodys] } });
  expect(mistaken.status, mistaken.output).toBe(2);
  expect(failedMachines(mistaken)).toHaveLength(1);
  expect(mistaken.stderr).toMatch(/authorized_keys\.d\/\S+ nobody could log in[^]*Permission denied/);
  await everybodyGetsIn();
  expect((await configure()).status).toBe(0);
  await expectNothingToDo();
}, 1_200_000);

test("a change of sshd's settings reaches every machine, the jump hosts too, and everybody gets in", async () => {
  const changed = await configure({ debian_base_ssh_max_auth_tries: 7 });
  expect(changed.status, changed.output).toBe(0);
  for (const { name } of await machines()) {
    const settings = await on(name, "sudo", "sshd", "-T");
    expect(settings.stdout, name).toMatch(/^maxauthtries 7$/m);
    expect((await on(name, "systemctl", "is-active", "platform-ssh-back.timer")).stdout.trim(), name).toBe("inactive");
  }
  await everybodyGetsIn();
  expect((await configure()).status).toBe(0);
  await expectNothingToDo();
}, 1_200_000);
