/** Commands that reach one machine: a shell on it, and ways to break it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { keysInSerialLog } from "../../azure/hostKeys.ts";
import { administratorKey } from "../administratorKey.ts";
import { authority } from "../authority.ts";
import type { Damage } from "../fabric/machine/damage.ts";
import { Machines } from "../fabric/machines.ts";
import { stateDir } from "../paths.ts";
import type { Machine } from "../world.ts";
import { ask, type DaemonStatus } from "./daemon.ts";
import { stackOf } from "./stacks.ts";

/** The machine of that name, host name, address, or name in an inventory: one of the first two with its stack's. */
export function findMachine({ world }: Pick<DaemonStatus, "world">, name: string): Machine {
  const found = world.machines.find((machine) => {
    const names = [machine.name, machine.hostName];
    return [machine.address, ...names, ...names.map((one) => `${one}.${stackOf(machine)}`)].includes(name);
  });
  if (!found) {
    const known = world.machines
      .map((machine) => `  ${machine.name}  (${machine.address})`)
      .sort()
      .join("\n");
    throw new Error(`no machine "${name}"; machines of the lab:\n${known || "  none"}`);
  }
  return found;
}

/** Breaks or mends a machine; returns the instant at which that began, milliseconds since 1970. */
export async function kill(machine: Machine, how: Damage): Promise<number> {
  const at = Date.now();
  await new Machines({ stateDir, caFile: authority().caFile, log: console.error }).kill(machine, how);
  return at;
}

/** Runs ssh through the reverse proxy, as an administrator would, with host keys from the serial consoles. */
export async function ssh(daemon: DaemonStatus, machine: Machine, command: string[]): Promise<number> {
  const proxies = daemon.world.machines.filter(
    ({ networkId, tags }) => networkId === machine.networkId && tags.tier === "reverse-proxy",
  );
  const entrance = daemon.world.loadBalancers
    .flatMap(({ rules }) => rules)
    .find((rule) => rule.public && rule.port === 22 && rule.networkId === machine.networkId)?.address;
  if (!entrance) throw new Error("no public address leads to SSH in this machine's network");
  const { privateKeyFile } = administratorKey();
  const dir = mkdtempSync(join(dirname(privateKeyFile), "known-"));
  try {
    const knownHosts = join(dir, "known_hosts");
    const lines = await Promise.all([
      ...proxies.map(async (proxy) => hostKeys(entrance, proxy)),
      hostKeys(machine.address, machine),
    ]);
    writeFileSync(knownHosts, `${lines.flat().join("\n")}\n`);
    const settings = [
      "IdentitiesOnly=yes",
      "StrictHostKeyChecking=yes",
      `UserKnownHostsFile=${knownHosts}`,
      "LogLevel=ERROR",
    ];
    const common = ["-i", privateKeyFile, ...settings.flatMap((setting) => ["-o", setting])];
    const jump = ["ssh", ...common, "-W", "%h:%p", `${machine.adminUser}@${entrance}`].join(" ");
    const target = `${machine.adminUser}@${machine.address}`;
    const args = [...common, "-o", `ProxyCommand=${jump}`, target, ...command];
    return spawnSync("ssh", args, { stdio: "inherit" }).status ?? 255;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Lines for known_hosts from the keys that cloud-init wrote to the machine's serial console. */
async function hostKeys(address: string, machine: Machine): Promise<string[]> {
  const log = (await ask(`/serial/${encodeURIComponent(machine.id)}`)) ?? "";
  return keysInSerialLog(log).map((key) => `${address} ${key}`);
}
