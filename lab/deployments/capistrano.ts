/** Capistrano as a person or a pipeline runs it, with the lab's Azure. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run, type Result } from "../../e2e/command.ts";
import { labCommand } from "../commands.ts";
import { root } from "../paths.ts";

const folder = join(root, "delivery", "capistrano");

/** Applications of dev that run under pm2: each has an example of its name. */
export type Application = "front" | "back";

/** Exit codes of `cap`: docs/deployment.md. */
export const exitStatus = { done: 0, wentBack: 1, wrong: 2, locked: 3, incomplete: 4 } as const;

/** The stage that deploys onto the machines of a stack. */
export function stageOf(stack: string): string {
  const stages = join(folder, "config", "deploy");
  const file = readdirSync(stages).find((name) =>
    readFileSync(join(stages, name), "utf8").includes(`platform_stack "${stack}"`),
  );
  if (!file) throw new Error(`stack: given ${stack}, allowed are those that a file in ${stages} names`);
  return file.replace(/\.rb$/, "");
}

/** A SIGKILL: of `cap` alone, or of everything that it has started as well, as a container's end is. */
export interface Killing {
  afterSeconds: number;
  how: "alone" | "all";
}

/**
 * Runs a task for an application. Never throws for its exit status.
 *
 * @param release Absent: the task chooses.
 */
export async function cap(
  stack: string,
  task: string,
  application: Application,
  release?: string,
  killing?: Killing,
): Promise<Result> {
  const env: NodeJS.ProcessEnv = {
    APPLICATION: application,
    RELEASE: release,
    PLATFORM_INVENTORY: `${labCommand} inventory`,
    PLATFORM_ARTIFACT: `${labCommand} artifact`,
    PLATFORM_DEPLOYMENT: `${labCommand} run ${stack} ${join(root, "bin", "deployment")}`,
  };
  const words = ["cap", stageOf(stack), task];
  const alone = killing?.how === "alone" ? ["timeout", "--foreground", "--signal=KILL", `${killing.afterSeconds}`] : [];
  const seconds = killing?.how === "all" ? killing.afterSeconds : 3600;
  // In a group of its own: Ctrl-C is for the one that runs it, which waits for its end.
  return run([...alone, ...words], { cwd: folder, env, seconds, apart: true });
}
