import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FakeLab, machine, status } from "../chaos/testing/fakeLab.ts";
import { missed } from "../chaos/report.ts";
import type { Result } from "../commands.ts";
import { experimentsWith, type Deployer } from "./experiments.ts";

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
  #published = 0;
  readonly #bad = new Set<string>();

  constructor() {
    let killed = "";
    super({
      kept: everything,
      onCommand: (command) => {
        if (command.startsWith("kill")) killed = command.split(" ")[1] ?? "";
      },
      // Another one is there at once.
      status: () =>
        killed === ""
          ? status(standing)
          : status([...standing.filter(({ name }) => name !== killed), machine("front", 3)]),
    });
  }

  override sudo(name: string, script: string): Promise<string> {
    if (script.startsWith("cat ")) return Promise.resolve(JSON.stringify({ notice }));
    const found = Object.entries(this.deployed).map(([one, release]) => [one, { release, deployed: release }]);
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

  async cap(task: string, application: string, release = ""): Promise<Result> {
    await this.clock.sleep(60);
    this.done.push(`${task} ${application}`);
    const bad = this.#bad.has(release);
    const seconds = 2 * notice + this.backSeconds;
    if (!bad) this.deployed[application] = release;
    const output = bad ? `00:40 ${application}1.dev: refused after ${seconds}.0 s: no\n` : "";
    return { status: bad ? 1 : 0, output, stdout: output, stderr: "", seconds: 60 };
  }
}

async function run(world: World, name: string) {
  const experiment = experimentsWith(world).find((one) => one.name === name);
  if (!experiment) throw new Error(`no experiment ${name}`);
  const context = { tools: world, rate: 100, seed: 1, run: 1, wanted, recoverySeconds: 300, directory };
  return missed([{ experiment: name, run: 1, report: await experiment.run(context) }]);
}

test("the suite has 50 deployments and rollbacks, 25 bad releases and 20 repairs", () => {
  const names = experimentsWith(new World()).map(({ name }) => name.replace(/-\d+$/, ""));
  const count = (kind: string) => names.filter((name) => name === kind).length;
  expect([5 * count("deployments"), 5 * count("bad"), count("repair")]).toEqual([50, 25, 20]);
});

test("deployments and rollbacks that go well meet every goal", async () => {
  const world = new World();
  expect(await run(world, "deployments-2")).toEqual([]);
  const count = (what: string) => world.done.filter((one) => one === what).length;
  // One more for the release from which it begins.
  expect([count("deploy back"), count("deploy:rollback back"), count("publish back good")]).toEqual([6, 5, 6]);
});

test("bad releases that are away in time meet every goal, and one that takes longer does not", async () => {
  const world = new World();
  expect(await run(world, "bad-1")).toEqual([]);
  expect(world.done.filter((one) => one.startsWith("publish"))).toEqual(
    ["good", "crash", "never-ready", "slow", "500", "hang"].map((kind) => `publish front ${kind}`),
  );
  world.backSeconds = 16;
  const failures = await run(world, "bad-1");
  expect(failures).toHaveLength(5);
  expect(failures[0]).toContain("crash is back on the first machine, and on no other: refused after 16.0 s");
});

test("a bad release that is deployed misses its goals", async () => {
  const world = new World();
  world.blind = true;
  const failures = await run(world, "bad-1");
  for (const kind of ["crash", "never-ready", "slow", "500", "hang"])
    expect(failures.join("\n")).toContain(`${kind} is refused`);
});

test("a machine is lost while the deployment runs, and the one in its place has the release", async () => {
  const world = new World();
  expect(await run(world, "repair-1")).toEqual([]);
  expect(world.commands.filter((command) => command.startsWith("kill"))).toHaveLength(1);
});
