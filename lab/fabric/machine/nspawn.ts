/**
 * Switching a machine on and off with systemd-nspawn. The machine's disk is mounted in a mount namespace of its own, so
 * that nothing stays mounted when its processes end, in whatever way; and no parent process takes it along: the machine
 * goes on when the daemon that started it is gone.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, rmdir } from "node:fs/promises";
import { holds } from "../../polling.ts";
import { signalProcess } from "../../signals.ts";
import type { Machine } from "../../world.ts";
import { ensureGroups, ensureKeeperGroup, killGroup, layout, removeGroups, setPortion } from "./cgroup.ts";
import { forgetEnding } from "./ending.ts";
import { joinLink } from "./linkCut.ts";
import type { MachinePaths } from "./files.ts";
import { directoryArgument, runningMachine, type RunningMachine } from "./processes.ts";
import { machineNamespace } from "../names.ts";

/** Pause between two looks at what runs. */
const intervalSeconds = 0.05;

/** Where systemd-nspawn keeps locks and mounts. */
const ownDirectory = "/run/systemd/nspawn";

/**
 * Waits for the machine's end and writes down how systemd-nspawn ended: with status 133, the guest asked for a reboot.
 * Nobody need be there to see it. Killed with the machine's groups, it writes nothing.
 */
const keeper = `
set -e
daemon=$1; keeper=$2; exit=$3; launcher=$4; shift 4
if [ -n "$keeper" ]; then echo $$ > "$keeper/cgroup.procs"; fi
rm -f "$exit"
set +e
sh -c "$launcher" lab-launch "$daemon" "$@"
status=$?
echo $status > "$exit.new" && mv "$exit.new" "$exit"
exit $status
`;

/**
 * Enters the groups named before `--`, then mounts the disk and becomes systemd-nspawn. It gives up where the daemon
 * that started it has ended: the next daemon finds, and can end, only launches that stand in their groups. Machines do
 * not wait for the host's disk, which they share (volatile): what they wrote is safe as long as the host runs.
 * systemd-nspawn leaves some files in its own directory; so each machine has a directory that ends with it.
 */
const launcher = `
set -e
daemon=$1; shift
while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs"; shift; done
shift
read -r _ _ _ parent _ </proc/$PPID/stat
[ "$parent" = "$daemon" ]
exec unshare --mount --propagation slave sh -c '
  set -e
  rm -rf "$3/work/incompat"
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3,volatile" "$4"
  mkdir -p ${ownDirectory}
  mount -t tmpfs -o mode=0755 tmpfs ${ownDirectory}
  shift 4
  exec "$@"' lab-machine "$@"
`;

/**
 * The command that launches a machine, as a child of this process, and ends as systemd-nspawn does.
 *
 * @param groups What its processes enter; `keeper` is for the one that waits, empty where there is none.
 * @param exit The file that tells in the end how systemd-nspawn ended.
 * @param disk Lower directories, upper and work directory, and where the disk is mounted.
 */
export function launchCommand(
  groups: { keeper?: string; entered: readonly string[] },
  exit: string,
  disk: readonly string[],
  supervisor: readonly string[],
): [program: string, args: string[]] {
  const args = [String(process.pid), groups.keeper ?? "", exit, launcher, ...groups.entered, "--", ...disk];
  return ["/bin/sh", ["-c", keeper, "lab-keep", ...args, ...supervisor]];
}

/**
 * Switches the machine on and returns when its init runs.
 *
 * @param more Arguments of systemd-nspawn besides the usual ones.
 */
