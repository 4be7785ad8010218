/**
 * The dev environment from nothing to nothing, as a user sees it. The tests build on each other, in their order.
 * They do not prove anything about Azure itself.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { questions } from "../../e2e/questions.ts";
import { healthPath, healthPort } from "../../environment/flows.ts";
import { daemonStatus } from "../cli/daemon.ts";
import { eventually, lab, labCommand, on, outside, run, status } from "../commands.ts";
import { root, stateDir } from "../paths.ts";
import { certificates } from "./certificates.ts";
import { answerWhileConnecting } from "./connecting.ts";
import { deployment } from "./deployment.ts";
import { devTools } from "./devTools.ts";
import { changes, losses } from "./groups.ts";
import { wrongAnswers } from "./hosts.ts";
import { migration } from "./migration.ts";
import { names } from "./names.ts";
import { addressesOf, openPorts } from "./openPorts.ts";
import { overload, type Capacity } from "./overload.ts";
import { pipeline } from "./pipeline.ts";
import { secrets } from "./secrets.ts";
import { labEnvironment } from "./target.ts";

const instances = { back: 2, "back-balancer": 2, data: 1, front: 2, "machine-learning": 1, "reverse-proxy": 2 };
const www = "http://www.dev.chatbot.example/";
const playbook = ["ansible-playbook", "-i", "inventory/dev.yml"];
const ansible = { cwd: join(root, "ansible") };

/** A machine that a test has stopped shall be mended by Ansible. */
const repairGrace = "300";

let before: string[];
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "dev-test-"));
  process.env.LAB_REPAIR_GRACE = repairGrace;
  await lab("down");
  before = traces();
});
afterAll(async () => {
  await lab("down");
  rmSync(directory, { recursive: true });
});

async function machinesPerTier(): Promise<Record<string, number>> {
  const { machines } = await status("dev");
  const count: Record<string, number> = {};
  for (const { tier } of machines) count[tier] = (count[tier] ?? 0) + 1;
  return count;
}

async function firstOf(tier: string) {
  const machine = (await status("dev")).machines.find((one) => one.tier === tier);
  if (!machine) throw new Error(`no machine of tier ${tier}`);
  return machine;
}

test("an up that lost the lab's daemon half-way is completed by the next one, nothing doubled or lost", async () => {
  const first = spawn(join(root, "bin", "lab"), ["up", "dev"], { cwd: root, stdio: "ignore" });
  const ended = new Promise((done) => first.on("exit", done));
  const running = await eventually(daemonStatus, (found) => (found?.world.machines.length ?? 0) >= 3, 600);
  process.kill(running?.pid ?? NaN, "SIGKILL");
  await ended;
  const second = await lab("up", "dev");
  expect(second.output).toMatch(/Resources:/);
  expect(await machinesPerTier()).toEqual(instances);
  const { stdout } = await lab("pulumi", "stack", "export", "--stack", "dev");
  expect(
    (JSON.parse(stdout) as { deployment: { pending_operations?: unknown[] } }).deployment.pending_operations ?? [],
  ).toEqual([]);
}, 900_000);

test("nothing outside the lab is reached from its outside: refused at once, without a packet to anybody", async () => {
  // An address for documents, which nobody has; it would time out.
  const { status: ended, seconds } = await outside("curl", "-sS", "--max-time", "5", "http://192.0.2.1/");
  expect(ended).toBe(7);
  expect(seconds).toBeLessThan(4);
});

test("a request from outside passes reverse proxy, front, back and database", async () => {
  const answer = await outside("curl", "-sS", "--include", "--max-time", "20", www);
  expect(answer.stdout).toMatch(/^HTTP\/1\.1 200/);
  for (const tier of ["front", "back", "data"]) expect(answer.stdout.toLowerCase()).toContain(tier);
});

test("every machine becomes healthy and every load balancer has all its members", async () => {
  await eventually(
    async () => status("dev"),
    ({ machines, loadBalancers }) =>
      machines.every(({ health }) => health === "Healthy") &&
      loadBalancers.every(({ members }) => members.every(({ state }) => state === "up")),
    120,
  );
});

questions(labEnvironment("dev"));

