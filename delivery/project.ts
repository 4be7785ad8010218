/** The Pulumi project in which a command runs, and its stack files. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { asObject } from "../environment/untyped.ts";

export interface Project {
  /** Where `Pulumi.yaml` is, and the stack files. */
  directory: string;
  /** Content of `Pulumi.yaml`. */
  content: Record<string, unknown>;
  name: string;
  /** Where the program is: the project's own folder, or what `main` says. */
  program: string;
}

/** Content of a stack's file. */
export type StackFile = Record<string, unknown>;

/** Wrong use of a command: the process ends with status 2. */
export class UsageError extends Error {}

/**
 * @param directory Default: what PLATFORM_PROJECT says, else where the command was started. So the lab has a project of
 *   its own for the same program.
 */
export function readProject(directory = process.env["PLATFORM_PROJECT"] ?? process.cwd()): Project {
  const file = join(directory, "Pulumi.yaml");
  if (!existsSync(file)) throw new UsageError(`${directory} has no Pulumi.yaml; run this where pulumi runs`);
  const content = readYaml(file);
  const { name, main } = content;
  if (typeof name !== "string") throw new UsageError(`${file} says no name`);
  return { directory, content, name, program: join(directory, typeof main === "string" ? main : ".") };
}

export function readStackFile({ directory }: Project, stack: string): StackFile {
  const file = join(directory, `Pulumi.${stack}.yaml`);
  if (!/^[\w.-]+$/.test(stack) || !existsSync(file))
    throw new UsageError(`there is no stack "${stack}": ${file} does not exist`);
  return readYaml(file);
}

function readYaml(file: string): Record<string, unknown> {
  try {
    return asObject(load(readFileSync(file, "utf8")));
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Policy packs that previews and applies run: the one in the program's folder `policy`, where there is one. */
export function policyArguments({ program }: Project): string[] {
  const pack = join(program, "policy");
  return existsSync(join(pack, "PulumiPolicy.yaml")) ? ["--policy-pack", pack] : [];
}

/** The program's commit: Git's word, since GitLab's is of the job, which may run another program (PLATFORM_PROJECT). */
export function commitOf({ program }: Pick<Project, "program">): string {
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD"], { cwd: program, encoding: "utf8" });
  const commit = status === 0 ? stdout.trim() : process.env["CI_COMMIT_SHA"];
  if (!commit || !/^[0-9a-f]{40}$/.test(commit))
    throw new UsageError(
      `the commit of ${program}: Git, or else CI_COMMIT_SHA, says ${commit || "nothing"}, allowed are 40 hexadecimal digits`,
    );
  return commit;
}
