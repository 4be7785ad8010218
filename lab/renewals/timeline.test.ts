import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { verdicts } from "./goals.ts";
import { planned } from "./plan.ts";
import { RenewalsRecord } from "./record.ts";
import { FakeLab, type FakeLabOptions } from "./testing/fakeLab.ts";
import { play } from "./timeline.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "renewals-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const hosts = ["api.dev.chatbot.example", "www.dev.chatbot.example"];
const options = { seed: 7, days: 90, stack: "dev", rate: 0.2 };
const plan = planned(options.seed, options.days, hosts);
const begun = () => RenewalsRecord.begin(folder, options, hosts, new Date("2026-12-01T00:00:00Z"));

async function played(given: FakeLabOptions = {}, record = begun(), of = plan) {
  const lab = new FakeLab(given);
  await play(of, record, lab, "ca.pem");
  return { lab, record, missed: verdicts(of, record).filter(({ met }) => !met) };
}

test("all that is planned is done, in its order, and every goal is met where nothing goes wrong", async () => {
  const { lab, record, missed } = await played();
  expect(missed).toEqual([]);
  expect(record.finished).toBe(true);
  expect(record.replacements).toHaveLength(20);
  expect(record.wipes).toHaveLength(80);
  expect(lab.commands.slice(0, 6)).toEqual([
    "reissue api.dev.chatbot.example",
    "api.dev.chatbot.example has another one",
    "reissue www.dev.chatbot.example",
    "www.dev.chatbot.example has another one",
    "load 1 GET https://api.dev.chatbot.example/,1 GET https://www.dev.chatbot.example/",
    "reissue www.dev.chatbot.example",
  ]);
  expect(lab.commands.filter((one) => /away|back/.test(one))).toEqual([
    "vault away",
    "vault back",
    "authority away",
    "authority back",
  ]);
  // One proxy more at most, and one that stood leaves for each that came.
  expect(lab.commands.filter((one) => one.endsWith(" comes"))).toHaveLength(20);
  expect(lab.commands.filter((one) => one.endsWith(" goes"))).toHaveLength(20);
  expect(record.stretches).toMatchObject([{ from: 0, first: -30, failed: 0, away: ["vault", "authority"] }]);
  expect(record.stretches[0]?.hosts).toEqual([
    { host: hosts[0], given: 1, ordered: 2, written: 2 },
    { host: hosts[1], given: 2, ordered: 3, written: 3 },
  ]);
});

test("no proxy is new, or wiped, while the vault has no certificate of a host", async () => {
  const { lab } = await played({ issueSeconds: 60 });
  const begun = lab.commands.lastIndexOf("reissue www.dev.chatbot.example");
  expect(lab.commands[begun + 1]).toBe("www.dev.chatbot.example has another one");
  expect(lab.commands.findIndex((one) => /^wipe| comes$/.test(one))).toBeGreaterThan(begun + 1);
});

test("an order that is under way in the end is waited for", async () => {
  // One is due on day 31.
  const { missed, record } = await played({ orderSeconds: 40 }, begun(), planned(options.seed, 32, hosts));
  expect(missed).toEqual([]);
  expect(record.stretches[0]?.hosts[0]).toMatchObject({ ordered: 2, written: 2 });
});

test("no proxy is deleted while an order may be under way", async () => {
  const days: number[] = [];
  await played({ onCommand: (command, day) => void (/ goes$/.test(command) && days.push(day - 31)) });
  expect(days).toHaveLength(20);
  expect(days.filter((day) => (day > 29.5 && day < 33.5) || (day > 63.5 && day < 67.5))).toEqual([]);
});

test.each<[string, FakeLabOptions, string]>([
  [
    "a failed handshake",
    { answer: (day) => (day > 60 && day < 60.5 ? { status: 0, error: "x509: expired" } : {}) },
    "no handshake failed, and no request after it",
  ],
  ["a second order", { orders: 2 }, "one order for each renewal of api.dev.chatbot.example, days -30 to 90"],
  [
    "a new proxy without certificate",
    { served: (host) => ({ host, trouble: "self-signed certificate" }) },
    "each new proxy had its certificates when it was in rotation",
  ],
  [
    "a proxy with the certificate from before",
    { served: (host) => ({ host, serial: "from before" }) },
    "every proxy has what the vault has, in the end",
  ],
  ["a service that was there all the time", { neverAway: true }, "what was to be away was, and came back"],
  [
    "a proxy that never comes",
    { bootSeconds: (number) => (number === 3 ? 700 : 10) },
    "each new proxy had its certificates when it was in rotation",
  ],
])("%s is a miss", async (_, given, goal) => {
  const { missed } = await played(given);
  expect(missed.map((one) => one.goal)).toContain(goal);
});

test("a wipe that meets a proxy in its last moment is done to another one", async () => {
  let failures = 0;
  const { missed, record } = await played({
    onCommand(command) {
      if (command.startsWith("wipe") && failures++ < 2) throw new Error("connection closed");
    },
  });
  expect(missed).toEqual([]);
  expect(record.wipes).toHaveLength(80);
});

test("what was broken off goes on with the day that it had reached, and does nothing twice", async () => {
  const broken = new FakeLab({ onCommand: (_, day) => void (day > 30 + 50 && broken.clock.end()) });
  await expect(play(plan, begun(), broken, "ca.pem")).rejects.toThrow("ended");
  const former = RenewalsRecord.last(folder);
  // The certificates at its beginning took a day.
  const day = Math.floor(former.reached);
  expect(day).toBe(49);
  const done = former.wipes.length;
  expect(done).toBeGreaterThan(30);
  const { record, missed, lab } = await played({}, former);
  expect(missed).toEqual([]);
  expect(record.wipes).toHaveLength(80);
  expect(lab.commands.filter((one) => one.startsWith("wipe"))).toHaveLength(80 - done);
  expect(record.stretches).toMatchObject([
    { from: 0, first: -30, away: ["vault"] },
    { from: day, first: 0, away: ["vault", "authority"] },
  ]);
});