test("the health service sees in its sandbox whether a unit runs", async () => {
  const { name } = await firstOf("front");
  const unit = "/etc/systemd/system/platform-health.service";
  const asRoot = async (script: string) => on(name, "sudo", "sh", "-c", `'${script}'`);
  const askWith = async (arguments_: string) => {
    const written = `sed "s|^  --timeout|${arguments_}&|" /root/health.service >${unit}`;
    const restarted = "systemctl daemon-reload && systemctl restart platform-health.service";
    const asked = `curl -s -o /dev/null -w "%{http_code}" 127.0.0.1:${healthPort}${healthPath}`;
    return (await asRoot(`${written} && ${restarted} && ${asked}`)).stdout;
  };
  expect((await asRoot(`cp ${unit} /root/health.service`)).status).toBe(0);
  try {
    expect(await askWith("  --unit ssh.service")).toBe("200");
    expect(await askWith("  --unit ssh.service --unit no-such.service")).toBe("503");
  } finally {
    expect(await askWith("")).toBe("200");
  }
  // 1.6 of 10.
  const exposure = await asRoot("systemd-analyze security --no-pager --threshold=16 platform-health.service");
  expect(exposure.status, exposure.output).toBe(0);
});

/** The machine that has other host keys for a while. */
let changed: Awaited<ReturnType<typeof firstOf>>;
test("a changed host key is refused by Ansible, clearly", async () => {
  const back = (changed = await firstOf("back"));
  // The machine puts its own keys back after a while: no SSH leads to it until then.
  const swap = await on(
    back.name,
    "sudo",
    "sh",
    "-c",
    `'cp -a /etc/ssh /etc/ssh.saved
    && systemd-run --on-active=40s --timer-property=AccuracySec=100ms sh -c "cp -a /etc/ssh.saved/. /etc/ssh/ && systemctl restart ssh"
    && rm /etc/ssh/ssh_host_*_key* && ssh-keygen -A && systemctl restart ssh'`.replaceAll(/\n\s*/g, " "),
  );
  expect(swap.status, swap.output).toBe(0);
  const refused = await run([...playbook, "playbooks/back.yml"], ansible);
  expect(refused.status).not.toBe(0);
  expect(refused.output).toMatch(/host key/i);
});

test("nothing answers outside but 80 and 443 of the entry, and no private address on any usual port", async () => {
  const { machines, publicAddresses } = await status("dev");
  const entry = publicAddresses.find(({ name }) => name === "pip-platform-dev")?.address ?? "";
  const all = await addressesOf("dev");
  // The front ends of five private load balancers, the entry, the NAT gateway's.
  expect(all).toHaveLength(machines.length + 7);
  // All 65,535 ports: lab/e2e/long/environments.test.ts.
  expect(await openPorts(all, "--top-ports", "1000")).toEqual([`${entry}:443`, `${entry}:80`]);
}, 600_000);

test("each host has a valid certificate and is answered by its own tier; others are refused, with TLS and without", async () => {
  // A certificate comes minutes after the first `up`.
  await eventually(
    () => wrongAnswers("dev"),
    (found) => found.length === 0,
    300,
  );
}, 400_000);

test("a machine that has its host keys back is reached again", async () => {
  await eventually(
    async () => on(changed.name, "true"),
    ({ status: code }) => code === 0,
    90,
  );
});

test.each([
  [
    [
      "name=front",
      "network=10.20.0.0/33",
      "domain=chatbot",
      "tiers.data.instances=0",
      "tiers.machine-learning.reaches=[nowhere]",
    ],
    ["name", "network", "domain", "tiers.data.instances", "tiers.machine-learning.reaches[0]"],
  ],
  [
    [
      "tiers.back.subnetIndex=1",
      "tiers.front.balance=random",
      "reverseProxy.routes=[{host: a_b, tier: front}, {host: www.x.example, tier: none}]",
      "zones=['1', '1']",
    ],
    [
      "tiers.front.balance",
      "tiers.front.subnetIndex",
      "reverseProxy.routes[0].host",
      "reverseProxy.routes[1].tier",
      "zones",
    ],
  ],
])("all five mistakes of a faulty stack are told, and nothing is changed", async (settings, paths) => {
  const before = (await daemonStatus())?.world.revision;
  const up = await run([labCommand, "up", "dev", ...settings.flatMap((setting) => ["--set", setting])]);
  expect(up.status).not.toBe(0);
  expect(up.output).toContain("5 mistakes in Pulumi.dev.yaml; nothing was changed.");
  for (const path of paths) expect(up.output).toContain(`platform:environment.${path}\n`);
  expect((await daemonStatus())?.world.revision).toBe(before);
});

test("a drifted machine is repaired by a run of its kind's playbook", async () => {
  const front = await firstOf("front");
  const drift = await on(
    front.name,
    "sudo",
    "sh",
    "-c",
    "'systemctl stop pm2@front.service && echo >> /etc/systemd/system/pm2@.service'",
  );
  expect(drift.status, drift.output).toBe(0);
  const repaired = await run([...playbook, "playbooks/front.yml"], ansible);
  expect(repaired.status, repaired.output).toBe(0);
  expect(repaired.stdout).toMatch(/changed=[1-9]/);
  expect((await on(front.name, "systemctl", "is-active", "pm2@front.service")).stdout.trim()).toBe("active");
});

