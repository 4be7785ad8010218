/** What `ip netns` leaves on a host, in a mount namespace with a /run of its own. Needs root. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "./host.ts";

/** Runs a module where nobody has used `ip netns` yet, and returns what it prints. */
async function onFreshHost(lines: string): Promise<unknown> {
  const program = `
    import { execFileSync } from "node:child_process";
    import { existsSync, readFileSync } from "node:fs";
    import { readHostState as look, restoreHost as restore } from ${JSON.stringify(join(import.meta.dirname, "hostState.ts"))};
    const netns = (...args) => execFileSync("ip", ["netns", ...args]);
    const state = () => existsSync("/run/netns") ? readFileSync("/proc/self/mounts", "utf8").split(" /run/netns ").length - 1 : "gone";
    ${lines}`;
  const { stdout } = await run([
    "unshare",
    "--mount",
    "sh",
    "-c",
    'while umount -l /run/netns 2>/dev/null; do :; done; mount -t tmpfs tmpfs /run && exec "$@"',
    "sh",
    process.execPath,
    "--input-type=module",
    "-e",
    program,
  ]);
  return JSON.parse(stdout);
}

test("the directory of namespaces and its mount go when they were not there, and no namespace is left", async () => {
  expect(
    await onFreshHost(`
    const before = { ...look(), forwarding: "1" };
    netns("add", "lab-test");
    const made = state();
    await restore(before);
    const used = state();
    netns("del", "lab-test");
    await restore(before);
    console.log(JSON.stringify([before.missing.filter((one) => one !== "/etc/netns"), made, used, state()]));`),
  ).toEqual([["/run/netns", "mount"], 1, 1, "gone"]);
});

test("they stay when they were there before", async () => {
  expect(
    await onFreshHost(`
    netns("add", "another");
    netns("del", "another");
    const before = { ...look(), forwarding: "1" };
    netns("add", "lab-test");
    netns("del", "lab-test");
    await restore(before);
    console.log(JSON.stringify([before.missing.filter((one) => one !== "/etc/netns"), state()]));`),
  ).toEqual([[], 1]);
});
