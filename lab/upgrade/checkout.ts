/** Checkouts of earlier releases, kept in the cache with their tools. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { labCommand, run } from "../commands.ts";
import { cacheDir, root } from "../paths.ts";
import type { Release } from "./releases.ts";

/**
 * Runs a command in the foreground.
 *
 * @throws Error where it fails.
 */
export function show(command: string[], cwd: string): void {
  const [program = "", ...args] = command;
  const { status, signal, error } = spawnSync(program, args, { cwd, stdio: "inherit" });
  if (status !== 0) throw new Error(`\`${command.join(" ")}\` ended with ${signal ?? status}`, { cause: error });
}

/** True where the two trees are the same but for the changelog, which names a release after it was made. */
async function isSameTree(commit: string): Promise<boolean> {
  const { status } = await run(["git", "diff", "--quiet", commit, "HEAD", "--", ".", ":!CHANGELOG.md"]);
  return status === 0;
}

/**
 * The directory of a commit's checkout, ready to run its own lab.
 *
 * @throws Error where this clone lacks the commit, as a shallow one may.
 */
function checkoutOf(commit: string): string {
  const directory = join(cacheDir, "releases", commit);
  if (!existsSync(directory)) {
    const making = `${directory}.new`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    show(["sh", "-c", `git archive "$1" | tar -x -C "$2"`, "sh", commit, making], root);
    renameSync(making, directory);
  }
  show(["bin/setup", "lab"], directory);
  return directory;
}

/** Removes what the lab has, and builds a stack as a commit makes it. */
export function buildAt(commit: string, stack: string): void {
  show([labCommand, "down"], root);
  const checkout = checkoutOf(commit);
  show(["bin/lab", "up", stack], checkout);
}

/** The commit of a version, or the one that is given; without: of the newest release that is not this tree. */
export async function earlierCommit(releases: readonly Release[], from: string | undefined): Promise<string> {
  if (from !== undefined) return releases.find(({ version }) => version === from)?.commit ?? from;
  for (const { commit } of releases) if (commit !== undefined && !(await isSameTree(commit))) return commit;
  throw new Error(
    "CHANGELOG.md names no commit of an earlier release; name one (--from of `make upgrade`, --before of `make bench`)",
  );
}