test("a request whose connection is on its way to a server that is lost meanwhile, is answered by another one", async () => {
  expect(await answerWhileConnecting(devTools(), "back")).toMatch(/^HTTP\/1\.1 /);
});

describe("where applications are deployed", () => deployment());

const capacity: Capacity = { rate: 0, goodput: 0 };
describe("where more is asked than can be done", () => overload(capacity));

function whereRepairsAreQuick(tests: () => void): void {
  describe("where a machine that is ill or silent is repaired after seconds", () => {
    beforeAll(async () => {
      // A daemon that starts again would take it for the last word.
      delete process.env.LAB_REPAIR_GRACE;
      await lab("set", "repair-grace", "15");
      // The reading under which Azure replaces a silent machine; one of the tests takes the other one.
      await lab("set", "missing-health", "repaired");
    });
    afterAll(async () => {
      await lab("set", "missing-health", "ignored");
      await lab("set", "repair-grace", repairGrace);
    });
    tests();
  });
}

whereRepairsAreQuick(() => losses(capacity));
describe("names", () => names());
describe("where a service moves", () => migration());

describe("certificates", () => certificates());

describe("what machines may read", () => secrets());
whereRepairsAreQuick(() => changes(capacity));

describe("where pipelines preview", () => pipeline());

test("the programs of prod and tools preview without error", async () => {
  for (const stack of ["prod", "tools"]) {
    const preview = await lab("preview", stack);
    expect(preview.output).toMatch(/\d+ to create/);
  }
});

test("a protected stack is not destroyed, not even in part, until its protection was taken away", async () => {
  await lab("up", "dev", "--set", "protect=true");
  const machines = async () => (await status("dev")).machines.map(({ name }) => name).sort();
  const before = await machines();
  expect((await lab("pulumi", "stack", "output", "protection", "--stack", "dev")).stdout).toContain(
    "pulumi config set -s dev --path 'platform:environment.protect' false",
  );
  const refused = await run([labCommand, "destroy", "dev"]);
  expect(refused.status).not.toBe(0);
  expect(refused.output).toContain("because it is protected");
  expect(await machines()).toEqual(before);
  const kept = await lab("pulumi", "stack", "export", "--stack", "dev");
  const { resources } = (
    JSON.parse(kept.stdout) as { deployment: { resources: { type: string; protect?: boolean }[] } }
  ).deployment;
  // They come and go with the stack file; what is protected depends on them, so that they are not deleted before.
  const free = ["keyvault:Secret", "authorization:RoleAssignment", "dns:RecordSet"].map(
    (type) => `azure-native:${type}`,
  );
  const ofAzure = resources.filter(({ type }) => type.startsWith("azure-native:") && !free.includes(type));
  expect(ofAzure.length).toBeGreaterThan(20);
  expect(ofAzure.filter(({ protect }) => protect !== true)).toEqual([]);
  expect((await outside("curl", "-sS", "--max-time", "20", www)).stdout).toContain("front");
  // As `protect: false` and an up do; that takes longer, since it runs Ansible, which was the one thing that went.
  await lab("pulumi", "state", "unprotect", "--all", "--yes", "--stack", "dev");
}, 900_000);

test("destroy leaves no machine, and down leaves nothing at all", async () => {
  await lab("destroy", "dev");
  expect((await daemonStatus())?.world.machines).toEqual([]);
  await lab("down");
  const namespaces = await run(["ip", "netns", "list"]);
  expect(namespaces.stdout).not.toMatch(/^lab-/m);
  expect((await run(["nft", "list", "tables"])).stdout).not.toMatch(/lab/);
  expect(readFileSync("/proc/mounts", "utf8")).not.toContain(stateDir);
  expect((await run(["pgrep", "-af", stateDir])).stdout).toBe("");
  expect((await run(["ip", "-br", "link"])).stdout).not.toMatch(/^lab/m);
  expect(existsSync(stateDir)).toBe(false);
  expect(existsSync(join(root, "ansible", "inventory", "dev.yml"))).toBe(false);
  expect(traces()).toEqual(before);
});

/** Files that the lab makes on the host outside its own directory. */
function traces(): string[] {
  const directories = ["/etc/netns", "/run/netns", "/run/systemd/nspawn"].filter((directory) => existsSync(directory));
  const files = directories.flatMap((directory) =>
    readdirSync(directory, { recursive: true, encoding: "utf8" }).map((file) => join(directory, file)),
  );
  return [...directories, ...files, ...readdirSync(tmpdir()).filter((name) => /^lab-(ssh|git)-/.test(name))].sort();
}
