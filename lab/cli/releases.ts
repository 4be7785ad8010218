/** Which release of each application a machine has, as its disk tells. */
import { readdirSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { machinePaths } from "../fabric/machine/files.ts";

/** Releases by the applications' names; none of a machine that has no disk. */
export type Releases = Record<string, string>;

/** What `current` points to, for each application of a machine. */
export function releasesOn(stateDir: string, machineId: string): Releases {
  const folder = join(machinePaths(stateDir, machineId).upper, "srv");
  const found = names(folder).flatMap((name): [string, string][] => {
    const release = target(join(folder, name, "current"));
    return release === undefined ? [] : [[name, release]];
  });
  return Object.fromEntries(found);
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function target(link: string): string | undefined {
  try {
    return basename(readlinkSync(link));
  } catch {
    return undefined;
  }
}

/** Where the machines of a tier have different releases of an application: a line for each. */
export function drifts(machines: readonly { name: string; tier: string; releases: Releases }[]): string[] {
  const byApplication = new Map<string, Map<string, string[]>>();
  for (const { name, tier, releases } of machines)
    for (const [application, release] of Object.entries(releases)) {
      const key = `${application} of tier ${tier}`;
      const found = byApplication.get(key) ?? new Map<string, string[]>();
      byApplication.set(key, found.set(release, [...(found.get(release) ?? []), name]));
    }
  return [...byApplication]
    .filter(([, found]) => found.size > 1)
    .map(([key, found]) => {
      const parts = [...found]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([release, on]) => `${release} on ${on.join(", ")}`);
      return `${key}: ${parts.join("; ")}`;
    });
}
