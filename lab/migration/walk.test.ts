import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Verdict } from "../chaos/goals.ts";
import type { RequestRecord } from "../chaos/history.ts";
import { FakeClock } from "../chaos/testing/fakeClock.ts";
import type { ClientRecord } from "./clients.ts";
import { expectations, sideOf } from "./expectations.ts";
import { addressOf } from "./goals.ts";
import { MigrationRecord, rateOf, type Options } from "./record.ts";
import { hosts, oldTimeToLive, stateAtFirst, stepsOf, timeToLive, type State } from "./steps.ts";
import { buildOrder, walk, type Tools } from "./walk.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "migration-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const options: Options = { all: false, only: [], share: 0.6, rate: 5, seed: 1 };
const addresses = { old: "198.51.100.15", dev: "198.51.100.40" };

/** An environment that does what its stack files say, at once, but that resolvers keep what they were told. */
class FakeWorld implements Tools {
  readonly clock = new FakeClock(Date.parse("2026-12-01T08:00:00Z"));
  readonly done: string[] = [];
  readonly said: string[] = [];
  state = stateAtFirst;
  /** When what clients meet changed, and to what. */
  readonly history: { at: number; state: State }[] = [{ at: 0, state: stateAtFirst }];
  onBring: (after: State) => void = () => {};
  readonly record: MigrationRecord;

  constructor(record: MigrationRecord) {
    this.record = record;
  }
  say = (message: string) => void this.said.push(message);
  async bring(before: State, after: State, ups: readonly string[]): Promise<void> {
    this.onBring(after);
    if (before.outside.timeToLive > after.outside.timeToLive) this.record.at("lowered", this.clock.nowMs());
    await this.clock.sleep(20);
    this.state = after;
    this.history.push({ at: this.clock.nowMs(), state: after });
    this.done.push(`up ${ups.join(" ")}`);
  }
  check(check: string): Promise<Verdict> {
    this.done.push(check);
    return Promise.resolve({ goal: check, wanted: "", got: "", met: true });
  }
  addresses = () => Promise.resolve(addresses);
  #at = (moment: number) =>
    expectations(this.history.findLast(({ at }) => at <= moment)?.state ?? stateAtFirst, ["dev"]);
  /** A request of a client whose resolver asks anew each time that it has kept an answer for long enough. */
  follow(at: number, host: string, keeping: ClientRecord["keeping"]): ClientRecord {
    const keptMs = (keeping === "ignores" ? 300 : timeToLive) * 1000;
    const then = this.#at(Math.floor(at / keptMs) * keptMs).find((one) => one.host === host)!;
    return { began: at, ended: at + 1, host, keeping, address: addressOf(then, addresses) ?? "", status: 200 };
  }
  load() {
    const from = this.clock.nowMs();
    let to = NaN;
    const records = () => {
      const all: RequestRecord[] = [];
      for (let at = from; at < to; at += 200)
        all.push({ planned: at, sent: at, latency: 1, method: "GET", status: 200, machine: "front", passed: [] });
      return Promise.resolve(all);
    };
    return { records, stop: () => Promise.resolve(void (to = this.clock.nowMs())) };
  }
  clients(expected: readonly { host: string }[], told: Readonly<Record<string, string>>) {
    const from = this.clock.nowMs();
    let to = Infinity;
    const browse = (at: number, host: string, number: number): ClientRecord => {
      const now = this.#at(at).find((one) => one.host === host)!;
      return { began: at, ended: at + 1, host, number, status: 200, side: sideOf(number, now) };
    };
    const records = () => {
      const all: ClientRecord[] = [];
      for (let at = from; at < Math.min(to, this.clock.nowMs()); at += 2000)
        for (const { host } of expected) {
          for (const keeping of ["honours", "caps", "ignores"] as const) all.push(this.follow(at, host, keeping));
          if (told[host]) for (const number of [5, 45, 95]) all.push(browse(at, host, number));
        }
      return all;
    };
    return { records, stop: () => Promise.resolve(void (to = Math.min(to, this.clock.nowMs()))) };
  }
}

const begun = (more: Partial<Options> = {}) => MigrationRecord.begin(folder, { ...options, ...more });
const walked = async (record: MigrationRecord, world: FakeWorld, judged?: readonly string[], stands = false) => {
  const steps = stepsOf(false);
  await walk({
    ...{ steps, stacks: ["dev"] as const, judged: judged ?? steps.map(({ name }) => name), record, tools: world },
    stop: new AbortController().signal,
    stands,
    measure: () => Promise.resolve(void world.done.push("measured")),
  });
};

