import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { comparison, judge, standInProgram } from "./comparison.ts";
import { summarize } from "./summary.ts";
import { FakeLab, machine, status } from "./testing/fakeLab.ts";
import { record, steady } from "./testing/histories.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "chaos-"));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const slowest = (latency: number) => [summarize(steady(10, 10, (seconds) => (seconds > 9.7 ? { latency } : {})))];

test("a way of balancing is good when its slowest requests take a third of those by hash", () => {
  const { figures, verdicts } = judge(
    new Map([
      ["hash", slowest(450)],
      ["connections", slowest(150)],
      ["cpu", slowest(151)],
    ]),
  );
  expect(figures).toMatchObject({ "hash p99 ms": 450, "connections p99 ms": 150, "cpu p99 ms": 151 });
  expect(verdicts.map(({ met }) => met)).toEqual([true, false]);
});

test("a fast way that fails requests is not good", () => {
  const failing = [summarize([...steady(10, 10), record(10, { status: 503 })])];
  expect(
    judge(
      new Map([
        ["hash", slowest(450)],
        ["connections", failing],
        ["cpu", slowest(90)],
      ]),
    ).verdicts.map(({ met }) => met),
  ).toEqual([false, true]);
});

/** As the environment is after `up` with that policy. */
function environment(policy: string | undefined) {
  const tiers = { front: 2, back: policy ? 3 : 2, "back-balancer": policy === "hash" ? 0 : 2 };
  return status(
    Object.entries(tiers).flatMap(([tier, count]) =>
      Array.from({ length: count }, (_, index) => machine(tier, index + 1)),
    ),
    [],
    policy,
  );
}

function lab(onUp: (policy: string | undefined) => void = () => {}): FakeLab {
  let policy: string | undefined;
  return new FakeLab({
    status: () => environment(policy),
    answer: (_, number) => ({
      machine: number % 3 === 0 ? "back001" : "back002",
      latency: number % 3 === 0 && policy === "hash" ? 400 : 60,
    }),
    onCommand: (command) => {
      if (!command.startsWith("up")) return;
      policy = /balance":"(\w+)"/.exec(command)?.[1];
      onUp(policy);
    },
  });
}

const context = { rate: 500, seed: 1, run: 1, wanted: { front: 2, back: 2, "back-balancer": 2 }, recoverySeconds: 60 };

test("the environment is built for each way, measured from a front server's network, and restored", async () => {
  const given = lab();
  const { verdicts } = await comparison.run({ ...context, tools: given, directory });
  expect(verdicts.map(({ met }) => met)).toEqual([true, true]);
  expect(given.commands.filter((command) => /^(up|load in)/.test(command))).toEqual([
    'up {"tiers.back.instances":3,"tiers.back.balance":"connections"}',
    ...Array<string>(3).fill("load in lab-m-front1"),
    'up {"tiers.back.instances":3,"tiers.back.balance":"cpu"}',
    ...Array<string>(3).fill("load in lab-m-front1"),
    'up {"tiers.back.instances":3,"tiers.back.balance":"hash"}',
    ...Array<string>(3).fill("load in lab-m-front1"),
    "up {}",
  ]);
});

test("the environment is restored also when one way could not be built", async () => {
  const given = lab((policy) => {
    if (policy === "cpu") throw new Error("up ended with 255");
  });
  await expect(comparison.run({ ...context, tools: given, directory })).rejects.toThrow("up ended with 255");
  expect(given.commands.at(-1)).toBe("up {}");
});

test("the stand-in does one thing after the other, and says at once whether it is well", async () => {
  const file = join(directory, "stand-in.js");
  writeFileSync(file, standInProgram);
  const child: ChildProcess = spawn(process.execPath, [file, "18473", "300"], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await new Promise((ready) => child.stdout?.once("data", ready));
    const seconds = async (path: string) => {
      const started = performance.now();
      const answer = await fetch(`http://127.0.0.1:18473${path}`);
      const text = await answer.text();
      return { text, seconds: (performance.now() - started) / 1000 };
    };
    const works = [seconds("/"), seconds("/"), seconds("/")];
    await new Promise((next) => setTimeout(next, 30));
    expect((await seconds("/health")).seconds).toBeLessThan(0.25);
    const found = (await Promise.all(works)).map((one) => one.seconds).sort((a, b) => a - b);
    expect(found[0]).toBeGreaterThanOrEqual(0.3);
    expect(found[2]).toBeGreaterThanOrEqual(0.9);
    expect((JSON.parse((await seconds("/")).text) as { machine: string }).machine).not.toBe("");
  } finally {
    child.kill("SIGKILL");
  }
});
