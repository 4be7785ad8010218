/**
 * The machines' public host keys, over channels that Azure has already authenticated: the serial console, to which
 * cloud-init prints them at first boot and platform-host-keys.service at each, and a command run by the machine's agent.
 */
import { keyFields } from "../environment/sshKey.ts";
import type { Arm } from "./arm.ts";
import { callSeconds, within } from "./deadline.ts";
import type { Member } from "./members.ts";
import { realClock, waitFor, type Attempt, type WaitOptions } from "./waiting.ts";

/** Where host keys come from. */
export interface HostKeySource {
  /** The machine's serial console since it was made, as far as Azure still has it. */
  serialLog(machine: Member): Promise<string>;
  /** What a shell script prints that runs as root in the machine. */
  run(machine: Member, script: string): Promise<string>;
}

const begin = "-----BEGIN SSH HOST KEY KEYS-----";
const end = "-----END SSH HOST KEY KEYS-----";

/** Host keys in the console's last complete block of them, sorted: `ssh-ed25519 AAAA...`. */
export function keysInSerialLog(log: string): string[] {
  const last = log.lastIndexOf(end);
  const first = last < 0 ? -1 : log.lastIndexOf(begin, last);
  return first < 0 ? [] : keysIn(log.slice(first + begin.length, last));
}

/** Host keys in a log, without comments. The console mixes other output into it, so each key is verified. */
export function keysIn(text: string): string[] {
  const found = text.matchAll(/(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) ([A-Za-z0-9+/]+={0,2})/g);
  const keys = [...found].filter(([, type, key]) => isKey(type ?? "", key ?? "")).map(([whole]) => whole);
  return [...new Set(keys)].sort();
}

/** True when the key consists of whole fields, the first of which is its type. */
function isKey(type: string, base64: string): boolean {
  const [said, ...rest] = keyFields(base64);
  return rest.length > 0 && said?.toString("latin1") === type;
}

export interface HostKeyOptions extends Omit<WaitOptions, "progress"> {
  progress: (text: string) => void;
  /** How long the serial console alone is asked; a machine that is just starting will print its keys there. */
  consoleSeconds: number;
  /** Host keys that were read earlier, by machine ID: for machines whose console no longer shows them. */
  known: ReadonlyMap<string, string[]>;
}

/** What could be had in time. */
export interface HostKeys {
  /** By machine ID. */
  keys: Map<string, string[]>;
  /** By the ID of a machine without: a line with its names, its address, and why. */
  missing: Map<string, string>;
}

/**
 * Host keys of machines. One that has none in time is told, and keeps nobody else waiting for longer.
 *
 * @throws Error that names each machine where none has keys.
 */
export async function readHostKeys(
  machines: readonly Member[],
  source: HostKeySource,
  options: HostKeyOptions,
): Promise<HostKeys> {
  const clock = options.clock ?? realClock;
  const start = clock.nowSeconds();
  const keys = new Map<string, string[]>();
  const failures = new Map<string, string>();

  const attempt = async (): Promise<Attempt<Map<string, string[]>>> => {
    await Promise.all(
      machines
        .filter(({ id }) => !keys.has(id))
        .map(async (machine) => {
          try {
            const ask = clock.nowSeconds() - start >= options.consoleSeconds;
            const found = await readOne(machine, source, options.known, ask, (text) => failures.set(machine.id, text));
            if (found.length > 0) keys.set(machine.id, found);
          } catch (error) {
            failures.set(machine.id, (error as Error).message);
          }
        }),
    );
    const missing = machines.filter(({ id }) => !keys.has(id));
    return missing.length === 0
      ? { value: keys }
      : { missing: `host keys of ${missing.map(({ hostName }) => hostName).join(", ")}` };
  };

  await waitFor(attempt, { ...options, progress: (missing) => options.progress(`waiting for ${missing}`) });
  const without = machines.filter(({ id }) => !keys.has(id));
  const missing = new Map(
    without.map(({ id, name, hostName, address }) => [
      id,
      `${hostName} (${name}, ${address}): ${failures.get(id) ?? "no host keys in its serial console"}`,
    ]),
  );
  if (machines.length > 0 && keys.size === 0)
    throw new Error(withoutHostKeys([...missing.values()], options.timeoutSeconds));
  return { keys, missing };
}

/** What to do about machines whose host keys could not be had. */
export function withoutHostKeys(missing: readonly string[], timeoutSeconds: number): string {
  return (
    `no host keys after ${timeoutSeconds} s, without which SSH cannot be verified. Look at the machines' boot ` +
    `diagnostics, or delete those that do not start, and run this again:\n  ${missing.join("\n  ")}`
  );
}

async function readOne(
  machine: Member,
  source: HostKeySource,
  known: ReadonlyMap<string, string[]>,
  ask: boolean,
  failed: (text: string) => void,
): Promise<string[]> {
  // The console first: a machine with a new disk has new keys under its old ID.
  const printed = keysInSerialLog(
    await source.serialLog(machine).catch((error: Error) => {
      failed(error.message);
      return "";
    }),
  );
  if (printed.length > 0) return printed;
  const earlier = known.get(machine.id) ?? [];
  if (earlier.length > 0 || !ask) return earlier;
  return keysIn(await source.run(machine, "cat /etc/ssh/ssh_host_*_key.pub"));
}

/**
 * Host keys through ARM.
 *
 * @param seconds Time that each call has.
 */
export function armSource(arm: Arm, resourceGroup: string, seconds = callSeconds): HostKeySource {
  const { virtualMachines } = arm.compute;
  return {
    async serialLog({ name }) {
      const { serialConsoleLogBlobUri: uri } = await virtualMachines.retrieveBootDiagnosticsData(resourceGroup, name);
      if (!uri) return "";
      return within(seconds, "its serial console's log", async (signal) => {
        const response = await fetch(uri, { signal });
        // Until the machine's first output there is no log.
        if (response.status === 404) return "";
        if (!response.ok) throw new Error(`its serial console's log answers ${response.status}`);
        return response.text();
      });
    },
    async run({ name }, script) {
      const { vmAgent } = await virtualMachines.instanceView(resourceGroup, name);
      const [status] = vmAgent?.statuses ?? [];
      // A command for an agent that does not answer lasts 90 minutes, and lets no other one begin.
      if (status?.displayStatus !== "Ready") {
        const why = [status?.displayStatus ?? "no status", status?.message].filter(Boolean).join(", ");
        throw new Error(`its agent is not ready (${why}), so it was not asked`);
      }
      const { value } = await within(seconds, "its agent", (abortSignal) =>
        virtualMachines.runCommand(
          resourceGroup,
          name,
          { commandId: "RunShellScript", script: [script] },
          { abortSignal },
        ),
      );
      return value?.map(({ message }) => message ?? "").join("\n") ?? "";
    },
  };
}