export async function start(
  machine: Machine,
  paths: MachinePaths,
  image: string,
  more: readonly string[] = [],
): Promise<void> {
  const namespace = `/run/netns/${machineNamespace(machine.id)}`;
  if (!existsSync(namespace)) throw new Error(`its network namespace ${namespace} does not exist`);
  if (!existsSync(image)) throw new Error(`its image ${image} is gone; reimage or delete the machine`);
  // The link was cut when the machine lost its power.
  await joinLink(machineNamespace(machine.id));
  const entered = await ensureGroups(paths.name, machine);
  // Its group may be new: what it was given before is forgotten with the old one.
  await setPortion(paths.name, { share: "tenth" });
  await mkdir(paths.root, { recursive: true });
  await forgetEnding(paths);
  const supervisor = [
    "systemd-nspawn",
    "--quiet",
    "--boot",
    directoryArgument(paths),
    `--machine=${paths.name}`,
    `--hostname=${machine.hostName}`,
    `--network-namespace-path=${namespace}`,
    "--register=no",
    "--keep-unit",
    // The network is the machine's own; without this it could not even look at its firewall.
    "--capability=CAP_NET_ADMIN",
    // Programs raise their limit of open files up to this; by default they would get what the lab itself was given.
    "--rlimit=RLIMIT_NOFILE=1024:524288",
    "--console=read-only",
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    ...more,
  ];
  const console = await open(paths.console, "a", 0o600);
  const log = await open(paths.nspawnLog, "w", 0o600);
  try {
    const lower = existsSync(paths.downloads) ? `${paths.downloads}:${image}` : image;
    const disk = [lower, paths.upper, paths.work, paths.root];
    const groups = { keeper: await ensureKeeperGroup(paths.name), entered };
    const [program, args] = launchCommand(groups, paths.exit, disk, supervisor);
    const child = spawn(program, args, {
      detached: true,
      stdio: ["ignore", console.fd, log.fd],
      env: {
        PATH: process.env.PATH,
        // Settings of its network (sysctl) are the machine's to make, others are the host's.
        SYSTEMD_NSPAWN_API_VFS_WRITABLE: "network",
        // systemd of Debian 13 runs on version 2 only; where the host has both, it must be told to offer that.
        ...(layout() === "hybrid" ? { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" } : {}),
      },
    });
    child.unref();
    const ended = new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => resolve(signal ?? `status ${code ?? 0}`));
    });
    const up = holds(() => runningMachine(paths)?.init !== undefined, { timeoutSeconds: 20, intervalSeconds });
    const failure = await Promise.race([ended, up.then((ready) => (ready ? undefined : "its init did not start"))]);
    if (failure !== undefined) {
      await kill(paths);
      throw new Error(`it could not be switched on (systemd-nspawn: ${failure})`);
    }
  } finally {
    await console.close();
    await log.close();
  }
}

/** Asks the machine to shut down, and ends it when it has not done so in time. */
export async function shutDown(paths: MachinePaths, graceSeconds = 10): Promise<void> {
  const running = runningMachine(paths);
  if (running) {
    signalProcess(running.supervisor, "SIGTERM");
    await holds(() => runningMachine(paths) === undefined, { timeoutSeconds: graceSeconds, intervalSeconds });
  }
  await kill(paths);
}

/** Ends all processes of the machine at once, as a loss of power does, and gives back what they had of the host. */
export async function kill(paths: MachinePaths): Promise<void> {
  for (let tries = 1; ; tries++) {
    if (!(await killGroup(paths.name))) {
      const running = runningMachine(paths);
      if (running) killTree(running);
    }
    if (!(await holds(() => runningMachine(paths) === undefined, { timeoutSeconds: 5, intervalSeconds })))
      throw new Error(`${paths.name} does not end`);
    try {
      await removeGroups(paths.name);
      break;
    } catch (error) {
      // A launch that was under way has entered the group just now.
      if ((error as NodeJS.ErrnoException).code !== "EBUSY" || tries === 5) throw error;
    }
  }
}

/** Removes the directory over which every machine mounted its own. */
export async function removeOwnDirectory(): Promise<void> {
  // Not empty: containers that are not of the lab use it.
  await rmdir(ownDirectory).catch(() => {});
}

/** For hosts without control groups: the end of a machine's init ends every process in the machine. */
function killTree({ supervisor, init }: RunningMachine): void {
  if (init !== undefined) signalProcess(init, "SIGKILL");
  signalProcess(supervisor, "SIGKILL");
}
