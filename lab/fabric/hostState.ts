/** How the host was before the lab, so that it can be so again. The lab's nftables table keeps it in its comment. */
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { run } from "./host.ts";

export interface HostState {
  /** Whether the host forwarded packets: `0` or `1`. */
  forwarding: string;
  /** What of `ip netns` was not there: the directories, and `mount`, which it makes of the second. */
  missing: string[];
}

export const forwardingFile = "/proc/sys/net/ipv4/ip_forward";
const resolvers = "/etc/netns";
const namespaces = "/run/netns";

/** The host as it is. */
export function readHostState(): HostState {
  return {
    forwarding: readFileSync(forwardingFile, "utf8").trim(),
    missing: [
      ...[resolvers, namespaces].filter((directory) => !existsSync(directory)),
      ...(isMounted() ? [] : ["mount"]),
    ],
  };
}

export function hostStateText({ forwarding, missing }: HostState): string {
  return [`ip_forward was ${forwarding}`, ...missing.map((one) => `no ${one}`)].join(", ");
}

/** Reads `hostStateText` out of a longer text. What that does not tell was there. */
export function parseHostState(text: string): HostState {
  const found = /ip_forward was (\d)((?:, no [\w/]+)*)/.exec(text);
  return {
    forwarding: found?.[1] ?? "1",
    missing: [...(found?.[2] ?? "").matchAll(/no ([\w/]+)/g)].map(([, one = ""]) => one),
  };
}

/** Takes away what the host did not have, as far as nobody else uses it by now. */
export async function restoreHost({ forwarding, missing }: HostState): Promise<void> {
  if (forwarding === "0") writeFileSync(forwardingFile, "0");
  if (missing.includes("mount") && isEmpty(namespaces)) {
    // Two that made their first namespace at the same time have mounted it twice.
    for (let times = 0; times < 3 && isMounted(); times++) await run(["umount", namespaces], { accept: [32] });
  }
  for (const directory of missing) if (isEmpty(directory)) removeUnused(directory);
}

function isMounted(): boolean {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .some((line) => line.split(" ")[4] === namespaces);
}

function isEmpty(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).length === 0;
}

function removeUnused(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Somebody has just begun to use it.
  }
}
