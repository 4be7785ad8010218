/** Releases of the examples, built and published as an application's pipeline does. */
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { succeed } from "../../e2e/command.ts";
import { labCommand } from "../commands.ts";
import { cacheDir, root } from "../paths.ts";
import { spoiled, type BadKind } from "./badReleases.ts";
import type { Application } from "./capistrano.ts";

/**
 * Builds a release that nobody built before, and publishes it; returns its name.
 *
 * @param words What is new in it.
 */
export async function publishRelease(
  stack: string,
  application: Application,
  words: string,
  bad?: BadKind,
): Promise<string> {
  const folders = join(cacheDir, "deployments");
  mkdirSync(folders, { recursive: true });
  const folder = mkdtempSync(join(folders, "build-"));
  try {
    const source = join(folder, application);
    cpSync(join(root, "examples", application), source, { recursive: true });
    if (bad) {
      renameSync(join(source, "server.js"), join(source, "good.js"));
      writeFileSync(join(source, "server.js"), spoiled(bad));
    }
    writeFileSync(join(source, "release.txt"), `${words}\n`);
    await commit(source, words);
    const artifact = join(folder, "artifact.tar.gz");
    await succeed([join(root, "bin", "artifact"), "build", source, "--out", artifact]);
    const where = ["--stack", stack, "--name", application];
    const { stdout } = await succeed([labCommand, "artifact", "publish", artifact, ...where]);
    return (JSON.parse(stdout) as { release: string }).release;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A release is named for its commit. */
async function commit(folder: string, words: string): Promise<void> {
  const git = ["git", "-C", folder, "-c", "user.name=Lab", "-c", "user.email=lab@chatbot.example"];
  await succeed([...git, "init", "--quiet", "--initial-branch=main"]);
  await succeed([...git, "add", "--all"]);
  await succeed([...git, "commit", "--quiet", "--no-gpg-sign", "--message", words]);
}
