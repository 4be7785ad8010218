/**
 * Secrets of dev at length: a vault that is away or throttles, one that is deleted and taken back, secrets that
 * people set, blobs. The tests build on each other, in their order. They do not prove anything about Azure itself.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { authority } from "../../authority.ts";
import { daemonStatus } from "../../cli/daemon.ts";
import { eventually, lab, labCommand, on, outside, run, status } from "../../commands.ts";
import { credentials } from "../../credentials.ts";
import { storageSuffix } from "../../serviceNames.ts";
import { names, untilWhole } from "../groupStatus.ts";
import { moreSecrets, secrets, upWithMoreSecrets, withSecrets } from "../secrets.ts";
import { consoleOf } from "../target.ts";
import { failuresDuring } from "../underLoad.ts";
import { giveRole, outputOf, request, tokenFor, Vault } from "../vault.ts";

const www = "http://www.dev.chatbot.example/";

beforeAll(async () => {
  await lab("down");
  await upWithMoreSecrets();
  await untilWhole();
});
afterAll(() => lab("down"));

secrets();

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

test("a vault that throttles costs nothing either: machines go on with what they have, and ask again", async () => {
  await lab("vault", "throttled");
  const [machine] = await machinesOf("back");
  const refresh = await on(machine?.name ?? "", "sudo", "platform-secrets", "refresh");
  expect(refresh.status, refresh.output).toBe(0);
  const said = await on(machine?.name ?? "", "sudo", "journalctl", "-o", "cat", "-u", "platform-secrets.service");
  expect(refresh.output + said.stdout).toMatch(/answers 429.*the values from before are used/);
  await lab("vault", "whole");
  expect((await on(machine?.name ?? "", "sudo", "platform-secrets", "fetch")).status).toBe(0);
}, 300_000);

test("who has the role keeps blobs in the storage account, from where administrators come, and nobody else does", async () => {
  const name = await outputOf("dev", "storageAccount");
  const url = `https://${name}.blob.${storageSuffix}/artifacts`;
  const token = await tokenFor("https://storage.azure.com");
  expect((await request("PUT", `${url}/a/b.txt`, token, "kept")).status).toBe(403);
  await giveRole("dev", `Microsoft.Storage/storageAccounts/${name}`, "ba92f5b4-2d11-453d-a403-e96b0029c9fe");
  await eventually(
    () => request("PUT", `${url}/a/b.txt`, token, "kept"),
    ({ status: code }) => code === 201,
    120,
  );
  expect((await request("GET", `${url}/a/b.txt`, token)).text).toBe("kept");
  expect((await request("GET", `${url}?restype=container&comp=list`, token)).text).toContain("<Name>a/b.txt</Name>");
  const elsewhere = await outside("curl", "-sS", "--cacert", authority().caFile, `${url}/a/b.txt`);
  expect(elsewhere.stdout).toContain("AuthorizationFailure");
}, 300_000);

const az = spawnSync("az", ["version"]).status === 0;
test.skipIf(!az)(
  "az is used as on Azure (where it is installed)",
  async () => {
    const script = join(import.meta.dirname, "az.sh");
    const { tenantId, clientId, clientSecret } = credentials();
    const { status: ended, output } = await run([labCommand, "internet", "--administrator", "--", "bash", script], {
      env: { ...process.env, TENANT: tenantId, CLIENT: clientId, SECRET: clientSecret, CA: authority().bundleFile },
    });
    expect(ended, output).toBe(0);
  },
  600_000,
);

test("a destroyed environment's vault lies in soft delete: the next up says how it is taken back, and takes it back", async () => {
  await lab("destroy", "dev");
  const refused = await run([labCommand, "up", "dev"]);
  expect(refused.status).not.toBe(0);
  expect(refused.output).toContain("platform:environment.vault.recover");
  const recovering = ["--set", "vault.recover=true", "--leave", "databaseLogin"];
  await lab("up", "dev", ...recovering);
  const answer = await outside("curl", "-sS", "--max-time", "20", "--include", www);
  expect(answer.stdout).toMatch(/^HTTP\/1\.1 200/);
  await lab("up", "dev", ...recovering);
  await lab("destroy", "dev");
}, 1_200_000);

test("a secret that is left to people is named with the command that sets it before a machine is made; then it is there", async () => {
  const settings = [
    ...withSecrets("machine-learning", { MODEL_KEY: "modelKey" }),
    ...["--set", "vault.name=kv-dev-another", "--leave", "modelKey"],
  ];
  const refused = await run([labCommand, "up", "dev", ...settings]);
  expect(refused.status).not.toBe(0);
  expect(refused.output).toMatch(/az keyvault secret set --vault-name kv-dev-another --name modelKey/);
  expect((await daemonStatus())?.world.machines).toEqual([]);
  await (await Vault.open("dev", "kv-dev-another")).set("modelKey", "of their own");
  await lab("up", "dev", ...settings);
  const [machine] = await machinesOf("machine-learning");
  const { stdout } = await on(machine?.name ?? "", "sudo", "grep", "-rh", "MODEL_KEY", "/etc/platform/env");
  expect(stdout.trim()).toBe("MODEL_KEY='of their own'");
}, 1_200_000);
