/**
 * dev, prod and tools in one lab, at their full size and beyond it. The tests build on each other, in their order. They
 * do not prove anything about Azure itself.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { questions, replacement } from "../../../e2e/questions.ts";
import { resourceName } from "../../../environment/names.ts";
import { committed } from "../../../environment/testing/stacks.ts";
import { eventually, lab, labCommand, outside, run, status } from "../../commands.ts";
import { daemonLog, root } from "../../paths.ts";
import { addressesOf, openPorts } from "../openPorts.ts";
import { labEnvironment } from "../target.ts";

beforeAll(async () => {
  await lab("down");
  await lab("up", "dev");
});
afterAll(async () => {
  await lab("down");
});

/** An answer from outside; prod sends on to HTTPS. */
const page = async (host: string) =>
  (await outside("curl", "-sS", "--location", "--max-time", "20", `http://${host}/`)).stdout;

const whole = async (stack: string, seconds: number) =>
  eventually(
    () => status(stack),
    ({ groups }) => groups.every(({ wanted, running }) => wanted === running),
    seconds,
  );

const machineNames = async (stack: string) => (await status(stack)).machines.map(({ name }) => name);

/** What the daemon tells of the repairs of a stack's machines. */
const repairs = (stack: string) =>
  readFileSync(daemonLog, "utf8")
    .split("\n")
    .filter((line) => line.includes(`-${stack}-`) && line.endsWith(", repaired"));

async function usedMemoryGiB(): Promise<number> {
  const { stdout } = await run(["free", "--bytes"]);
  return Number(/^Mem:\s+\d+\s+(\d+)/m.exec(stdout)?.[1]) / 2 ** 30;
}

test("tools comes up beside dev before its entry does, and says what to do next", async () => {
  expect((await lab("up", "tools")).output).toContain("pulumi up --stack tools");
  expect((await lab("tour", "tools")).output).toContain("tools is reached through prod, which is not up");
}, 900_000);

test("prod comes up beside both, although its first up was killed in the middle", async () => {
  const first = spawn(labCommand, ["up", "prod"], { cwd: root, stdio: "ignore", detached: true });
  const ended = new Promise((done) => first.on("exit", done));
  await eventually(
    async () => (await run([labCommand, "status", "--json"])).stdout,
    (text) => (text.match(/"stack": "prod",\s+"tier"/g) ?? []).length >= 5,
    300,
  );
  // NaN is refused; 0 would be the group of this test.
  process.kill(-(first.pid ?? NaN), "SIGKILL");
  await ended;
  expect((await lab("up", "prod")).output).toContain("an up of stack prod was killed");
  await whole("prod", 300);
  expect(await page("www.chatbot.example")).toContain("front");
}, 1_800_000);

test("tools is configured through its entry, and answers there; then nothing changes in any of the three", async () => {
  await lab("up", "tools");
  await lab("tour", "tools");
  for (const stack of ["dev", "tools", "prod"]) await lab("up", stack, "--", "--expect-no-changes");
}, 1_800_000);

test("nothing answers outside but 80 and 443 of the entries, and no private address on any port", async () => {
  const stacks = ["dev", "prod", "tools"];
  const entries = (await Promise.all(stacks.map(status))).flatMap(({ stack, publicAddresses }) =>
    publicAddresses.filter(({ name }) => name === resourceName("publicAddress", stack)).map(({ address }) => address),
  );
  expect(entries).toHaveLength(2);
  const all = (await Promise.all(stacks.map(addressesOf))).flat();
  const web = entries.flatMap((address) => [`${address}:443`, `${address}:80`]);
  expect(await openPorts(all, "-p-")).toEqual(web.sort());
}, 1_200_000);

test("the lab carries forty machines", async () => {
  // Not front's: autoscale would take them away while Ansible runs.
  const sizes = ["tiers.back.instances=6", "tiers.machine-learning.instances=6", "reverseProxy.instances=5"];
  await lab("up", "prod", "--set", ...sizes);
  const stacks = await Promise.all(["dev", "prod", "tools"].map((stack) => whole(stack, 300)));
  const machines = stacks.flatMap(({ machines: some }) => some);
  expect(machines.length).toBeGreaterThanOrEqual(40);
  expect(machines.filter(({ health }) => health !== "Healthy")).toEqual([]);
  const used = await usedMemoryGiB();
  console.log(`${machines.length} machines, ${used.toFixed(1)} GiB used`);
  expect(used).toBeLessThan(16);
  for (const host of ["www.dev.chatbot.example", "www.chatbot.example"]) expect(await page(host)).toContain("front");
  await lab("up", "prod");
}, 1_800_000);

questions(labEnvironment("prod"));

test("the machines of tools are not repaired, whatever is not installed on them", async () => {
  const before = await machineNames("tools");
  await sleep(900_000);
  expect(await machineNames("tools")).toEqual(before);
  // A repair that restarts keeps the name.
  expect(repairs("tools")).toEqual([]);
}, 1_000_000);

replacement(labEnvironment("dev"), "front", "pm2@front.service");

test("the daemon's log, in which tools had no repair, tells of one in dev", () => {
  expect(repairs("dev")).toEqual([expect.stringContaining("-front_")]);
});

test("neither a destroy of the protected prod nor an up without autoscale deletes anything; it is destroyed once it is no longer protected", async () => {
  const began = new Date().toISOString();
  const deletes = async () =>
    (await lab("log", "arm")).stdout
      .split("\n")
      .filter((line) => line.includes('"method":"DELETE"') && line.slice('{"time":"'.length) > began);
  const refused = await run([labCommand, "destroy", "prod"]);
  expect(refused.status).not.toBe(0);
  expect(refused.output).toContain("protect");
  expect(await deletes()).toEqual([]);
  const { tiers } = committed("prod") as { tiers: { front: Record<string, unknown> } };
  const { autoscale, ...front } = tiers.front;
  expect(autoscale).toBeDefined();
  const fewer = await run([labCommand, "up", "prod", "--set", `tiers.front=${JSON.stringify(front)}`], {
    seconds: 1200,
  });
  expect(fewer.status).not.toBe(0);
  expect(fewer.output).toContain("To take a tier away, or to destroy the stack, first run: pulumi config set");
  expect(await deletes()).toEqual([]);
  await whole("prod", 10);
  await lab("up", "prod", "--set", "protect=false");
  await lab("destroy", "prod");
  // What was counted above is what a destroy asks for.
  expect(await deletes()).not.toEqual([]);
  await expect(status("prod")).rejects.toThrow("is not up");
  expect(await page("www.dev.chatbot.example")).toContain("front");
}, 1_800_000);
