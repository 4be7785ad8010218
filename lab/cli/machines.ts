/** Commands that reach one machine: a shell on it, and ways to break it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { keysInSerialLog } from "../../azure/hostKeys.ts";
import { administratorKey } from "../administratorKey.ts";
import { authority } from "../authority.ts";
import type { Damage } from "../fabric/machine/damage.ts";
import { Machines } from "../fabric/machines.ts";
import { root, stateDir } from "../paths.ts";
import type { Machine } from "../world.ts";
import { ask, type DaemonStatus } from "./daemon.ts";
import { entryOf, stackOf } from "./stacks.ts";

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

/** An address at which SSH is passed on to reverse proxies, and their machines. */
interface Jump {
  address: string;
  proxies: Machine[];
}

/**
 * The way to a machine's network: its own public address; else that of its stack's entry, and from there the internal
 * one of its own.
 */
export function jumpsTo({ world }: Pick<DaemonStatus, "world">, machine: Machine, project: string): Jump[] {
  const rules = world.loadBalancers.flatMap((balancer) => balancer.rules).filter(({ port }) => port === 22);
  const into = (networkId: string | undefined, isPublic: boolean): Jump | undefined => {
    const rule = rules.find((one) => one.networkId === networkId && one.public === isPublic);
    const proxies = world.machines.filter((one) => one.networkId === networkId && one.tags.tier === "reverse-proxy");
    return rule && { address: rule.address, proxies };
  };
  const own = into(machine.networkId, true);
  if (own) return [own];
  const stack = stackOf(machine);
  const entry = entryOf(project, stack);
  const network = world.networks.find(
    ({ id, peers }) => stackOf({ id }) === entry && peers.includes(machine.networkId),
  );
  const [first, second] = [into(network?.id, true), into(machine.networkId, false)];
  if (first && second) return [first, second];
  throw new Error(
    `no public address leads to SSH in the network of ${stack}` +
      (entry === undefined ? "" : `; it is reached through ${entry}: bin/lab up ${entry}`),
  );
}

/** Runs ssh through the reverse proxies, as an administrator would, with host keys from the serial consoles. */
export async function ssh(daemon: DaemonStatus, machine: Machine, command: string[]): Promise<number> {
  const jumps = jumpsTo(daemon, machine, root);
  const { privateKeyFile } = administratorKey();
  const dir = mkdtempSync(join(dirname(privateKeyFile), "known-"));
  try {
    const knownHosts = join(dir, "known_hosts");
    const lines = await Promise.all([
      ...jumps.flatMap(({ address, proxies }) => proxies.map(async (proxy) => hostKeys(address, proxy))),
      hostKeys(machine.address, machine),
    ]);
    writeFileSync(knownHosts, `${lines.flat().join("\n")}\n`);
    const settings = [
      "  IdentitiesOnly yes",
      "  StrictHostKeyChecking yes",
      `  UserKnownHostsFile "${knownHosts}"`,
      "  LogLevel ERROR",
    ];
    // A file, since options of the command line do not reach the connections to jump hosts.
    const hosts = ["Host *", `  User ${machine.adminUser}`, `  IdentityFile "${privateKeyFile}"`, ...settings];
    const config = join(dir, "ssh_config");
    writeFileSync(config, `${hosts.join("\n")}\n`);
    const jump = ["-J", jumps.map(({ address }) => address).join()];
    const args = ["-F", config, ...jump, machine.address, ...command];
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
