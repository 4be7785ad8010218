/** What is done to a running environment. Each undoes what it did, however it ends. */
import { faults, type Fault, type FaultName } from "./faults.ts";
import type { Machine } from "./sightings.ts";
import type { Tools } from "./tools.ts";

export interface Stage {
  tools: Tools;
  /** The machine that is broken, where one is. */
  machine?: Machine;
}

/** Returns the instant at which it began, when it has ended. */
export type Disturb = (stage: Stage) => Promise<number>;

/** Breaks a machine, in one way or in several at once, and mends it after so many seconds. */
export function breaking(names: readonly FaultName[], hold: number): Disturb {
  return async ({ tools, machine }) => {
    if (!machine) throw new Error("there is no machine to break");
    const suffered: Fault[] = [];
    let at: number | undefined;
    try {
      for (const name of names) {
        // Remembered before the fault: a command that fails may have done it, and undoing nothing does no harm.
        suffered.unshift(faults[name]);
        const instant = await tools.kill(machine.name, faults[name].how);
        at ??= instant;
        tools.say(`${machine.name}: ${name}`);
      }
      if (suffered.some(({ undo }) => undo)) await tools.clock.sleep(hold);
    } finally {
      for (const fault of suffered) await mend(tools, machine, fault);
    }
    return at ?? tools.clock.nowMs();
  };
}

/** A machine that was replaced meanwhile, or is off, has nothing left to mend. */
async function mend(tools: Tools, machine: Machine, { undo }: Fault): Promise<void> {
  if (!undo) return;
  try {
    await tools.kill(machine.name, undo);
    tools.say(`${machine.name}: ${undo}`);
  } catch (error) {
    const { machines } = await tools.status();
    if (machines.some(({ name, state }) => name === machine.name && state === "running")) throw error;
  }
}

/**
 * Reloads a service of the stage's machine, or of all machines of a kind, each so many seconds from the beginning of
 * the last time, or as soon as the last time has ended.
 *
 * @param how `reload`: all that the unit does, such as HAProxy's keeping of its servers' states; `HUP`: the signal
 * alone.
 */
export function reloading(tier: string, unit: string, how: "reload" | "HUP", every: number, seconds: number): Disturb {
  const command =
    how === "reload" ? `systemctl reload ${unit}` : `systemctl kill --kill-whom=main --signal=${how} ${unit}`;
  const script = `
    end=$(($(date +%s) + ${seconds})); next=$(date +%s%N); count=0
    while [ "$(date +%s)" -lt $end ]; do
      ${command}
      count=$((count + 1)); next=$((next + ${every * 1e9})); now=$(date +%s%N)
      if [ $next -gt $now ]; then sleep "$(printf '%d.%09d' $(((next - now) / 1000000000)) $(((next - now) % 1000000000)))"; else next=$now; fi
    done
    echo $count`;
  return async ({ tools, machine: one }) => {
    const { machines } = await tools.status();
    const at = tools.clock.nowMs();
    await Promise.all(
      (one ? [one] : machines.filter((machine) => machine.tier === tier)).map(async ({ name }) => {
        const count = await tools.sudo(name, `set -e${script}`, seconds + 60);
        tools.say(`${name}: ${unit} reloaded ${count.trim()} times in ${seconds} s`);
      }),
    );
    return at;
  };
}

/** The guest reboots, as after an update of its kernel: its services are stopped in order, and start again. */
export const rebooting: Disturb = async ({ tools, machine }) => {
  if (!machine) throw new Error("there is no machine to reboot");
  const at = tools.clock.nowMs();
  // A second later, so that the connection that asks for it ends well.
  await tools.sudo(
    machine.name,
    "systemd-run --quiet --on-active=1s --timer-property=AccuracySec=100ms systemctl reboot",
    60,
  );
  tools.say(`${machine.name}: reboots`);
  return at;
};

/** Runs a kind's playbook with changed variables, then without. */
export function changing(kind: string, variables: Record<string, unknown>): Disturb {
  return async ({ tools }) => {
    const at = tools.clock.nowMs();
    try {
      await tools.playbook(kind, variables);
      tools.say(`playbooks/${kind}.yml with ${JSON.stringify(variables)}`);
    } finally {
      await tools.playbook(kind);
      tools.say(`playbooks/${kind}.yml without`);
    }
    return at;
  };
}
