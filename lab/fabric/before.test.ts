import { expect, test } from "vitest";
import { beforeText, parseBefore } from "./before.ts";

const fresh = { forwarding: "0", missing: ["/etc/netns", "/run/netns", "mount"] };

test("how the host was is read out of the rules again", () => {
  for (const before of [fresh, { forwarding: "1", missing: [] }]) {
    expect(parseBefore(`table ip lab-host {\n  comment "${beforeText(before)}"\n}`)).toEqual(before);
  }
});

test("it fits into a comment of nftables", () => {
  expect(beforeText(fresh).length).toBeLessThanOrEqual(127);
});

test("what is not known was there, and stays", () => {
  expect(parseBefore("")).toEqual({ forwarding: "1", missing: [] });
});
