/**
 * The tools environment, on most of whose machines nothing is installed yet: it says so, and is left in peace. The tests
 * build on each other, in their order. They do not prove anything about Azure itself; Azure's waits are shortened.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { healthPath, healthPort, healthStatePath } from "../../../environment/flows.ts";
import { eventually, lab, on, status } from "../../commands.ts";

/** Of the host, whose kernel the machines share. */
const kernelSettings = () => ["panic", "panic_on_oops"].map((name) => readFileSync(`/proc/sys/kernel/${name}`, "utf8"));

let before: string[];
beforeAll(async () => {
  process.env.LAB_REPAIR_GRACE = "15";
  before = kernelSettings();
  await lab("down");
  await lab("up", "tools");
});
afterAll(async () => {
  await lab("down");
});

test("the tour takes the reverse proxy's word for what is not there yet, and says so", async () => {
  const { stdout } = await lab("tour", "tools");
  expect(stdout).toMatch(/^HTTP\/1\.1 503/m);
  expect(stdout).toMatch(/^X-Nothing-Installed: gitlab\r?$/m);
  expect(stdout).toContain(
    "gitlab.tools.chatbot.example is served by the tier gitlab, on whose machines no program is installed yet.",
  );
  expect(stdout).toContain("The reverse proxy gave this answer itself: on the machines of tier gitlab no program is");
});

test("machines without a program can be reached, are in no rotation, and are not repaired", async () => {
  const { machines } = await eventually(
    async () => status("tools"),
    (found) => found.machines.every(({ health }) => health === "Healthy"),
    120,
  );
  const names = machines.map(({ name }) => name);
  expect(machines.filter(({ tier }) => tier === "gitlab" || tier === "runner")).toHaveLength(3);
  // Four times the grace period.
  await sleep(60_000);
  const later = await status("tools");
  expect(later.machines.map(({ name }) => name)).toEqual(names);
  for (const { name, health } of later.machines) expect(health, name).toBe("Healthy");
  const states = (gitlab: boolean) =>
    later.loadBalancers
      .filter(({ tier }) => (tier === "gitlab") === gitlab)
      .map(({ members }) => members.map(({ state }) => state));
  expect(states(true)).toEqual([["down"]]);
  // Ports 80, 443 and 22 of the entrance.
  expect(states(false)).toEqual([0, 1, 2].map(() => ["up", "up"]));
}, 300_000);

test("such a machine says that it shall get no request, and that nothing is to be repaired", async () => {
  const gitlab = (await status("tools")).machines.find(({ tier }) => tier === "gitlab")?.name ?? "";
  const ask = async (path: string) => (await on(gitlab, "curl", "-si", `127.0.0.1:${healthPort}${path}`)).stdout;
  expect(await ask(healthPath)).toMatch(/^HTTP\/1\.1 503/);
  const state = await ask(healthStatePath);
  expect(state).toMatch(/^HTTP\/1\.1 200/);
  expect(state).toContain('{"ApplicationHealthState": "Healthy"}');
});

test("a machine of the lab has no reset of its own, and the host's kernel keeps its settings", async () => {
  for (const { name } of (await status("tools")).machines) {
    const found = await on(name, "find", "/etc/sysctl.d", "/etc/modules-load.d", "/etc/systemd/system.conf.d");
    expect(found.status, found.output).toBe(0);
    expect(found.stdout).toContain("/etc/sysctl.d/60-platform.conf");
    expect(found.stdout).not.toContain("platform-reset");
  }
  expect(kernelSettings()).toEqual(before);
});
