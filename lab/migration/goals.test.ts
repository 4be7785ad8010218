import { describe, expect, test } from "vitest";
import type { RequestRecord } from "../chaos/history.ts";
import type { ClientRecord } from "./clients.ts";
import type { Expectation } from "./expectations.ts";
import { judge, tierShare, type Evidence, type Phase } from "./goals.ts";

const host = "www.dev.chatbot.example";
const at = (share: number, target: Expectation["target"] = "legacy"): Expectation[] => [
  { stack: "dev", host, share, target, entry: "dev" },
];
const addresses = { old: "198.51.100.15", dev: "198.51.100.40" };
/** From a tenth to a half: taken over within 10 s, looked at until second 20. */
const phase: Phase = { name: "forth", from: 0, settled: 10_000, to: 20_000, before: at(10), after: at(50) };

const load: RequestRecord[] = Array.from({ length: 200 }, (_, index) => ({
  planned: index * 100,
  sent: index * 100,
  latency: 5,
  method: "GET",
  status: 200,
  machine: index % 2 ? "old-host" : "front000001",
  passed: [],
}));
const client = (began: number, more: Partial<ClientRecord>): ClientRecord => ({
  began,
  ended: began + 10,
  host,
  address: "198.51.100.15",
  status: 200,
  side: "legacy",
  ...more,
});
const followers = (["honours", "caps", "ignores"] as const).flatMap((keeping) =>
  [5000, 15_000].map((began) => client(began, { keeping })),
);
const good: Evidence = {
  ...{ rate: 10, from: 0, to: 20_000, load, phases: [phase], addresses },
  clients: followers,
  hasBrowsers: false,
};
const missed = (more: Partial<Evidence>) =>
  judge({ ...good, ...more })
    .filter(({ met }) => !met)
    .map(({ goal }) => goal);

test("a step that nobody noticed misses nothing", () => {
  expect(missed({})).toEqual([]);
  expect(tierShare(good)).toBe(50);
});

test("one request that failed, or a load that was not kept, is told", () => {
  expect(missed({ load: load.map((one, index) => (index === 7 ? { ...one, status: 502 } : one)) })).toEqual([
    "no request failed",
  ]);
  expect(missed({ load: load.slice(0, 100) })).toEqual(["the load was kept"]);
  expect(missed({ load: [] })).toEqual(["the load was kept"]);
  // Of 200 at random as many come as not.
  expect(missed({ load: load.slice(0, 180) })).toEqual([]);
});

test("one client that failed, or no client at all, is told by the kind of its resolver", () => {
  const failing = client(3000, { keeping: "caps", error: "ECONNREFUSED" });
  expect(missed({ clients: [...followers, failing] })).toEqual(["no client whose resolver caps them failed"]);
  expect(missed({ clients: followers.filter(({ keeping }) => keeping !== "ignores") })).toEqual([
    "no client whose resolver ignores them failed",
  ]);
});

describe("a browser", () => {
  const browser = (number: number, began: number, side: "legacy" | "tier") => client(began, { number, side });
  const wrong = (...records: ClientRecord[]) => missed({ clients: [...followers, ...records], hasBrowsers: true });

  test("is missed where there should be one", () => {
    expect(wrong()).toEqual(["no client with a cookie failed", "each browser was on its side"]);
  });

  test("whose side changes may be on either while the proxies take the share over, and then on the new one", () => {
    expect(wrong(browser(35, 5000, "legacy"), browser(35, 6000, "tier"), browser(35, 15_000, "tier"))).toEqual([]);
    expect(wrong(browser(35, 15_000, "legacy"))).toEqual(["each browser was on its side"]);
  });

  test("whose side does not change is never on the other one", () => {
    expect(wrong(browser(5, 5000, "tier"), browser(75, 5000, "legacy"))).toEqual([]);
    expect(wrong(browser(5, 5000, "legacy"))).toEqual(["each browser was on its side"]);
    expect(wrong(browser(75, 5000, "tier"))).toEqual(["each browser was on its side"]);
  });
});

test("names lead where they should once times to live have run out, but by resolvers that ignore them", () => {
  const switched = [{ ...phase, before: at(100), after: at(100, "azure") }];
  const there = (keeping: ClientRecord["keeping"], address: string) => [
    client(5000, { keeping }),
    client(15_000, { keeping, address, side: "tier" }),
  ];
  const clients = [
    ...there("honours", "198.51.100.40"),
    ...there("caps", "198.51.100.40"),
    ...there("ignores", "198.51.100.15"),
  ];
  expect(missed({ phases: switched, clients })).toEqual([]);
  const late = [
    ...there("honours", "198.51.100.40"),
    ...there("caps", "198.51.100.15"),
    ...there("ignores", "198.51.100.15"),
  ];
  expect(missed({ phases: switched, clients: late })).toEqual([
    "names lead where they should, by a resolver that caps times to live",
  ]);
});