test("each step is made, taken back and made again; its checks come after the first way; no goal is missed", async () => {
  const record = begun();
  const world = new FakeWorld(record);
  await walked(record, world);
  expect(record.made).toEqual(stepsOf(false).map(({ name }) => name));
  const missed = record.runs.flatMap(({ experiment, trouble, report }) =>
    report ? report.verdicts.filter(({ met }) => !met).map(({ goal }) => `${experiment}: ${goal}`) : [trouble],
  );
  expect(missed).toEqual([]);
  expect(world.done.slice(0, 7)).toEqual([
    "up dev",
    "measured",
    "up dev",
    "certificates",
    "up dev",
    "up dev",
    "up dev",
  ]);
  expect(world.done.filter((one) => one === "refused")).toHaveLength(1);
  expect(world.state.outside.oldHost).toBe(false);
  expect(existsSync(join(record.directory, "dev-address", "phases.json"))).toBe(true);
});

test("an address is switched once the old time to live has run out, and the old host ends once it is silent", async () => {
  const record = begun();
  const world = new FakeWorld(record);
  const switched: number[] = [];
  const met: unknown[] = [];
  world.onBring = ({ files, outside }) => {
    const { target, legacy } = (files.dev["dns"] ?? {}) as { target?: object; legacy?: object };
    if (target && legacy) switched.push(world.clock.nowMs() - (record.moments.lowered ?? Infinity));
    if (target && !legacy && outside.oldHost)
      met.push(world.follow(world.clock.nowMs(), hosts.dev.front, "ignores").address);
  };
  await walked(record, world);
  expect(Math.min(...switched)).toBeGreaterThanOrEqual(1000 * oldTimeToLive);
  expect(world.said).toContain("until no client goes to the old host");
  expect(met[0]).toBe(addresses.dev);
});

test("steps that are not judged are made once, without a look", async () => {
  const record = begun({ only: ["dns-zone"] });
  const world = new FakeWorld(record);
  await walked(record, world, ["dns-zone"]);
  expect(record.runs.map(({ experiment }) => experiment)).toEqual(["dns-zone"]);
  expect(world.done.filter((one) => one === "up dev")).toHaveLength(
    stepsOf(false).filter(({ ups }) => ups.length > 0).length + 2,
  );
});

test("a walk ends where a step cannot be made; a later one goes back first, and goes on", async () => {
  const record = begun();
  const world = new FakeWorld(record);
  let isBroken = true;
  world.onBring = ({ files }) => {
    if (isBroken && JSON.stringify(files.dev["reverseProxy.routes"]).includes('"share":50'))
      throw new Error("the lab went down");
  };
  await walked(record, world);
  expect(record.runs.at(-1)).toMatchObject({ experiment: "dev-back-half", trouble: "the lab went down" });
  expect(record.made.at(-1)).toBe("dev-back-tenth");
  isBroken = false;
  const again = MigrationRecord.last(folder);
  const next = new FakeWorld(again);
  const shares: unknown[] = [];
  next.onBring = ({ files }) => shares.push((files.dev["reverseProxy.routes"] as { share?: number }[])[1]?.share);
  await walked(again, next, undefined, true);
  expect(shares.slice(0, 4)).toEqual([10, 50, 10, 50]);
  expect(again.runs.filter(({ trouble }) => trouble !== undefined)).toEqual([]);
  expect(again.made).toHaveLength(stepsOf(false).length);
});

test("where the lab is down, what was made is made once more, without load", async () => {
  const record = begun();
  for (const { name } of stepsOf(false).slice(0, 4)) record.make(name);
  const world = new FakeWorld(record);
  await walked(record, world);
  expect(world.done.slice(0, 5)).toEqual(["up dev", "measured", "up dev", "up dev", "up dev"]);
  const left = stepsOf(false).slice(4);
  expect(record.runs.map(({ experiment }) => experiment)).toEqual(left.map(({ name }) => name));
  expect(record.made).toEqual(stepsOf(false).map(({ name }) => name));
  expect(world.state.outside.oldHost).toBe(false);
});

test("the rate is a share of what the weaker way serves, unless it is given", () => {
  const capacity = (rate: number) => ({ rate, goodput: rate, confirmed: true, steps: [] });
  expect(rateOf(options, {})).toBe(5);
  const measured: Options = { all: false, only: [], share: 0.6, seed: 1 };
  expect(rateOf(measured, { tiers: capacity(500), old: capacity(300) })).toBe(180);
  expect(rateOf(measured, { tiers: capacity(500) })).toBeUndefined();
});

test("tools comes once more after its entry", () => {
  expect(buildOrder(false)).toEqual(["dev"]);
  expect(buildOrder(true)).toEqual(["dev", "tools", "prod", "tools"]);
});
