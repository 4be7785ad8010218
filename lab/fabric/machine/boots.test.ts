import { beforeEach, expect, test } from "vitest";
import { type Boot, rebootStatus, type Sight } from "./boot.ts";
import { Boots } from "./boots.ts";

const off: Sight = { running: false, answers: false, ready: false };
const on: Sight = { ...off, running: true };
const answering: Sight = { ...on, answers: true };
const up: Sight = { ...answering, ready: true };

let nowMs: number;
/** Attempts in their order, with their times in seconds. */
let attempts: string[];
let sights: Map<string, Sight>;
let remembered: Map<string, Boot | "up">;
let logged: string[];
let words: string;
/** What becomes of a machine that is switched on. */
let become: (id: string) => Sight | Error;
let boots: Boots;

function start(): Boots {
  return new Boots({
    atOnce: 2,
    provisioningSeconds: 100,
    nowMs: () => nowMs,
    nameOf: (id) => `vm-${id}`,
    log: (message) => logged.push(message),
    see: (id) => sights.get(id) ?? off,
    switchOn: (id, boot) => {
      attempts.push(`${id} ${nowMs / 1000}`);
      remembered.set(id, { ...boot });
      const sight = become(id);
      if (sight instanceof Error) return Promise.reject(sight);
      sights.set(id, sight);
      return Promise.resolve();
    },
    lastWords: () => Promise.resolve(words),
    giveUp: (id, boot) => {
      remembered.set(id, { ...boot });
      sights.set(id, off);
      return Promise.resolve();
    },
    isUp: (id) => Promise.resolve(void remembered.set(id, "up")),
  });
}

beforeEach(() => {
  nowMs = 0;
  attempts = [];
  sights = new Map();
  remembered = new Map();
  logged = [];
  words = "";
  become = () => on;
  boots = start();
});

async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    boots.look();
    // What a look has begun comes to its end before the next one.
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    nowMs += 1000;
  }
}

test("no more machines boot at the same time than may, and the others follow in their order", async () => {
  for (const id of ["a", "b", "c", "d"]) boots.begin(id);
  await pass(5);
  expect(attempts).toEqual(["a 0", "b 0"]);
  expect(boots.isOnItsWay("d")).toBe(true);
  sights.set("b", up);
  await pass(2);
  expect(attempts).toEqual(["a 0", "b 0", "c 5"]);
  expect(remembered.get("b")).toBe("up");
  expect(boots.isOnItsWay("b")).toBe(false);
});

test("machines that fail again and again do not keep the turns from one that came later", async () => {
  for (const id of ["a", "b", "c", "d", "new"]) boots.begin(id);
  await pass(110);
  expect(attempts.map((one) => one.split(" ")[0])).toEqual(["a", "b", "c", "d", "new", "a"]);
});

test("a machine whose systemd answers has its turn until it is set up", async () => {
  boots = start();
  for (const id of ["a", "b", "c"]) boots.begin(id);
  await pass(1);
  sights.set("a", answering);
  await pass(5);
  expect(attempts).toHaveLength(2);
});

test("one that takes very long is not in the others' way for ever, and is not cut short", async () => {
  for (const id of ["a", "b", "c"]) boots.begin(id);
  become = () => answering;
  await pass(60);
  expect(attempts).toEqual(["a 0", "b 0", "c 51"]);
});

test("a machine that was deleted while it waited is not switched on", async () => {
  for (const id of ["a", "b", "c"]) boots.begin(id);
  await pass(1);
  boots.dropAllBut(new Set(["a", "c"]));
  await pass(1);
  expect(attempts).toEqual(["a 0", "b 0", "c 1"]);
});

test("a boot that ends is tried again, later each time, and its reason is told once", async () => {
  become = () => ({ ...off, exitStatus: 1 });
  words = "Failed to allocate manager object: Too many open files";
  boots.begin("a");
  await pass(80);
  expect(attempts.map((one) => Number(one.split(" ")[1]))).toEqual([0, 2, 5, 10, 19, 36, 67]);
  expect(logged).toEqual([`vm-a: boot 1 failed, tried again in 1 s: systemd-nspawn ended with status 1: ${words}`]);
  become = () => up;
  await pass(40);
  expect(logged.at(-1)).toBe("vm-a: is up, at attempt 8");
  expect(remembered.get("a")).toBe("up");
});

test("a machine that cannot be switched on is tried again as well", async () => {
  become = () => new Error("its network namespace does not exist");
  boots.begin("a");
  await pass(1);
  become = () => up;
  await pass(3);
  expect(attempts).toHaveLength(2);
  expect(logged[0]).toContain("its network namespace does not exist");
  expect(remembered.get("a")).toBe("up");
});

