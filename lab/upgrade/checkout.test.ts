import { expect, test } from "vitest";
import { run } from "../commands.ts";
import { earlierCommit } from "./checkout.ts";

const hash = async (revision: string) => (await run(["git", "rev-parse", revision])).stdout.trim();

test("a release is known by its version, and a commit by the beginning of its hash", async () => {
  const head = await hash("HEAD");
  const releases = [
    { version: "0.3.0", replaced: [] },
    { version: "0.2.0", commit: head.slice(0, 12), replaced: [] },
  ];
  expect(await earlierCommit(releases, "0.2.0")).toBe(head);
  expect(await earlierCommit([], head.slice(0, 10))).toBe(head);
});

test.each(["0.9.0", "0.3.0", "nothing"])("what is none is told with those that are: %s", async (from) => {
  const releases = [
    { version: "0.3.0", replaced: [] },
    { version: "0.2.0", commit: await hash("HEAD"), replaced: [] },
  ];
  await expect(earlierCommit(releases, from)).rejects.toThrow(
    `given ${from}, allowed are 0.2.0 (CHANGELOG.md) and commits of this clone`,
  );
});
