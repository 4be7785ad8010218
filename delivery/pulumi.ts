/** The Pulumi CLI, and what it says, without secrets. */
import { execa } from "execa";
import type { EngineEvent } from "./preview/events.ts";
import { plainText } from "./preview/events.ts";
import type { Project } from "./project.ts";
import type { Mask } from "./state/mask.ts";

/** Where a Pulumi runs: which project, and by its environment which backend. */
export interface Place {
  directory: string;
  environment: NodeJS.ProcessEnv;
}

/** The stack itself, as the caller's environment says. */
export function ownPlace({ directory }: Pick<Project, "directory">): Place {
  return { directory, environment: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } };
}

const options = ({ directory, environment }: Place) =>
  ({
    cwd: directory,
    env: environment,
    extendEnv: false,
    reject: false,
    maxBuffer: 1_000_000_000,
    // Pulumi needs time to end its work in order.
    forceKillAfterDelay: false,
  }) as const;

/** A command that ended with another status than 0. */
export class PulumiError extends Error {
  readonly stdout: string;
  readonly stderr: string;

  constructor(command: string, status: number | undefined, { stdout, stderr }: { stdout: string; stderr: string }) {
    super(`pulumi ${command} ended with ${status ?? "a signal"}: ${stderr.trim()}`);
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** Whether Pulumi says that it found a stack locked. */
export const saysLocked = (text: string) => text.includes("the stack is currently locked");

/**
 * Runs a command to its end; resolves to its standard output.
 *
 * @throws PulumiError
 */
export async function pulumi(place: Place, args: string[], input?: string): Promise<string> {
  const run = { ...options(place), ...(input === undefined ? { stdin: "ignore" as const } : { input }) };
  const { exitCode, code, ...said } = await execa("pulumi", ["--non-interactive", ...args], run);
  if (code === "ENOENT") throw new Error("pulumi was not found on PATH");
  const [stdout, stderr] = [String(said.stdout), String(said.stderr)];
  if (exitCode !== 0) throw new PulumiError(args.slice(0, 2).join(" "), exitCode, { stdout, stderr });
  return stdout;
}

/** How a run that tells its events ended. */
export interface Told {
  status: number | undefined;
  events: EngineEvent[];
  /** What it wrote besides the events. */
  stderr: string;
}

/**
 * Runs `pulumi preview`, shows what it says and keeps its events, in memory only.
 *
 * @param say Takes lines without secrets.
 */
export async function preview(place: Place, args: string[], mask: Mask, say: (line: string) => void): Promise<Told> {
  const run = options({
    ...place,
    environment: { ...place.environment, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
  });
  const child = execa("pulumi", ["preview", "--json", "--non-interactive", "--color", "never", ...args], {
    ...run,
    stdin: "ignore",
    buffer: { stdout: false, stderr: true },
  });
  const events: EngineEvent[] = [];
  for await (const line of child.iterable({ from: "stdout" })) {
    const event = parsed(String(line));
    if (event === undefined) {
      say(mask.text(String(line)));
      continue;
    }
    events.push(event);
    const { diagnosticEvent: said } = event;
    if (said && said.ephemeral !== true && said.severity !== "debug")
      for (const one of mask
        .text(plainText(`${said.prefix ?? ""}${said.message}`))
        .trimEnd()
        .split("\n"))
        say(one);
  }
  const { exitCode, stderr } = await child;
  return { status: exitCode, events, stderr: mask.text(String(stderr)) };
}

function parsed(line: string): EngineEvent | undefined {
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return undefined;
  }
}
