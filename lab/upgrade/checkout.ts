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
  const checkout = checkoutOf(commit);
  show([labCommand, "down"], root);
  show(["bin/lab", "up", stack], checkout);
}

/**
 * The whole hash of a version's commit, or of the commit that is given; without: of the newest release that is not this tree.
 *
 * @throws Error where this clone has no such commit.
 */
export async function earlierCommit(releases: readonly Release[], from: string | undefined): Promise<string> {
  if (from !== undefined) {
    const commit = releases.find(({ version }) => version === from)?.commit ?? from;
    const { status, stdout } = await run(["git", "rev-parse", "--verify", "--quiet", `${commit}^{commit}`]);
    if (status === 0) return stdout.trim();
    const versions = releases.filter((release) => release.commit !== undefined).map(({ version }) => version);
    throw new Error(
      `an earlier release: given ${from}, allowed are ${versions.join(", ")} (CHANGELOG.md) and commits of this clone, which a shallow one may lack`,
    );
  }
  for (const { commit } of releases) if (commit !== undefined && !(await isSameTree(commit))) return commit;
  throw new Error(
    "CHANGELOG.md names no commit of an earlier release; name one (--from of `make upgrade`, --before of `make bench`)",
  );
}
