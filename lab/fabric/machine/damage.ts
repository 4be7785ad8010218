/**
 * Ways to break a machine from outside, and to mend it, to see what the environment makes of it. Needs no daemon, and
 * takes nothing from one that works on the machine meanwhile.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { machinePorts } from "../../../environment/flows.ts";
import type { Machine } from "../../world.ts";
import { remove } from "../image.ts";
import { freeze } from "./cgroup.ts";
import { cutLink, joinLink } from "./linkCut.ts";
import { readRecord, type MachinePaths } from "./files.ts";
import { fillDisk } from "./fullDisk.ts";
import { kill } from "./nspawn.ts";
import { runningMachine } from "./processes.ts";
import { runInMachine } from "./shell.ts";
import { slowLink, speedUpLink, type LinkEnd } from "./shaping.ts";
import { machineLink, netnsName } from "../names.ts";

/** What each does, and what on Azure it stands for; for help texts. */
export const damages = {
  process: "every program that serves a port is killed, but sshd (Azure: the application crashes)",
  power: "off at once, nobody is told (Azure: its host is lost; service healing boots it elsewhere, disk kept)",
  reset: "off at once, and it boots again (Azure: the guest panics and resets itself, as kernel.panic says)",
  disk: "as power, and its disk is gone (Azure: the disk is lost; only Reimage or a replacement helps)",
  freeze: "nothing in it proceeds, until thaw or reset (Azure: the guest hangs, and reports no health)",
  thaw: "it goes on",
  link: "packets are lost in both directions, until join (Azure: its network fails; here its agent is still heard)",
  join: "its link is whole again",
  slow: "its link carries 1 Mbit/s, until fast",
  fast: "its link carries what it can",
  full: "its disk is full: what was not open before cannot be written to, until free",
  free: "its disk has room again; what was made or deleted meanwhile is as it was",
} as const;

export type Damage = keyof typeof damages;

export async function breakMachine(
  machine: Pick<Machine, "id" | "name" | "networkId">,
  paths: MachinePaths,
  how: Damage,
): Promise<void> {
  const { name } = machine;
  if (!(await readRecord(paths))) throw new Error(`${name} does not exist on this host: see \`bin/lab status\``);
  const running = runningMachine(paths);
  if (!running && how !== "disk")
    throw new Error(`${name} does not run, so nothing in it can be broken or mended (${how})`);
  // Before an end that nobody is told of, the link is cut. The host's kernel goes on when the machine ends: it would close
  // the machine's connections in order and refuse new ones, and a machine without power says nothing.
  switch (how) {
    case "process":
      await killServers(initOf(name, running));
      break;
    case "power":
      await cutLink(paths.name);
      await kill(paths);
      break;
    case "reset":
      // The daemon boots it again: machines are started by one process only.
      await writeFile(paths.reset, "", { mode: 0o600 });
      await cutLink(paths.name);
      await kill(paths);
      break;
    case "disk":
      await writeFile(paths.diskLost, "", { mode: 0o600 });
      if (running) await cutLink(paths.name);
      await kill(paths);
      if (existsSync(paths.disk)) await remove(paths.disk);
      break;
    case "freeze":
    case "thaw":
      await freeze(paths.name, how === "freeze");
      break;
    case "link":
      await cutLink(paths.name);
      break;
    case "join":
      await joinLink(paths.name);
      break;
    case "slow":
      await slowLink(linkEnds(machine, paths));
      break;
    case "fast":
      await speedUpLink(linkEnds(machine, paths));
      break;
    case "full":
    case "free":
      await fillDisk(initOf(name, running), how === "full");
      break;
  }
}

function initOf(name: string, running: ReturnType<typeof runningMachine>): number {
  if (running?.init === undefined) throw new Error(`${name} is still starting`);
  return running.init;
}

function linkEnds(machine: Pick<Machine, "id" | "networkId">, paths: MachinePaths): LinkEnd[] {
  return [
    { namespace: paths.name, device: "eth0" },
    { namespace: netnsName(machine.networkId), device: machineLink(machine.id) },
  ];
}

/** Kills what listens on a TCP port, but for sshd and what every machine tells of itself. */
async function killServers(init: number): Promise<void> {
  const script = `
    ss -Hltnp | while read -r _ _ _ local _ users; do
      case "$local" in ${machinePorts.map((port) => `*:${port}`).join("|")}) continue;; esac
      echo "$users" | grep -o 'pid=[0-9]*' | cut -d= -f2
    done | sort -u | while read -r pid; do [ "$pid" = 1 ] || kill -9 "$pid"; done`;
  await runInMachine(init, ["mount", "uts", "ipc", "net", "pid"], script);
}
