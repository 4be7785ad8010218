/**
 * The host's state before the lab, to be restored at the lab's end. The comment of the lab's nftables table keeps it.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { run } from "./host.ts";

export interface HostState {
  /** Whether the host forwarded packets: `0` or `1`. */
  forwarding: string;
  /** What `ip netns` makes and the host did not have: two directories, and `mount`, the second one's mount point. */
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

/** Reads what `hostStateText` wrote out of longer text. Everything that it does not name was there. */
export function parseHostState(text: string): HostState {
  const found = /ip_forward was (\d)((?:, no [\w/]+)*)/.exec(text);
  return {
    forwarding: found?.[1] ?? "1",
    missing: [...(found?.[2] ?? "").matchAll(/no ([\w/]+)/g)].map(([, one = ""]) => one),
  };
}

/** Removes what the host did not have, unless another program uses it by now. */
export async function restoreHost({ forwarding, missing }: HostState): Promise<void> {
  if (forwarding === "0") writeFileSync(forwardingFile, "0");
  if (missing.includes("mount") && isEmpty(namespaces)) {
    // Two programs that made their first namespace at the same time have mounted the directory twice.
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
    // Another program has just begun to use it.
  }
}
