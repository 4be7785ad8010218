import { expect, test } from "vitest";
import { hostStateText, parseHostState } from "./hostState.ts";

const fresh = { forwarding: "0", missing: ["/etc/netns", "/run/netns", "mount"] };

test("how the host was is read out of the rules again", () => {
  for (const before of [fresh, { forwarding: "1", missing: [] }]) {
    expect(parseHostState(`table ip lab-host {\n  comment "${hostStateText(before)}"\n}`)).toEqual(before);
  }
});

test("it fits into a comment of nftables", () => {
  expect(hostStateText(fresh).length).toBeLessThanOrEqual(127);
});

test("what is not known was there, and stays", () => {
  expect(parseHostState("")).toEqual({ forwarding: "1", missing: [] });
});
