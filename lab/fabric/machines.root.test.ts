/** Real machines: needs root, namespaces and Debian's packages (the image is made at the first run, half a minute). */
import { execFileSync, spawn, type ChildProcessByStdio } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { healthPort } from "../../environment/flows.ts";
import { Lack, until as poll } from "../polling.ts";
import type { Machine, MachineStatus } from "../world.ts";
import { run } from "./host.ts";
import { ensureImage } from "./image.ts";
import { Machines } from "./machines.ts";
import { setImageFault } from "./machine/imageFault.ts";
import { groupNames } from "./machine/cgroup.ts";
import { machineNamespace } from "./names.ts";

const stateDir = mkdtempSync(join(tmpdir(), "lab-machines-"));
const keyFile = join(stateDir, "key");
const caFile = join(stateDir, "ca.pem");
const cacheDir = process.env.LAB_CACHE ?? join(homedir(), ".cache", "platform-lab");
const made: Machine[] = [];
const filesBefore = nspawnFiles();
let machines: Machines;
let options: ConstructorParameters<typeof Machines>[0];

beforeAll(async () => {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", keyFile]);
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-subj",
      "/CN=Test authority",
      "-keyout",
      join(stateDir, "ca.key"),
      "-out",
      caFile,
    ],
    { stdio: "ignore" },
  );
  const image = await ensureImage({ cacheDir, log: () => {} });
  options = { stateDir, image, caFile, log: () => {}, silenceSeconds: 4 };
  machines = new Machines(options);
}, 300_000);

afterAll(async () => {
  await machines?.removeAll();
  for (const { id } of made) await run(["ip", "netns", "del", machineNamespace(id)], { accept: [1] });
  await run(["rm", "-rf", stateDir]);
}, 60_000);

