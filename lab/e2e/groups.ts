/**
 * What is asked of the high-availability groups of dev while it stands: they are constant when machines are lost, elastic
 * when they are told to be.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { StackStatus } from "../cli/status.ts";
import { eventually, lab, outside, run, status } from "../commands.ts";
import { root } from "../paths.ts";
import { attemptsDuring } from "./attempts.ts";
import { devTools } from "./devTools.ts";
import { group, isWhole, names, untilWhole } from "./groupStatus.ts";
import type { Capacity } from "./overload.ts";
import { upWithMoreSecrets } from "./secrets.ts";
import { failuresDuring } from "./underLoad.ts";

const www = "http://www.dev.chatbot.example/";

/** One experiment of the chaos suite, with its goals, at a rate in requests a second. */
async function experiment(name: string, rate: number): Promise<void> {
  const suite = await run([process.execPath, "lab/chaos/suite.ts", "--only", name, "--rate", `${rate}`, "--seed", "1"]);
  expect(suite.status, suite.output).toBe(0);
  expect(suite.stdout).toContain("every goal was met");
}

/** Leaves room for a machine that configures itself, also where other work takes a part of the processors. */
const rateOf = (capacity: Capacity) => Math.round(Math.min(250, 0.4 * capacity.rate));

/**
 * Registers as tests, which build on each other, in their order: machines are lost, and one is added. They leave dev with
 * three servers of back, and more secrets. Repairs of machines must be quick.
 *
 * @param capacity What dev can do on this machine; known when the tests begin.
 */
export function losses(capacity: Capacity): void {
  let born: string[];

  test("a server that loses its power under load is replaced by one that serves without anybody acting; no read fails, and few are sent twice", async () => {
    const before = await untilWhole();
    const attempts = await attemptsDuring(devTools(), () => experiment("back-power", rateOf(capacity)));
    expect(attempts.admitted).toBeGreaterThan(1000);
    expect(attempts.most).toBeLessThanOrEqual(1.1);
    const after = await untilWhole();
    born = names("back", after).filter((name) => !names("back", before).includes(name));
    expect(born).toHaveLength(1);
  });

  test("the database server is restarted rather than replaced, and has what it had", async () => {
    const post = await outside("curl", "-sS", "--max-time", "10", "--json", '{"text":"kept"}', www);
    expect(post.stdout).toContain('"text":"kept"');
    const data = names("data", await status("dev"));
    await lab("kill", data[0] ?? "", "--how", "power");
    await eventually(
      () => group("data"),
      (found) => found?.running === 0,
      30,
    );
    expect(names("data", await untilWhole())).toEqual(data);
    const answer = await eventually(
      () => outside("curl", "-sS", "--max-time", "10", www),
      ({ stdout }) => stdout.includes('"messages"'),
      30,
    );
    expect(answer.stdout).toContain('"text":"kept"');
  });

  test("a server whose host is lost comes back itself where silence is not repaired, and the number stays", async () => {
    const servers = ({ machines }: StackStatus) =>
      machines
        .filter(({ tier }) => tier === "front")
        .map(({ name, hostName, address }) => ({ name, hostName, address }));
    const before = servers(await untilWhole());
    expect(before).toHaveLength(2);
    await lab("set", "missing-health", "ignored");
    await lab("set", "service-healing", "20");
    try {
      await lab("kill", before[0]?.name ?? "", "--how", "power");
      await eventually(
        () => status("dev"),
        ({ machines }) => machines.some(({ name, state }) => name === before[0]?.name && state === "lost"),
        30,
      );
      const seen: ReturnType<typeof servers>[] = [];
      const look = async () => {
        const found = await status("dev");
        seen.push(servers(found));
        return found;
      };
      await eventually(look, isWhole, 120);
      expect(seen.filter((one) => JSON.stringify(one) !== JSON.stringify(before))).toEqual([]);
    } finally {
      await lab("set", "missing-health", "repaired");
      await lab("set", "service-healing", "90");
    }
  }, 240_000);

  test("the next up adds a server without touching the others, and lists, knows and leaves alone the one that came by itself", async () => {
    const standing = await status("dev");
    const before = names("back", standing);
    const hostName = standing.machines.find(({ name }) => name === born[0])?.hostName.toLowerCase() ?? "";
    const inventory = () => readFileSync(join(root, "ansible", "inventory", "dev.yml"), "utf8");
    expect(inventory()).not.toContain(hostName);
    const { output } = await upWithMoreSecrets("--set", "tiers.back.instances=3");
    expect(inventory()).toContain(hostName);
    expect(output).toMatch(new RegExp(`${hostName}\\.dev +: ok=\\d+ +changed=0 +unreachable=0 +failed=0`));
    const three = names("back", await untilWhole());
    expect(three).toHaveLength(3);
    expect(three).toEqual(expect.arrayContaining(before));
  });
}

/**
 * Registers as tests, which build on each other, in their order: dev with three servers of back, and more secrets, becomes
 * as its file says, and a playbook changes. Repairs of machines must be quick.
 *
 * @param capacity What dev can do on this machine; known when the tests begin.
 */
export function changes(capacity: Capacity): void {
  test("a server that is taken away has answered everything", async () => {
    const three = names("back", await untilWhole());
    expect(three).toHaveLength(3);
    expect(
      await failuresDuring([`1 GET ${www}`], async () => {
        await lab("up", "dev");
        await untilWhole();
      }),
    ).toEqual([]);
    expect(three).toEqual(expect.arrayContaining(names("back", await status("dev"))));
  });

  test("a changed playbook rolls through the servers one after the other, and no request fails", async () => {
    await experiment("change-back", rateOf(capacity));
  }, 600_000);
}
