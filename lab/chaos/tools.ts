/** What the suite does to the lab, and asks of it: the lab's own commands. Tests have others. */
import { join } from "node:path";
import { daemonStatus, runningDaemon } from "../cli/daemon.ts";
import { findMachine, kill } from "../cli/machines.ts";
import { stackStatus, type StackStatus } from "../cli/status.ts";
import { labCommand, run, type Result } from "../commands.ts";
import type { Damage } from "../fabric/machine/damage.ts";
import { keepSetting, type LiveSettings, type MissingHealth } from "../liveSettings.ts";
import { root, stateDir } from "../paths.ts";
import { quoted } from "../shell.ts";
import type { Clock } from "./clock.ts";
import { startLoad, type Load, type LoadPlan } from "./load.ts";

export interface Tools {
  clock: Clock;
  status(): Promise<StackStatus>;
  settings(): Promise<LiveSettings>;
  /** Changes how the lab reads health that nobody reports. */
  readMissingHealth(reading: MissingHealth): void;
  /** Breaks or mends a machine; returns the instant, milliseconds since 1970. */
  kill(machine: string, how: Damage): Promise<number>;
  /** Runs a shell script as root on a machine, through the reverse proxy; returns what it printed. */
  sudo(machine: string, script: string, seconds: number): Promise<string>;
  /** Runs a playbook by hand, with variables that win over all others. */
  playbook(kind: string, variables?: Record<string, unknown>): Promise<void>;
  /**
   * Builds or changes the stack, with settings by their path under `platform:environment`; without: as its file says.
   */
  up(settings?: Record<string, string | number>): Promise<void>;
  load(plan: LoadPlan, directory: string): Load;
  /** What the database has of texts that begin so. */
  kept(ids: string): Promise<string[]>;
  say(message: string): void;
}

export function realTools(stack: string, program: string, clock: Clock, say: Tools["say"]): Tools {
  const status = async (): Promise<StackStatus> => {
    // As `bin/lab status --json`, without a process for each of the many looks.
    const daemon = await daemonStatus();
    const found = daemon && stackStatus(daemon).find((one) => one.stack === stack);
    if (!found) throw new Error(`stack ${stack} is not up in the lab; start it with: bin/lab up ${stack}`);
    return found;
  };
  const sudo = async (machine: string, script: string, seconds: number): Promise<string> =>
    (await command([labCommand, "ssh", machine, "--", "sudo", "sh", "-c", quoted(script)], seconds)).stdout;
  return {
    clock,
    status,
    sudo,
    say,
    settings: async () => (await runningDaemon()).settings,
    readMissingHealth(reading) {
      keepSetting(stateDir, "missingHealth", reading);
    },
    // As `bin/lab kill`: a process more, on processors that are busy, would take from what is measured.
    kill: async (machine, how) => kill(findMachine(await runningDaemon(), machine), how),
    async playbook(kind, variables) {
      const more = variables ? ["--extra-vars", JSON.stringify(variables)] : [];
      await command(
        ["ansible-playbook", "-i", `inventory/${stack}.yml`, `playbooks/${kind}.yml`, ...more],
        900,
        join(root, "ansible"),
      );
    },
    async up(settings = {}) {
      const given = Object.entries(settings).flatMap(([path, value]) => ["--set", `${path}=${value}`]);
      await command([labCommand, "up", stack, ...given], 1800);
    },
    load: (plan, directory) => startLoad(program, plan, directory),
    async kept(ids) {
      const data = (await status()).machines.find(({ tier }) => tier === "data");
      if (!data) throw new Error("no machine of tier data keeps what was written");
      const query = `SELECT text FROM message WHERE text LIKE '${ids}-%'`;
      const text = await sudo(
        data.name,
        `cd / && runuser -u postgres -- psql -d platform -qAt -c ${quoted(query)}`,
        60,
      );
      return text.split("\n").filter((line) => line !== "");
    },
  };
}

/** Runs a command that must succeed, for so many seconds at most. Ctrl-C is for the suite, which undoes what it did. */
async function command(words: string[], seconds: number, cwd = root): Promise<Result> {
  const result = await run(words, { cwd, seconds, apart: true });
  if (result.status === 0) return result;
  const ended = result.status === null ? `was not done within ${seconds} s` : `ended with ${result.status}`;
  throw new Error(
    `\`${words.join(" ").replaceAll(/\s+/g, " ").slice(0, 300)}\` ${ended}: ${result.output.trim().slice(-1500)}`,
  );
}
