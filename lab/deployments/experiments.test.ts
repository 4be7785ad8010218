import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeLab, machine, status } from "../chaos/testing/fakeLab.ts";
import { missed } from "../chaos/report.ts";
import type { Result } from "../commands.ts";
import type { Killing } from "./capistrano.ts";
import { experimentsWith } from "./experiments.ts";
import type { Deployer } from "./experiments/deployer.ts";
import { kindOf } from "./progress.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "deployments-"));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const tiers = ["front", "back"];
const standing = tiers.flatMap((tier) => [machine(tier, 1), machine(tier, 2)]);
const wanted = Object.fromEntries(tiers.map((tier) => [tier, 2]));
const everything = (prefix: string) => Array.from({ length: 80_000 }, (_, index) => `${prefix}-${index}`);

/** Seconds that a machine is out of rotation for a deployment, besides those that a release takes. */
const notice = 12;

/** A lab in which Capistrano does what it should, but for what a test changes. */
class World extends FakeLab implements Deployer {
  readonly deployed: Record<string, string> = {};
  readonly done: string[] = [];
  /** Seconds after which a machine is back on its release. */
  backSeconds = 8;
  /** Bad releases go through. */
  blind = false;
  /** Seconds after which a deployment has ended, whatever should kill it then; and its exit status. */
  endsAfter = Infinity;
  endsWith = 0;
  /** Seconds that cap takes. */
  capSeconds = 60;
  /** A lock that outlives the one that had it. */
  stale = false;
  /** A machine that was born keeps the release that it was born with. */
  forgotten = false;
  /** What a machine says besides of each application. */
  half: object = {};
  #published = 0;
  readonly #bad = new Set<string>();

  constructor() {
    const killed: string[] = [];
    super({
      kept: everything,
      onCommand: (command) => {
        if (command.startsWith("kill")) killed.push(command.split(" ")[1] ?? "");
      },
      // Another one is there at once.
      status: () =>
        status(
          killed.reduce(
            (machines, name, index) => [
              ...machines.filter((one) => one.name !== name),
              machine(name.split("_")[0] ?? "", index + 3),
            ],
            standing,
          ),
        ),
    });
  }

  override sudo(name: string, script: string): Promise<string> {
    if (script.startsWith("cat ")) return Promise.resolve(JSON.stringify({ notice }));
    const found = Object.entries(this.deployed).map(([one, deployed]) => {
      const release = this.forgotten && /_[3-9]$/.test(name) ? "20260101000000" : deployed;
      return [one, { release, deployed, ...this.half }];
    });
    return script === "platform-release status"
      ? Promise.resolve(JSON.stringify(Object.fromEntries(found)))
      : super.sudo(name, script);
  }

  publish(application: string, _words: string, bad?: string): Promise<string> {
    const release = `20261129${String(++this.#published).padStart(6, "0")}-0123456789ab`;
    if (bad && !this.blind) this.#bad.add(release);
    this.done.push(`publish ${application} ${bad ?? "good"}`);
    return Promise.resolve(release);
  }

  async cap(task: string, application: string, release?: string, killing?: Killing): Promise<Result> {
    await this.clock.sleep(killing?.afterSeconds ?? this.capSeconds);
    this.done.push(`${killing ? "killed " : ""}${task} ${application}`);
    const told = (status: number | null, output: string) => ({
      status,
      output,
      stdout: output,
      stderr: "",
      seconds: this.capSeconds,
    });
    if (killing && killing.afterSeconds < this.endsAfter)
      return told(killing.how === "alone" ? 137 : null, "00:01 front1.dev: has the release\n");
    if (killing && this.endsWith !== 0) return told(this.endsWith, "");
    if (task === "deploy:status") return told(0, `lock       ${this.stale ? "anna since noon" : "free"}\n`);
    if (release === undefined) return told(0, "");
    const bad = this.#bad.has(release);
    const seconds = 2 * notice + this.backSeconds;
    if (!bad) this.deployed[application] = release;
    return told(bad ? 1 : 0, bad ? `00:40 ${application}1.dev: refused after ${seconds}.0 s: no\n` : "");
  }
}

async function run(world: World, name: string, rate = 100) {
  const experiment = experimentsWith(world).find((one) => one.name === name);
  if (!experiment) throw new Error(`no experiment ${name}`);
  const context = { tools: world, rate, seed: 1, run: 1, wanted, recoverySeconds: 300, directory };
  return missed([{ experiment: name, run: 1, report: await experiment.run(context) }]);
}

/** How often each thing was done in an experiment. */
function counts(world: World): Record<string, number> {
  const groups = Map.groupBy(world.done, (one) => one);
  return Object.fromEntries([...groups].map(([one, all]) => [one, all.length]));
}

