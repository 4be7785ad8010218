import { expect, test } from "vitest";
import { longestWindow, unavoidableFailures } from "./unavoidable.ts";

test("two silent probes of five seconds after one that went well are fifteen seconds", () => {
  expect(longestWindow({ interval: 5, threshold: 2 })).toBe(15);
  expect(longestWindow({ interval: 5, threshold: 1 })).toBe(10);
});

test("one of two machines costs half of the connections of the window, and what chance adds", () => {
  // 500 / 2 * 15 = 3750, and three times its root.
  expect(unavoidableFailures({ rate: 500, members: 2, probing: { interval: 5, threshold: 2 }, latency: 0 })).toBe(3934);
});

test("more machines and a slower load cost less, slow requests more", () => {
  const given = { rate: 100, members: 4, probing: { interval: 5, threshold: 2 }, latency: 0 };
  expect(unavoidableFailures(given)).toBe(434);
  expect(unavoidableFailures({ ...given, latency: 1000 })).toBe(460);
});
