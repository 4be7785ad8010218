import { expect, test } from "vitest";
import type { Context } from "../context.ts";
import type { Resource } from "../resource.ts";
import { checkRate, mostTransactions } from "./throttling.ts";

const vault = (guid: string): Resource => ({ guid }) as Resource;

test("a vault answers 4000 requests in ten seconds, and again as many in the next ten", () => {
  let now = 0;
  const context = { store: {}, options: {}, nowMilliseconds: () => now } as unknown as Context;
  for (let window = 0; window < 2; window += 1) {
    for (let count = 0; count < mostTransactions; count += 1) checkRate(vault("a"), context);
    expect(() => checkRate(vault("a"), context)).toThrow("too many requests were received");
    expect(() => checkRate(vault("b"), context)).not.toThrow();
    now += 10_000;
  }
  expect(mostTransactions).toBe(4000);
});
