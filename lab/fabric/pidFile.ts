/** Files that tell which process it is: `<process ID> <start time> <version>`. */
import { readFileSync, writeFileSync } from "node:fs";

export interface Known {
  pid: number;
  started: number;
  version: string;
}

export function writePid(file: string, pid: number, version = ""): void {
  writeFileSync(file, `${pid} ${startTime(pid) ?? 0} ${version}\n`, { mode: 0o600 });
}

export function readPid(file: string): Known | undefined {
  try {
    const [pid, started, version = ""] = readFileSync(file, "utf8").trim().split(" ");
    return Number(pid) > 0 ? { pid: Number(pid), started: Number(started), version } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether that process still runs. The kernel uses process IDs again; the start time tells processes apart. */
export function isAlive({ pid, started }: Known): boolean {
  return startTime(pid) === started;
}

/** When the process was started, in clock ticks since the kernel's start; undefined where it does not run. */
export function startTime(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return fields[0] === "Z" ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}
