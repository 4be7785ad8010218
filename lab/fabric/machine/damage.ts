/** Ways to break a machine from outside, to see what the environment makes of it. Needs no daemon. */
import { existsSync } from "node:fs";
import { run } from "../host.ts";
import { remove } from "../image.ts";
import { freeze } from "./cgroup.ts";
import { readRecord, writeRecord, type MachinePaths } from "./files.ts";
import { kill } from "./nspawn.ts";
import { runningMachine } from "./processes.ts";

/**
 * - `process`: every program that serves a port is killed, but sshd: the application crashes
 * - `power`: everything in the machine ends at once, and it stays off
 * - `disk`: as `power`, and the disk is gone: only Reimage or a replacement helps
 * - `freeze`, `thaw`: nothing in the machine proceeds, until it is thawed
 */
export type Damage = "process" | "power" | "disk" | "freeze" | "thaw";

export async function breakMachine(name: string, paths: MachinePaths, how: Damage): Promise<void> {
  const record = await readRecord(paths);
  if (!record) throw new Error(`${name} does not exist on this host: see \`bin/lab status\``);
  const running = runningMachine(paths);
  if (!running && how !== "disk") throw new Error(`${name} does not run, so its ${how} cannot be lost`);
  switch (how) {
    case "process":
      if (running?.init === undefined) throw new Error(`${name} is still starting`);
      await killServers(running.init);
      break;
    case "power":
      await kill(paths);
      break;
    case "disk":
      await writeRecord(paths, { ...record, diskLost: true });
      await kill(paths);
      if (existsSync(paths.disk)) await remove(paths.disk);
      break;
    case "freeze":
    case "thaw":
      await freeze(paths.name, how === "freeze");
      break;
  }
}

/** Kills what listens on a TCP port beside sshd and the machine's own health endpoint. */
async function killServers(init: number): Promise<void> {
  const script = `
    ss -Hltnp | while read -r _ _ _ local _ users; do
      case "$local" in *:22|*:8998|*:8999) continue;; esac
      echo "$users" | grep -o 'pid=[0-9]*' | cut -d= -f2
    done | sort -u | while read -r pid; do [ "$pid" = 1 ] || kill -9 "$pid"; done`;
  await run(["nsenter", `--target=${init}`, "--mount", "--uts", "--ipc", "--net", "--pid", "--wd=/", "--", "/bin/sh", "-c", script]);
}