test("the suite has 50 deployments and rollbacks, 25 bad releases, 20 repairs, 8 kills", async () => {
  const done: Record<string, number> = {};
  const count = (what: string) => done[what] ?? 0;
  let lost = 0;
  for (const { name } of experimentsWith(new World())) {
    const world = new World();
    for (const application of tiers) world.deployed[application] = "20261101000000-aaaaaaaaaaaa";
    await run(world, name, 10);
    for (const [what, times] of Object.entries(counts(world)))
      done[`${kindOf(name)} ${what}`] = count(`${kindOf(name)} ${what}`) + times;
    if (kindOf(name) === "repair") lost += world.commands.filter((command) => command.startsWith("kill")).length;
  }
  const both = (what: string) => tiers.reduce((sum, application) => sum + count(`${what} ${application}`), 0);
  expect([both("deployments deploy"), both("deployments deploy:rollback"), both("bad deploy"), lost]).toEqual([
    ...[50, 50, 25, 20],
  ]);
  expect([both("killed killed deploy"), both("repair-then-deploy deploy")]).toEqual([8, 4]);
}, 60_000);

test("deployments and rollbacks that go well meet every goal", async () => {
  const world = new World();
  expect(await run(world, "deployments-2")).toEqual([]);
  // One more for the release from which it begins.
  for (const application of tiers)
    expect(counts(world)).toMatchObject({
      [`deploy ${application}`]: 6,
      [`deploy:rollback ${application}`]: 5,
      [`publish ${application} good`]: 6,
    });
});

test("bad releases that are away in time meet every goal, and one that takes longer does not", async () => {
  const world = new World();
  expect(await run(world, "bad-3")).toEqual([]);
  expect(world.done.filter((one) => one.startsWith("publish"))).toEqual(
    ["good", "crash", "never-ready", "slow", "500", "hang"].map((kind) => `publish front ${kind}`),
  );
  world.backSeconds = 16;
  const failures = await run(world, "bad-3");
  expect(failures).toHaveLength(5);
  expect(failures[0]).toContain("crash is back on the first machine, and on no other: refused after 16.0 s");
});

test("a bad release that is deployed misses its goals", async () => {
  const world = new World();
  world.blind = true;
  const failures = await run(world, "bad-1");
  for (const kind of ["crash", "never-ready", "slow", "500", "hang"])
    for (const application of tiers) expect(failures.join("\n")).toContain(`${kind} of ${application} is refused`);
});

test("a machine is lost while the deployment runs, and the one in its place has the release", async () => {
  const world = new World();
  expect(await run(world, "repair-1")).toEqual([]);
  expect(world.commands.filter((command) => command.startsWith("kill"))).toHaveLength(4);
});

test("a machine that is lost after the deployment has ended is lost too late", async () => {
  const world = new World();
  world.capSeconds = 1;
  expect((await run(world, "repair-1")).join("\n")).toContain("of back is lost in the middle of a deployment: after ");
});

test.each(["repair-then-deploy-1", "repair-then-deploy-2"])(
  "a release is deployed after a repair without an up: %s",
  async (name) => {
    const world = new World();
    expect(await run(world, name)).toEqual([]);
    expect(world.commands.filter((command) => command.startsWith("up"))).toEqual([]);
    const forgotten = new World();
    forgotten.forgotten = true;
    expect((await run(forgotten, name)).join("\n")).toContain("every machine of back has what is deployed");
  },
);

test("a cap that ends before it is killed is played again, earlier, and one that fails misses its goal", async () => {
  const world = new World();
  world.endsAfter = 0;
  const failures = await run(world, "killed-2");
  expect(failures).toHaveLength(4);
  expect(failures[0]).toContain("cap of front is killed: ended with 0");
  for (const application of tiers) expect(counts(world)[`killed deploy ${application}`]).toBe(6);

  const shorter = new World();
  shorter.endsAfter = 20;
  expect(await run(shorter, "killed-2")).toEqual([]);
  expect(shorter.done.filter((one) => one.startsWith("killed")).length).toBeGreaterThan(4);

  const failing = new World();
  Object.assign(failing, { endsAfter: 0, endsWith: 1 });
  expect((await run(failing, "killed-1"))[0]).toContain("cap of front is killed: ended with 1");
  expect(counts(failing)["killed deploy front"]).toBe(2);
});

test("a machine on which an activation has not ended, or another release runs, does not have what is deployed", async () => {
  const world = new World();
  world.half = { trying: true };
  expect((await run(world, "deployments-1")).join("\n")).toContain("whose activation has not ended, on front_");
  world.half = { running: ["20260101000000"] };
  expect((await run(world, "deployments-1")).join("\n")).toMatch(/has what is deployed: .*20260101000000/);
});

test("what comes after a kill completes it, and a lock that stays misses its goal", async () => {
  const world = new World();
  expect(await run(world, "killed-1")).toEqual([]);
  for (const application of tiers)
    expect(counts(world)).toMatchObject({ [`killed deploy ${application}`]: 2, [`deploy:complete ${application}`]: 1 });
  world.stale = true;
  const failures = await run(world, "killed-2");
  expect(failures).toHaveLength(4);
  expect(failures[0]).toContain("the lock for front is free: anna since noon after");
});
