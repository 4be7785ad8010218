/**
 * Ports of tiers change in dev while it is used, with each way of balancing. The tests build on each other, in their
 * order. They do not prove anything about Azure itself; Azure's waits are shortened.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { environmentOf } from "../../cli/stackFile.ts";
import { readStackFile } from "../../cli/stacks.ts";
import type { StackStatus } from "../../cli/status.ts";
import { eventually, lab, on, outside, status } from "../../commands.ts";
import { root } from "../../paths.ts";
import { untilWhole } from "../groupStatus.ts";
import { failuresDuring } from "../underLoad.ts";

const www = "http://www.dev.chatbot.example/";
const api = "http://api.dev.chatbot.example/messages";

/** A port before, and after. front is balanced by hash, back by connections, machine learning by cpu. */
const moves = { front: [3000, 3100], back: [4000, 4100], "machine-learning": [5000, 5100] } as const;
type Moved = keyof typeof moves;
const moved = Object.keys(moves) as Moved[];

/** The committed file's applications of a tier, on another port. */
function applicationsOf(tier: string, port: number): string {
  const { tiers } = environmentOf(readStackFile(root, "dev")) as { tiers: Record<string, { applications: object[] }> };
  const { applications } = tiers[tier] ?? expect.fail(`no tier ${tier}`);
  return JSON.stringify(applications.map((application) => ({ ...application, port })));
}

/** `bin/lab up` whose tiers have these ports. One machine alone cannot be restarted without a gap: two of each. */
const up = (ports: Partial<Record<string, number>>) =>
  lab(
    "up",
    "dev",
    ...["tiers.machine-learning.instances=2", "tiers.machine-learning.balance=cpu"].flatMap((one) => ["--set", one]),
    ...Object.entries(ports).flatMap(([tier, port = 0]) => [
      "--set",
      `tiers.${tier}.port=${port}`,
      ...(tier === "data" ? [] : ["--set", `tiers.${tier}.applications=${applicationsOf(tier, port)}`]),
    ]),
  );

const names = ({ machines }: StackStatus) => machines.map(({ name }) => name).sort();
const portsOf = (tier: string, { loadBalancers }: StackStatus) =>
  loadBalancers
    .filter((one) => one.tier === tier)
    .map(({ port }) => port)
    .sort((a, b) => a - b);

/** Every machine there is; none of them may be lost by any of the tests. */
let machines: string[];

beforeAll(async () => {
  // A machine that is called unhealthy shall be repaired while the test still looks.
  process.env.LAB_REPAIR_GRACE = "15";
  await lab("down");
  await up({});
  machines = names(await untilWhole());
});
afterAll(async () => {
  await lab("down");
});

/** Requests that failed while something was done: reads by front, and writes, of which back asks machine learning. */
const failures = (work: () => Promise<unknown>) =>
  failuresDuring([`3 GET ${www}`, `1 GET ${api}`, `1 POST ${www} {"text":"{{id}}"}`], work);

/** What a caller of the tier gets at a port of its load balancer: a status, or curl's own 000 where nothing answers. */
async function answerAt(tier: Moved, port: number): Promise<string> {
  const current = await status("dev");
  const caller = { front: "reverse-proxy", back: "front", "machine-learning": "back" }[tier];
  const machine = current.machines.find((one) => one.tier === caller)?.name ?? expect.fail(`no machine of ${caller}`);
  const url = `http://${tier}.dev.chatbot.internal:${port}/health`;
  const { stdout } = await on(machine, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "3", url);
  return stdout.trim();
}

const after = Object.fromEntries(moved.map((tier) => [tier, moves[tier][1]]));

test("ports change under load with every balance, no request fails, and the machines are the same ones", async () => {
  expect(
    await failures(async () => {
      const { output } = await up(after);
      for (const tier of moved) expect(output).toContain(`tier ${tier} moves to port ${moves[tier][1]}`);
    }),
  ).toEqual([]);
  const current = await untilWhole();
  expect(names(current)).toEqual(machines);
  for (const tier of moved) {
    const [old, present] = moves[tier];
    expect(portsOf(tier, current)).toEqual([old, present]);
    // Both answer: a caller that is not of this environment may need some time.
    expect([await answerAt(tier, old), await answerAt(tier, present)]).toEqual(["200", "200"]);
  }
}, 1_800_000);

test("the next up closes what was, and no request fails either", async () => {
  expect(await failures(() => up(after))).toEqual([]);
  const current = await untilWhole();
  expect(names(current)).toEqual(machines);
  for (const tier of moved) {
    const [old, present] = moves[tier];
    expect(portsOf(tier, current)).toEqual([present]);
    expect([await answerAt(tier, old), await answerAt(tier, present)]).toEqual(["000", "200"]);
  }
  // The machines pass nothing on any more: whatever a security group says, nobody listens at the old port.
  const served = current.machines.filter(({ tier }) => ["front", "back", "machine-learning"].includes(tier));
  for (const { name } of served) {
    const { stdout } = await on(name, "sudo", "nft", "list", "chain", "ip", "platform_redirect", "arriving");
    expect(stdout).toContain("chain arriving");
    expect(stdout).not.toContain("redirect to");
  }
}, 1_800_000);

test("the up after that changes nothing", async () => {
  const { output } = await up(after);
  expect(output).toMatch(/\d+ unchanged/);
  expect(output).not.toMatch(/\d+ (created|updated|replaced|deleted)/);
  expect(names(await untilWhole())).toEqual(machines);
}, 900_000);

test("the database's port changes without a loss: the machine is the same, and has what it had", async () => {
  const post = await outside("curl", "-sS", "--max-time", "10", "--json", '{"text":"kept"}', www);
  expect(post.stdout).toContain('"text":"kept"');
  await up({ ...after, data: 5433 });
  const current = await untilWhole();
  expect(names(current)).toEqual(machines);
  expect(portsOf("data", current)).toEqual([5432, 5433]);
  const answer = await eventually(
    () => outside("curl", "-sS", "--max-time", "10", www),
    ({ stdout }) => stdout.includes('"messages"'),
    30,
  );
  expect(answer.stdout).toContain('"text":"kept"');
  await up({ ...after, data: 5433 });
  expect(portsOf("data", await untilWhole())).toEqual([5433]);
  expect(names(await status("dev"))).toEqual(machines);
}, 1_800_000);
