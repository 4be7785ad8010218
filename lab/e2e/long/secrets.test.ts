/**
 * Secrets of dev at length: a vault that is away or throttles, one that is deleted and taken back, secrets that people
 * set. The tests build on each other, in their order. They do not prove anything about Azure itself.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { asAdministrator, eventually, lab, labCommand, on, outside, run, status } from "../../commands.ts";
import { authority } from "../../authority.ts";
import { names, untilWhole } from "../groupStatus.ts";
import { moreSecrets, secrets, withSecrets } from "../secrets.ts";
import { labEnvironment } from "../target.ts";
import { failuresDuring } from "../underLoad.ts";
import { Vault } from "../vault.ts";

const www = "http://www.dev.chatbot.example/";

beforeAll(async () => {
  await lab("down");
  await lab("up", "dev");
  await untilWhole();
});
afterAll(() => lab("down"));

secrets();

/** The serial console of a machine, as Azure hands it out. */
async function consoleOf(machine: string): Promise<string> {
  const { compute } = labEnvironment("dev").arm();
  const { serialConsoleLogBlobUri = "" } = await compute.virtualMachines.retrieveBootDiagnosticsData(
    "rg-platform-dev",
    machine,
  );
  const { stdout } = await asAdministrator("curl", "-sS", "--cacert", authority().caFile, serialConsoleLogBlobUri);
  return stdout;
}

const machinesOf = async (tier: string) => (await status("dev")).machines.filter((one) => one.tier === tier);
const untilHealthy = (machine: string) =>
  eventually(
    () => machinesOf("back"),
    (found) => found.some(({ name, health }) => name === machine && health === "Healthy"),
    180,
  );

test("a vault that is away for the whole of a rolling change, a reboot and a repair costs no request; who is born meanwhile waits, and says why", async () => {
  await lab("set", "repair-grace", "15");
  await lab("set", "missing-health", "repaired");
  await lab("vault", "away");
  const before = await machinesOf("back");
  const [one, other] = before.map(({ name }) => name);
  if (!one || !other) throw new Error("dev lacks machines");
  const failures = await failuresDuring(
    [`1 GET ${www}`],
    async () => {
      const up = await lab("up", "dev", ...moreSecrets, "--set", "tiers.back.concurrency=100");
      expect(up.output).toMatch(/the values from before are used/);

      await on(one, "sudo", "systemctl", "reboot");
      await eventually(
        () => machinesOf("back"),
        (found) => found.some(({ name, health }) => name === one && health !== "Healthy"),
        60,
      );
      await untilHealthy(one);

      await lab("kill", other, "--how", "power");
      const born = await eventually(
        async () => names("back", await status("dev")).find((name) => name !== one && name !== other) ?? "",
        (name) => name !== "",
        180,
      );
      await eventually(
        () => consoleOf(born),
        (text) => /platform-secrets: vault: no databaseLogin: .*does not answer/.test(text),
        240,
      );
      const { loadBalancers, machines } = await status("dev");
      expect(machines.find(({ name }) => name === born)?.health).not.toBe("Healthy");
      const members = loadBalancers.flatMap((found) => found.members).filter(({ machine }) => machine === born);
      for (const { state } of members) expect(state).not.toBe("up");
      await lab("vault", "whole");
      await untilHealthy(born);
    },
    60,
  );
  expect(failures).toEqual([]);
  await lab("set", "missing-health", "ignored");
  await untilWhole();
}, 1_500_000);

test("a secret that is left to people is named with the command that sets it before a machine is made; then it is there", async () => {
  const asked = [
    ...moreSecrets.slice(0, 2),
    ...withSecrets("machine-learning", { MODEL_KEY: "modelKey", OTHER: "setByPeople" }),
  ];
  const settings = [...asked, "--leave", "setByPeople"];
  const refused = await run([labCommand, "up", "dev", ...settings]);
  expect(refused.status).not.toBe(0);
  expect(refused.output).toMatch(/az keyvault secret set --vault-name \S+ --name setByPeople/);
  const vault = await Vault.open("dev");
  await vault.set("setByPeople", "of their own");
  await lab("up", "dev", ...settings);
  const [machine] = await machinesOf("machine-learning");
  const { stdout } = await on(
    machine?.name ?? "",
    "sudo",
    "grep",
    "-h",
    "OTHER",
    "/srv/machine-learning/shared/secrets.env",
  );
  expect(stdout.trim()).toBe("OTHER='of their own'");
}, 900_000);

test("a destroyed environment's vault lies in soft delete: the next up says how it is taken back, and takes it back", async () => {
  await lab("destroy", "dev");
  const refused = await run([labCommand, "up", "dev"]);
  expect(refused.status).not.toBe(0);
  expect(refused.output).toContain("platform:environment.vault.recover");
  // The vault has its secret then.
  const back = ["up", "dev", "--set", "vault.recover=true", "--leave", "databaseLogin"];
  await lab(...back);
  const answer = await outside("curl", "-sS", "--max-time", "20", "--include", www);
  expect(answer.stdout).toMatch(/^HTTP\/1\.1 200/);
  await lab(...back);
}, 1_200_000);
