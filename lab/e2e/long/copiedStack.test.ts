/**
 * A stack file that a user copies comes up beside dev, in the lab. The tests build on each other, in their order. They do not
 * prove anything about Azure itself.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recap } from "../../../e2e/questions.ts";
import { runningDaemon } from "../../cli/daemon.ts";
import { stackStatus } from "../../cli/status.ts";
import { eventually, lab, labCommand, outside, run } from "../../commands.ts";
import { MarkedCommand } from "../../interruptions/markedCommand.ts";
import { root } from "../../paths.ts";
import { stackFile } from "../stackFile.ts";

const www = "http://www.dev.chatbot.example/";
const ansible = { cwd: join(root, "ansible") };

let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "copied-stack-"));
  await lab("down");
  await lab("up", "dev");
});
afterAll(async () => {
  await lab("down");
  rmSync(directory, { recursive: true });
  rmSync(join(root, "Pulumi.staging.yaml"), { force: true });
});

/** dev with fewer machines, a tier renamed, which calls nothing but its installation's sources and back. */
const staging = () =>
  stackFile("staging", "10.40.0.0/16", ({ front, ...tiers }) => {
    for (const tier of Object.values(tiers)) tier["instances"] = 1;
    delete tiers["back"]?.["balance"];
    return {
      trustedLaunch: true,
      tiers: {
        ...tiers,
        web: { ...front, kind: "front", instances: 1, outbound: [{ to: "Internet", ports: [80, 443] }] },
      },
      reverseProxy: {
        instances: 1,
        tls: { redirect: false },
        routes: [{ host: "www.staging.chatbot.example", tier: "web" }],
      },
    };
  });

test("a fourth stack, made by copying a stack file, comes up beside dev, with a tier of another name, although its first up was killed", async () => {
  writeFileSync(join(root, "Pulumi.staging.yaml"), staging());
  const killed = new MarkedCommand([labCommand, "up", "staging"], join(directory, "killed.log"));
  await eventually(
    async () => stackStatus(await runningDaemon()).find(({ stack }) => stack === "staging")?.machines.length ?? 0,
    (machines) => machines >= 2,
    180,
  );
  await killed.kill("group");
  // At once, while Pulumi's plugins may still run.
  const { output } = await lab("up", "staging");
  expect(output).toContain("stack staging was locked by a Pulumi that was killed");
  expect(output).toContain("an up of stack staging was killed; what it had begun to make is looked for first");
  expect(killed.left()).toEqual([]);
  await lab("preview", "staging", "--", "--expect-no-changes");
  const answer = await outside("curl", "-sS", "--max-time", "20", "http://www.staging.chatbot.example/");
  for (const tier of ["web", "back", "data"]) expect(answer.stdout).toContain(tier);
  expect((await outside("curl", "-sS", "--max-time", "20", www)).stdout).toContain("front");
}, 900_000);

test("a playbook acts on the servers of all environments, and each has its own environment's values", async () => {
  const both = ["-i", "inventory/dev.yml", "-i", "inventory/staging.yml"];
  const again = await run(["ansible-playbook", ...both, "playbooks/front.yml"], ansible);
  const lines = recap(again.stdout);
  expect(lines.map((line) => line.replace(/^(front|web)\S*\.(\w+) .*$/, "$1 $2")).sort()).toEqual([
    "front dev",
    "front dev",
    "web staging",
  ]);
  for (const line of lines) expect(line).toMatch(/changed=0 +unreachable=0 +failed=0/);
  const values = async (...inventories: string[]) => {
    const listed = await run(["ansible-inventory", ...inventories, "--list"], ansible);
    return (JSON.parse(listed.stdout) as { _meta: { hostvars: object } })._meta.hostvars;
  };
  const alone = { ...(await values("-i", "inventory/dev.yml")), ...(await values("-i", "inventory/staging.yml")) };
  expect(await values(...both)).toEqual(alone);
  expect(await values("-i", "inventory")).toEqual(alone);
});
