/** Checkouts of earlier releases, kept in the cache with their tools. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../commands.ts";
import { cacheDir, root } from "../paths.ts";

/** A command that must succeed; shown while it runs would be too much, told whole where it fails. */
async function must(command: string[], cwd: string): Promise<string> {
  const result = await run(command, { cwd, apart: true, seconds: 1800 });
  if (result.status === 0) return result.stdout;
  throw new Error(`\`${command.join(" ")}\` ended with ${result.status}: ${result.output.trim().slice(-1500)}`);
}

/** True where the two trees are the same but for the changelog, which names a release after it was made. */
export async function isSameTree(commit: string): Promise<boolean> {
  const { status } = await run(["git", "diff", "--quiet", commit, "HEAD", "--", ".", ":!CHANGELOG.md"]);
  return status === 0;
}

/**
 * The directory of a commit's checkout, ready to run its own lab.
 *
 * @throws Error where this clone lacks the commit, as a shallow one may.
 */
export async function checkoutOf(commit: string): Promise<string> {
  const directory = join(cacheDir, "releases", commit);
  if (!existsSync(directory)) {
    const making = `${directory}.new`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    await must(["sh", "-c", `git archive "$1" | tar -x -C "$2"`, "sh", commit, making], root);
    renameSync(making, directory);
  }
  await must(["bin/setup", "lab"], directory);
  return directory;
}