/** A machine with a namespace of its own, linked to the host by a /30. */
async function newMachine(name: string, more: Partial<Machine> = {}): Promise<Machine> {
  const id = `/test/${randomUUID()}`;
  const namespace = machineNamespace(id);
  const net = `169.254.${100 + (process.pid % 100)}`;
  const first = made.length * 4;
  const address = `${net}.${first + 2}`;
  const link = namespace.replace("lab-m-", "lab-t-");
  await run(["ip", "netns", "add", namespace]);
  await run(["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace]);
  await run(["ip", "addr", "add", `${net}.${first + 1}/30`, "dev", link]);
  await run(["ip", "link", "set", link, "up"]);
  await run(["ip", "-n", namespace, "addr", "add", `${address}/30`, "dev", "eth0"]);
  for (const device of ["eth0", "lo"]) await run(["ip", "-n", namespace, "link", "set", device, "up"]);
  await run(["ip", "-n", namespace, "route", "add", "default", "via", `${net}.${first + 1}`]);
  const machine: Machine = {
    id,
    name,
    hostName: name,
    networkId: "",
    subnetId: "",
    address,
    image: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
    cpus: 1,
    memory: 1024,
    adminUser: "platform",
    sshKeys: [readFileSync(`${keyFile}.pub`, "utf8")],
    powered: true,
    generation: 0,
    scripts: [],
    tags: {},
    ...more,
  };
  made.push(machine);
  return machine;
}

/** Another process that converges to these machines; prints a line when it begins, and one when all are ready. */
function converger(wanted: Machine[]): ChildProcessByStdio<null, Readable, null> {
  const program = `
    import { Machines } from ${JSON.stringify(join(import.meta.dirname, "machines.ts"))};
    const machines = new Machines({ ...${JSON.stringify(options)}, log() {} });
    console.log("begins");
    await machines.converge(${JSON.stringify(wanted)});
    console.log("converged");
    setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
}

async function until<T>(what: string, probe: () => Promise<T | undefined> | T | undefined, seconds = 90): Promise<T> {
  const attempt = async () => {
    const value = await probe();
    return value !== undefined && value !== false ? value : new Lack(JSON.stringify(machines.statuses()));
  };
  return poll(what, attempt, { timeoutSeconds: seconds, intervalSeconds: 0.05 });
}

function statusOf(machine: Machine, of = machines): MachineStatus | undefined {
  return of.statuses().find(({ id }) => id === machine.id);
}

async function ready(machine: Machine): Promise<void> {
  await until(`${machine.name} is ready`, () => statusOf(machine)?.ready || undefined);
}

/** Host keys from the serial console, as the program takes them. */
async function hostKeys(machine: Machine): Promise<string[]> {
  const block = /-----BEGIN SSH HOST KEY KEYS-----\n([\s\S]*?)-----END SSH HOST KEY KEYS-----/;
  const found = await until(
    "host keys on the console",
    async () => block.exec(await machines.effects.serialLog(machine.id))?.[1],
  );
  return found.trim().split("\n");
}

async function ssh(machine: Machine, command: string): Promise<string> {
  const knownHosts = join(stateDir, `known-${machine.name}`);
  writeFileSync(knownHosts, (await hostKeys(machine)).map((key) => `${machine.address} ${key}\n`).join(""));
  const { stdout } = await run(
    [
      "ssh",
      "-i",
      keyFile,
      "-o",
      `UserKnownHostsFile=${knownHosts}`,
      "-o",
      "StrictHostKeyChecking=yes",
      "-o",
      "BatchMode=yes",
      `${machine.adminUser}@${machine.address}`,
      command,
    ],
    { timeoutSeconds: 20 },
  );
  return stdout.trim();
}

test("three machines boot, take their keys and user data, and are reached by SSH with keys from the console", async () => {
  const userData = "#cloud-config\nwrite_files:\n  - path: /etc/made-by-user-data\n    content: made\n";
  const customData = execFileSync("gzip", ["-c"], { input: userData }).toString("base64");
  const three = [await newMachine("first", { customData }), await newMachine("second"), await newMachine("third")];
  const started = performance.now();
  expect(await machines.converge(three)).toEqual([]);
  await Promise.all(three.map(ready));
  console.log(`three machines ready after ${Math.round(performance.now() - started)} ms`);
  for (const machine of three) expect(await ssh(machine, "hostname; sudo id -un")).toBe(`${machine.hostName}\nroot`);
  expect(statSync(join(stateDir, "machines")).mode & 0o077).toBe(0);
  const [first] = three as [Machine];
  expect(await ssh(first, "cat /etc/made-by-user-data")).toBe("made");
  expect(await ssh(first, "cat /etc/resolv.conf")).toBe("nameserver 168.63.129.16");
  expect(await ssh(first, "ansible --version | head -1")).toMatch(/core 2\./);
  expect(await ssh(first, "systemctl list-units --failed --plain --no-legend")).toBe("");
  expect(machines.effects.cpu(first.id)).toEqual({ seconds: expect.any(Number) as number, processors: 1 });
}, 120_000);

test("health follows the application's answers, and that of a machine that is frozen is missing", async () => {
  const [first] = made as [Machine];
  first.health = {
    protocol: "http",
    port: healthPort,
    path: "/health",
    interval: 1,
    probes: 2,
    grace: 3600,
    rich: true,
  };
  await machines.converge(made);
  await until("Initializing", () => statusOf(first)?.health === "Initializing" || undefined);
  // Where the host lets us say so, a machine that configures itself keeps to one processor.
  const limited = ["cgroup.controllers", "cpuset/lab-machines"].some((file) => existsSync(`/sys/fs/cgroup/${file}`));
  const processors = async (count: number) =>
    until(`${count} processors`, async () => (await ssh(first, "nproc")) === `${count}` || undefined);
  await processors(limited ? 1 : availableParallelism());
  const serve = (state: string) =>
    machines.effects.run(
      first.id,
      `
    mkdir -p /srv/h; echo '{"ApplicationHealthState":"${state}"}' >/srv/h/health
    systemctl is-active -q h || systemd-run -q --unit h python3 -m http.server -d /srv/h ${healthPort}`,
    );
  expect((await serve("Healthy")).exitStatus).toBe(0);
  await until("Healthy", () => statusOf(first)?.health === "Healthy" || undefined);
  await processors(availableParallelism());
  await serve("Unhealthy");
  await until("Unhealthy", () => statusOf(first)?.health === "Unhealthy" || undefined);
  await machines.effects.run(first.id, "systemctl stop h");
  await until("Unknown", () => statusOf(first)?.health === "Unknown" || undefined);
  await serve("Healthy");
  await until("Healthy again", () => statusOf(first)?.health === "Healthy" || undefined);
  await machines.kill(first, "freeze");
  await until("Missing when frozen", () => statusOf(first)?.health === "Missing" || undefined);
  await machines.kill(first, "thaw");
  await until("Healthy when thawed", () => statusOf(first)?.health === "Healthy" || undefined);
}, 90_000);

test("a script runs once per sequence, its secrets are on no disk and in no command line", async () => {
  const [first] = made as [Machine];
  const secret = randomUUID();
  first.scripts = [
    { id: "s", sequence: "1", command: `echo run >>/root/runs; : ${secret}; sleep 1; echo failed >&2; exit 3` },
  ];
  await machines.converge(made);
  await until(
    "the script runs",
    async () => (await machines.effects.run(first.id, "cat /root/runs")).stdout || undefined,
  );
  expect(
    readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid))
      .some((pid) => commandLine(pid).includes(secret)),
  ).toBe(false);
  const [result] = await until("the script's end", () =>
    statusOf(first)?.scripts.length ? statusOf(first)?.scripts : undefined,
  );
  expect(result).toEqual({ id: "s", sequence: "1", exitStatus: 3, stderr: "failed\n" });
  expect((await run(["grep", "-rl", secret, stateDir], { accept: [1, 2] })).stdout).toBe("");
  first.scripts = [{ id: "s", sequence: "2", command: "echo again >>/root/runs" }];
  await machines.converge(made);
  await until("the next sequence", () => statusOf(first)?.scripts.find(({ sequence }) => sequence === "2"));
  expect((await machines.effects.run(first.id, "cat /root/runs")).stdout).toBe("run\nagain\n");
}, 60_000);

test("machines survive kill -9 of the process that made them, and the next one finds them as they are", async () => {
  machines.stop();
  const nap = `3.${process.pid}`;
  const extra = await newMachine("extra", {
    scripts: [{ id: "s", sequence: "1", command: `sleep ${nap}; echo run >>/root/runs` }],
  });
  const child = converger(made);
  await until(
    "the script runs",
    async () => (await run(["pgrep", "-fx", `sleep ${nap}`], { accept: [1] })).stdout || undefined,
  );
  child.kill("SIGKILL");
  machines = new Machines(options);
  expect((await machines.list()).filter(({ running }) => running)).toHaveLength(4);
  expect(await machines.converge(made)).toEqual([]);
  await Promise.all(made.map(ready));
  await until("the script's end", () => statusOf(extra)?.scripts[0]);
  // Started by an agent that is gone, and not a second time.
  expect((await machines.effects.run(extra.id, "wc -l </root/runs")).stdout.trim()).toBe("1");
  expect(await ssh(made[0] as Machine, "sudo cat /root/runs")).toBe("run\nagain");
}, 90_000);

test("the process that makes machines can be killed at any moment, and the next one completes them", async () => {
  machines.stop();
  const extra = [await newMachine("cut"), await newMachine("short")];
  for (const after of [20, 100, 200, 350, 800]) {
    for (const machine of extra) machine.generation += 1;
    const child = converger(made);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    await sleep(after);
    child.kill("SIGKILL");
    machines = new Machines(options);
    expect(await machines.converge(made)).toEqual([]);
    await Promise.all(extra.map(ready));
    for (const machine of extra) expect(supervisors(machine)).toBe(1);
    machines.stop();
  }
  machines = new Machines(options);
  expect(await machines.converge(made)).toEqual([]);
}, 300_000);

test("a killed process is started again by the machine itself", async () => {
  const [, second] = made as [Machine, Machine];
  await ready(second);
  const pid = async () => (await machines.effects.run(second.id, "systemctl show -P MainPID serve")).stdout.trim();
  await machines.effects.run(
    second.id,
    "systemd-run -q --unit serve -p Restart=always -p RestartSec=0 python3 -m http.server 3000",
  );
  await until(
    "it serves",
    async () => (await machines.effects.run(second.id, "ss -Hltn sport = :3000")).stdout || undefined,
  );
  const before = await pid();
  await machines.kill(second, "process");
  await until("another process", async () => !["0", before].includes(await pid()) || undefined);
  expect(statusOf(second)?.power).toBe("running");
}, 60_000);

test("a machine that lost its power stays off until it is restarted, with its disk", async () => {
  const [, second] = made as [Machine, Machine];
  const keys = await hostKeys(second);
  await machines.effects.run(second.id, "echo kept >/root/kept; sync");
  await machines.kill(second, "power");
  // Silence, not a refusal by the kernel of the host.
  await run(["curl", "-s", "-m", "2", `http://${second.address}:1/`], { accept: [28] });
  await until("lost", () => statusOf(second)?.power === "lost" || undefined);
  await machines.converge(made);
  expect(statusOf(second)).toMatchObject({ power: "lost", ready: false });
  await machines.effects.restart(second.id);
  await ready(second);
  expect((await machines.effects.run(second.id, "cat /root/kept")).stdout).toBe("kept\n");
  expect(await hostKeys(second)).toEqual(keys);
}, 60_000);

test("a machine whose host is lost boots elsewhere after a while, with its disk; the next daemon does not begin anew", async () => {
  const [, second] = made as [Machine, Machine];
  const keys = await hostKeys(second);
  const healing = async (seconds: number) => {
    machines.stop();
    machines = new Machines({ ...options, serviceHealingSeconds: () => seconds });
    expect(await machines.converge(made)).toEqual([]);
  };
  try {
    await healing(4);
    await ready(second);
    const killed = performance.now();
    await machines.kill(second, "power");
    await until("lost", () => statusOf(second)?.power === "lost" || undefined);
    await ready(second);
    expect(performance.now() - killed).toBeGreaterThan(4000);
    expect((await machines.effects.run(second.id, "cat /root/kept")).stdout).toBe("kept\n");
    expect(await hostKeys(second)).toEqual(keys);

    await machines.kill(second, "power");
    // What this one has seen, the next one remembers.
    await until("lost", () => statusOf(second)?.power === "lost" || undefined);
    await sleep(2500);
    machines.stop();
    await healing(4);
    await until("it boots", () => statusOf(second)?.power !== "lost" || undefined, 3);
    await ready(second);
  } finally {
    await healing(Infinity);
  }
}, 120_000);

test("a guest that resets itself comes back at once, with its disk; one that shuts down is not healed", async () => {
  const [, second] = made as [Machine, Machine];
  const healing = async (seconds: number) => {
    machines.stop();
    machines = new Machines({ ...options, serviceHealingSeconds: () => seconds });
    expect(await machines.converge(made)).toEqual([]);
  };
  await healing(3600);
  await ready(second);
  const boot = async () => (await machines.effects.run(second.id, "cut -d' ' -f22 /proc/1/stat")).stdout;
  const before = await boot();
  await machines.kill(second, "reset");
  await until("it is down", () => statusOf(second)?.ready === false || undefined);
  await ready(second);
  expect(await boot()).not.toBe(before);
  expect((await machines.effects.run(second.id, "cat /root/kept")).stdout).toBe("kept\n");

  await machines.effects.run(second.id, "systemd-run -q --on-active=1s --timer-property=AccuracySec=100ms poweroff");
  await until("it is off", () => statusOf(second)?.power === "stopped" || undefined);
  await healing(1);
  await sleep(4000);
  expect(statusOf(second)?.power).toBe("stopped");
  machines.stop();
  machines = new Machines(options);
  await machines.converge(made);
  await machines.effects.restart(second.id);
  await ready(second);
}, 120_000);

test("a guest that reboots itself comes up again, and one that powers itself off stays off", async () => {
  const [, second] = made as [Machine, Machine];
  const boot = async () => (await machines.effects.run(second.id, "cut -d' ' -f22 /proc/1/stat")).stdout;
  await machines.effects.run(second.id, "echo kept >/root/rebooted");
  const before = await boot();
  // In a moment, so that the command's own answer arrives.
  await machines.effects.run(second.id, "systemd-run -q --on-active=1s --timer-property=AccuracySec=100ms reboot");
  await until("it is up again", async () => {
    if (!statusOf(second)?.ready) return undefined;
    return (await boot().catch(() => before)) !== before || undefined;
  });
  expect((await machines.effects.run(second.id, "cat /root/rebooted")).stdout).toBe("kept\n");
  expect(supervisors(second)).toBe(1);
  await machines.effects.run(second.id, "systemd-run -q --on-active=1s --timer-property=AccuracySec=100ms poweroff");
  await until("stopped", () => statusOf(second)?.power === "stopped" || undefined);
  await sleep(3000);
  await machines.converge(made);
  expect(statusOf(second)?.power).toBe("stopped");
  await machines.effects.restart(second.id);
  await ready(second);
}, 120_000);

test("a guest that reboots while there is no daemon comes up with the next one", async () => {
  const [, second] = made as [Machine, Machine];
  await machines.effects.run(second.id, "systemd-run -q --on-active=2s --timer-property=AccuracySec=100ms reboot");
  machines.stop();
  await until("it has ended", () => supervisors(second) === 0 || undefined);
  machines = new Machines(options);
  expect(await machines.converge(made)).toEqual([]);
  await ready(second);
}, 120_000);

// One that exits at once: lab/e2e/boot.test.ts.
test("a newborn machine of an image that hangs is tried again, and comes up when the image is whole", async () => {
  const said: string[] = [];
  machines.stop();
  setImageFault(stateDir, "hangs");
  // A machine that hangs is given up after half of this time.
  machines = new Machines({ ...options, provisioningSeconds: 12, log: (message) => said.push(message) });
  const [first] = made as [Machine];
  const newborn = await newMachine("newborn");
  expect(await machines.converge(made)).toEqual([]);
  await until("it is late", () => statusOf(newborn)?.late);
  expect(statusOf(newborn)).toMatchObject({
    power: "starting",
    ready: false,
    late: expect.stringContaining("the image is broken on purpose") as string,
  });
  expect(said.join("\n")).toMatch(
    new RegExp(`${newborn.name}: boot 1 failed, tried again in 1 s: .*broken on purpose`),
  );
  // Machines that were up before are not concerned.
  expect(statusOf(first)?.late).toBeUndefined();
  // Another daemon knows it at once.
  machines.stop();
  machines = new Machines({ ...options, provisioningSeconds: 12 });
  await machines.converge(made);
  expect(statusOf(newborn)?.late).toContain("the image is broken on purpose");
  setImageFault(stateDir, "whole");
  await ready(newborn);
  expect(statusOf(newborn)?.late).toBeUndefined();
  machines.stop();
  machines = new Machines(options);
  await machines.converge(made);
  await ready(first);
}, 180_000);

test("a machine whose link is cut goes on and hears nothing, until it is joined", async () => {
  const [first] = made as [Machine];
  await machines.effects.run(
    first.id,
    "systemd-run -q --unit file -p WorkingDirectory=/usr/bin python3 -m http.server 3001",
  );
  const answer = async () =>
    (
      await run(["curl", "-s", "-o", "/dev/null", "-m", "3", "-w", "%{http_code}", `http://${first.address}:3001/`], {
        accept: [28],
      })
    ).stdout;
  await until(
    "it serves",
    async () => (await machines.effects.run(first.id, "ss -Hltn sport = :3001")).stdout || undefined,
  );
  expect(await answer()).toBe("200");
  await machines.kill(first, "link");
  expect(await answer()).toBe("000");
  expect(statusOf(first)?.power).toBe("running");
  await machines.kill(first, "join");
  expect(await answer()).toBe("200");
}, 60_000);

test("a machine on a full disk can read and not write, until the disk is freed", async () => {
  const [first] = made as [Machine];
  const script = "cat /etc/hostname && echo x >>/etc/hostname; echo $?";
  await machines.kill(first, "full");
  await expect(machines.kill(first, "full")).rejects.toThrow("full already");
  const full = await machines.effects.run(first.id, script);
  expect(full.stdout).toBe("first\n2\n");
  expect(full.stderr).toContain("No space left on device");
  await machines.kill(first, "free");
  expect((await machines.effects.run(first.id, "echo x >>/root/room && cat /root/room")).stdout).toBe("x\n");
}, 60_000);

test("Reimage gives a new disk with new host keys; a lost disk needs it", async () => {
  const [, , third] = made as [Machine, Machine, Machine];
  const keys = await hostKeys(third);
  await machines.kill(third, "disk");
  await expect(machines.effects.restart(third.id)).rejects.toThrow("lost its disk");
  third.generation += 1;
  expect(await machines.converge(made)).toEqual([]);
  await ready(third);
  expect(await hostKeys(third)).not.toEqual(keys);
}, 60_000);

test("what one machine has downloaded, the next one has", async () => {
  const [first] = made as [Machine];
  const folder = "/var/cache/platform";
  const name = `test-${randomUUID()}`;
  await machines.effects.run(first.id, `mkdir -p ${folder}; echo downloaded >${folder}/${name}`);
  try {
    const next = await newMachine("next");
    expect(await machines.converge(made)).toEqual([]);
    await ready(next);
    const script = `cat ${folder}/${name}; echo changed >>${folder}/${name}; stat -c %a /root /var /var/cache/apt/archives`;
    expect((await machines.effects.run(next.id, script)).stdout).toBe("downloaded\n700\n755\n755\n");
    expect(readFileSync(join(cacheDir, "downloads", folder, name), "utf8")).toBe("downloaded\n");
  } finally {
    await run(["rm", "-f", join(cacheDir, "downloads", folder, name)]);
  }
}, 60_000);

test("a machine that is switched off stops, and starts again with its disk", async () => {
  const [first] = made as [Machine];
  first.powered = false;
  await machines.converge(made);
  expect(statusOf(first)?.power).toBe("stopped");
  first.powered = true;
  await machines.converge(made);
  await ready(first);
  expect((await machines.effects.run(first.id, "cat /root/runs")).stdout).toBe("run\nagain\n");
}, 60_000);

test("what is wanted no more is removed, and removeAll leaves nothing", async () => {
  const gone = made[3] as Machine;
  expect(await machines.converge(made.filter((machine) => machine !== gone))).toEqual([]);
  expect((await machines.list()).map(({ name }) => name)).not.toContain(machineNamespace(gone.id));
  await machines.removeAll();
  expect(existsSync(join(stateDir, "machines"))).toBe(false);
  expect(readFileSync("/proc/self/mounts", "utf8")).not.toContain(stateDir);
  expect(
    readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => commandLine(pid).includes(stateDir)),
  ).toEqual([]);
  expect(nspawnFiles().filter((file) => !filesBefore.includes(file))).toEqual([]);
  const names = made.map(({ id }) => machineNamespace(id));
  expect((await groupNames()).filter((name) => names.includes(name))).toEqual([]);
}, 60_000);

/** What systemd-nspawn has on the host for machines. */
function nspawnFiles(): string[] {
  return existsSync("/run/systemd/nspawn")
    ? readdirSync("/run/systemd/nspawn", { recursive: true, encoding: "utf8" })
    : [];
}

/** How many systemd-nspawn run for a machine, preparing ones included. */
function supervisors(machine: Machine): number {
  const pids = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid));
  const name = `--machine=${machineNamespace(machine.id)}`;
  return pids
    .map((pid) => commandLine(pid).split("\0"))
    .filter(([program, ...words]) => program?.endsWith("systemd-nspawn") && words.includes(name)).length;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
