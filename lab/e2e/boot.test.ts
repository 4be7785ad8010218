/**
 * Machines that do not boot: an up ends with the reason instead of waiting for ever, and when their image is mended they
 * come up by themselves. The tests build on each other, in their order. They do not prove anything about Azure itself;
 * Azure's time for provisioning is shortened.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { daemonStatus } from "../cli/daemon.ts";
import type { StackStatus } from "../cli/status.ts";
import { eventually, lab, labCommand, outside, run, status } from "../commands.ts";
import { daemonLog, root } from "../paths.ts";
import { stackFile } from "./stackFile.ts";

const provisioningSeconds = 40;
/** A third of a minute for a program that starts, the plan, the groups and networks; on a slow machine twice that. */
const besides = 80;
const file = join(root, "Pulumi.boot.yaml");

beforeAll(async () => {
  process.env.LAB_PROVISIONING = String(provisioningSeconds);
  process.env.LAB_REPAIR_GRACE = "300";
  await lab("down");
  writeFileSync(file, smallest());
});
afterAll(async () => {
  await lab("down");
  rmSync(file, { force: true });
});

/** Of dev's stack file what the smallest environment needs: a public address, and one server behind it. */
const smallest = () =>
  stackFile("boot", "10.50.0.0/16", (tiers) => ({
    tiers: { "machine-learning": { ...tiers["machine-learning"], instances: 1 } },
    reverseProxy: { instances: 1, routes: [{ host: "www.boot.chatbot.example", tier: "machine-learning" }] },
  }));

const lateOf = ({ machines }: StackStatus) => machines.flatMap(({ late }) => (late === undefined ? [] : [late]));
const exits =
  /systemd-nspawn ended with status 1: init failed: the image is broken on purpose \(bin\/lab image exits\)/;

test("an up whose machines exit at once ends in time, with Azure's code and the reason", async () => {
  await lab("image", "exits");
  // Starts the daemon, which may make the image: that time is not the up's.
  await lab("pulumi", "stack", "ls");
  const up = await run([labCommand, "up", "boot"]);
  expect(up.status, up.output).not.toBe(0);
  expect(up.output).toContain("OSProvisioningTimedOut");
  expect(up.output).toMatch(exits);
  expect(up.seconds).toBeGreaterThan(provisioningSeconds);
  expect(up.seconds).toBeLessThan(provisioningSeconds + besides);
}, 900_000);

test("status and the daemon's log have the reason, one line for each machine", async () => {
  const found = await status("boot");
  expect(found.machines).toHaveLength(2);
  expect(lateOf(found)).toHaveLength(2);
  const { stdout } = await lab("status");
  for (const { name } of found.machines) {
    expect(stdout).toMatch(new RegExp(`^late +${name} .*${exits.source}$`, "m"));
    expect(readFileSync(daemonLog, "utf8")).toMatch(
      new RegExp(`${name}: not up within ${provisioningSeconds} s: ${exits.source}`),
    );
  }
});

test("a daemon that is started anew knows it again", async () => {
  process.kill((await daemonStatus())?.pid ?? NaN, "SIGKILL");
  await lab("pulumi", "stack", "ls");
  const found = await eventually(
    () => status("boot"),
    (one) => lateOf(one).length === 2,
    20,
  );
  for (const reason of lateOf(found)) expect(reason).toMatch(exits);
});

test("when the image is whole, the machines come up by themselves, and the next up succeeds", async () => {
  await lab("image", "whole");
  // The pause between two attempts is 30 s at most; then the boot.
  const up = await eventually(
    () => status("boot"),
    ({ machines }) => machines.every(({ state, late }) => state === "running" && late === undefined),
    30 + 60,
  );
  const names = up.machines.map(({ name }) => name);
  await lab("up", "boot");
  expect((await status("boot")).machines.map(({ name }) => name)).toEqual(names);
  const answer = await eventually(
    () => outside("curl", "-sS", "--include", "--max-time", "10", "http://www.boot.chatbot.example/intent?text=hello"),
    ({ stdout }) => stdout.startsWith("HTTP/1.1 200"),
    60,
  );
  expect(answer.stdout).toContain('"intent"');
}, 900_000);
