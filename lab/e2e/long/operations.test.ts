/**
 * Procedures of docs/operations.md that no other test tries, with the commands that stand there. The tests build on each
 * other, in their order. They do not prove anything about Azure itself; Azure's waits are shortened.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { healthPath, healthPort } from "../../../environment/flows.ts";
import { resourceName } from "../../../environment/names.ts";
import { eventually, lab, on, status } from "../../commands.ts";
import { names, untilWhole } from "../groupStatus.ts";
import { labEnvironment } from "../target.ts";
import { failuresDuring } from "../underLoad.ts";

const www = "http://www.dev.chatbot.example/";
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "operations-"));
  await lab("down");
  await lab("up", "dev");
  await untilWhole();
});
afterAll(async () => {
  await lab("down");
  rmSync(directory, { recursive: true });
});

const firstOf = async (tier: string) => names(tier, await status("dev"))[0] ?? expect.fail(`no machine of ${tier}`);

test("a machine that somebody takes out of rotation gets no new request, is not repaired, and comes back", async () => {
  const before = (await untilWhole()).machines.map(({ name }) => name);
  const machine = await firstOf("front");
  const health = async () =>
    (
      await on(machine, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", `127.0.0.1:${healthPort}${healthPath}`)
    ).stdout.trim();
  const inRotation = async () =>
    (await status("dev")).loadBalancers
      .filter(({ tier }) => tier === "front")
      .flatMap(({ members }) => members)
      .find((member) => member.machine === machine)?.state;
  expect([await health(), await inRotation()]).toEqual(["200", "up"]);
  const failures = await failuresDuring([`1 GET ${www}`], async () => {
    const ended = on(machine, "sudo", "platform-drain", "run", "sleep", "60");
    await eventually(health, (code) => code === "404", 30);
    await eventually(inRotation, (state) => state === "down", 40);
    expect((await ended).status).toBe(0);
  });
  expect(failures).toEqual([]);
  await eventually(inRotation, (state) => state === "up", 30);
  expect(await health()).toBe("200");
  expect((await status("dev")).machines.map(({ name }) => name)).toEqual(before);
}, 300_000);

test("a machine whose serving unit somebody stops is replaced", async () => {
  const machine = await firstOf("front");
  const { units } = JSON.parse((await on(machine, "cat", "/etc/platform/drain.json")).stdout) as { units: string[] };
  expect(units).not.toEqual([]);
  await lab("set", "repair-grace", "15");
  expect((await on(machine, "sudo", "systemctl", "stop", ...units)).status).toBe(0);
  await eventually(
    () => status("dev"),
    (found) => !names("front", found).includes(machine),
    180,
  );
  await untilWhole();
  await lab("set", "repair-grace", "30");
}, 600_000);

test("what somebody changed by hand is taken back by an up with --refresh", async () => {
  const { network } = labEnvironment("dev").arm();
  const group = resourceName("resourceGroup", "dev");
  const front = async () => {
    for await (const found of network.networkSecurityGroups.list(group))
      if (found.name?.includes("front")) return found;
    throw new Error("front has no security group");
  };
  const rules = async () => (await front()).securityRules?.map(({ name }) => name).sort();
  const before = await rules();
  const { name = "", securityRules = [], ...rest } = await front();
  await network.networkSecurityGroups.createOrUpdate(group, name, { ...rest, securityRules: securityRules.slice(1) });
  expect(await rules()).not.toEqual(before);
  await lab("up", "dev", "--", "--refresh");
  expect(await rules()).toEqual(before);
  await lab("preview", "dev", "--", "--expect-no-changes");
}, 900_000);

test("an earlier state is brought to what Azure has, and no machine is lost", async () => {
  const three = ["--set", "tiers.front.instances=3"];
  const file = join(directory, "state.json");
  writeFileSync(file, (await lab("pulumi", "stack", "export", "--stack", "dev")).stdout, { mode: 0o600 });
  await lab("up", "dev", ...three);
  const before = (await untilWhole()).machines.map(({ name }) => name);
  await lab("pulumi", "stack", "import", "--stack", "dev", "--file", file);
  await lab("pulumi", "refresh", "--yes", "--skip-preview", "--stack", "dev");
  await lab("up", "dev", ...three);
  await lab("preview", "dev", ...three, "--", "--expect-no-changes");
  expect((await untilWhole()).machines.map(({ name }) => name)).toEqual(before);
}, 1_200_000);
