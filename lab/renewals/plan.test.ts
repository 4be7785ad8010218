import { expect, test } from "vitest";
import { ageOn, dayToGoOn, mayLeave, planned, renewalsBetween } from "./plan.ts";

const hosts = ["www.dev.chatbot.example", "api.dev.chatbot.example"];
const [www, api] = hosts as [string, string];
const plan = planned(7, 90, hosts);

test("90 days have 20 replacements and 80 wipes, one in each part of the time, and the seed decides all of it", () => {
  expect(plan.replacements).toHaveLength(20);
  expect(plan.wipes).toHaveLength(80);
  for (const [index, { day }] of plan.wipes.entries()) expect(Math.floor((day / 90) * 80)).toBe(index);
  expect(Math.max(...plan.replacements.map(({ day }) => day))).toBeLessThan(82);
  for (const { choice } of [...plan.wipes, ...plan.replacements]) expect(choice).toBeLessThan(1);
  expect(planned(7, 90, hosts)).toEqual(plan);
  expect(planned(8, 90, hosts).wipes).not.toEqual(plan.wipes);
});

test("one renewal is due while the vault is away, the other while the authority is, and comes when that is over", () => {
  expect(plan.away).toEqual([
    { service: "vault", from: 24, to: 31 },
    { service: "authority", from: 35, to: 65 },
  ]);
  expect(plan.renewals.get(api)).toEqual([
    { from: 31, to: 34 },
    { from: 90, to: 98 },
  ]);
  expect(plan.renewals.get(www)?.[0]).toEqual({ from: 65, to: 68 });
});

test("a shorter time has its share, and nothing is away whose end it would not see", () => {
  const short = planned(7, 36, hosts);
  expect([short.replacements.length, short.wipes.length]).toEqual([8, 32]);
  expect(short.away.map(({ service }) => service)).toEqual(["vault"]);
  expect(planned(7, 9, hosts).away).toEqual([]);
  expect(short.renewals.get(www)?.[0]).toEqual({ from: 59, to: 64 });
});

test("how many renewals are to be seen follows from the days that were seen", () => {
  expect(renewalsBetween(plan, api, { from: -30, to: 90 })).toEqual({ least: 1, most: 1 });
  expect(renewalsBetween(plan, www, { from: 0, to: 90 })).toEqual({ least: 1, most: 1 });
  expect(renewalsBetween(plan, api, { from: 0, to: 32 })).toEqual({ least: 0, most: 1 });
  expect(renewalsBetween(plan, api, { from: 0, to: 94 })).toEqual({ least: 1, most: 2 });
  expect(renewalsBetween(plan, www, { from: 70, to: 90 })).toEqual({ least: 0, most: 0 });
});

test("no proxy leaves while an order may be under way", () => {
  const days = [28, 29, 33, 34, 62, 63, 67, 68, 87, 88];
  expect(days.filter((day) => mayLeave(plan, day))).toEqual([28, 34, 62, 68, 87]);
});

test("a suite goes on with no renewal under way, and with certificates whose first order meets no outage", () => {
  expect([0.7, 32, 34, 66.5, 89.9, 91].map((day) => dayToGoOn(plan, day))).toEqual([0, 31, 34, 65, 89, 90]);
  expect([ageOn(plan, api, 0), ageOn(plan, www, 0), ageOn(plan, api, 31), ageOn(plan, api, 40)]).toEqual([
    30, 0, 61, 9,
  ]);
  for (let reached = 0; reached <= 90; reached++) {
    const day = dayToGoOn(plan, reached);
    for (const host of hosts) {
      const ordered = day - ageOn(plan, host, day);
      const first = day - Math.max(...hosts.map((one) => ageOn(plan, one, day)));
      for (const { from, to } of plan.away)
        expect([ordered, first].filter((one) => from <= one && one < to)).toEqual([]);
    }
  }
});