test("a machine whose systemd does not answer is tried again, and gets more time each time", async () => {
  words = "last line";
  boots.begin("a");
  await pass(200);
  expect(attempts.map((one) => Number(one.split(" ")[1]))).toEqual([0, 52, 155]);
  expect(remembered.get("a")).toMatchObject({ reason: "its systemd did not answer within 100 s: last line" });
});

test("a machine that has answered once is not given up for its silence", async () => {
  boots.begin("a");
  await pass(1);
  sights.set("a", answering);
  await pass(1);
  sights.set("a", on);
  await pass(500);
  expect(attempts).toHaveLength(1);
});

test("a machine that is not up in time is late, with the reason, and is tried until it is up", async () => {
  become = () => ({ ...off, exitStatus: 1 });
  words = "Too many open files";
  boots.begin("a");
  await pass(101);
  expect(boots.late("a")).toBeUndefined();
  await pass(1);
  expect(boots.late("a")).toBe("systemd-nspawn ended with status 1: Too many open files");
  expect(logged.at(-1)).toBe("vm-a: not up within 100 s: systemd-nspawn ended with status 1: Too many open files");
  become = () => up;
  await pass(40);
  expect(boots.late("a")).toBeUndefined();
  expect(remembered.get("a")).toBe("up");
});

test("a machine that is late tells the reason of its last attempt", async () => {
  become = () => ({ ...off, exitStatus: 1 });
  words = "one";
  boots.begin("a");
  await pass(105);
  words = "another";
  await pass(35);
  expect(boots.late("a")).toBe("systemd-nspawn ended with status 1: another");
});

test("one that answers and is never set up is late with its last words", async () => {
  become = () => answering;
  words = "cloud-init failed";
  boots.begin("a");
  await pass(103);
  expect(boots.late("a")).toBe("it is not set up yet: cloud-init failed");
  expect(attempts).toHaveLength(1);
});

test("the wait for a turn does not count", async () => {
  become = () => answering;
  for (const id of ["a", "b", "c"]) boots.begin(id);
  await pass(120);
  expect(["a", "b", "c"].map((id) => boots.late(id) !== undefined)).toEqual([true, true, false]);
});

test("the next daemon knows that a machine is late and why, and goes on", async () => {
  become = () => ({ ...off, exitStatus: 1 });
  words = "Too many open files";
  boots.begin("a");
  await pass(150);
  const boot = remembered.get("a") as Boot;
  boots = start();
  boots.begin("a", JSON.parse(JSON.stringify(boot)) as Boot);
  expect(boots.late("a")).toBe("systemd-nspawn ended with status 1: Too many open files");
  become = () => up;
  await pass(2);
  expect(boots.late("a")).toBeUndefined();
  expect(remembered.get("a")).toBe("up");
});

test("the next daemon watches a boot that goes on, without switching the machine on", async () => {
  sights.set("a", on);
  boots.resume("a", { began: 0, attempts: 1 });
  await pass(5);
  sights.set("a", up);
  await pass(1);
  expect(attempts).toEqual([]);
  expect(remembered.get("a")).toBe("up");
});

test("a guest that reboots before it is up is switched on again at once", async () => {
  become = () => ({ ...off, exitStatus: rebootStatus });
  boots.begin("a");
  await pass(2);
  become = () => up;
  await pass(2);
  expect(attempts).toEqual(["a 0", "a 2"]);
  expect(logged[0]).toContain("it rebooted before it was up");
});

test("a machine that loses its power while it boots stays off, and is late in the end", async () => {
  boots.begin("a");
  await pass(1);
  sights.set("a", off);
  await pass(10);
  expect(boots.isOnItsWay("a")).toBe(false);
  await pass(100);
  expect(attempts).toEqual(["a 0"]);
  expect(boots.late("a")).toBe("it lost its power");
});

test("a machine that powers itself off while it boots stays off, and is late in the end", async () => {
  become = () => ({ ...off, exitStatus: 0 });
  boots.begin("a");
  await pass(110);
  expect(attempts).toEqual(["a 0"]);
  expect(boots.isOnItsWay("a")).toBe(false);
  expect(boots.late("a")).toBe("it powered itself off before it was up");
});

test("the next daemon leaves a machine off that ended while it booted, and knows that it is late", async () => {
  boots.stay("a", { began: 0, attempts: 1, reason: "it lost its power" });
  await pass(102);
  expect(attempts).toEqual([]);
  expect(boots.isOnItsWay("a")).toBe(false);
  expect(boots.late("a")).toBe("it lost its power");
});
