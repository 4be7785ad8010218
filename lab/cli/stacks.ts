/** The project's stacks: each has a file `Pulumi.<stack>.yaml` in the project's folder. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { parseCidr } from "../../environment/address.ts";
import { workload } from "../../environment/names.ts";
import { environmentOf, isObject, type StackFile } from "./stackFile.ts";

/** Names of the stacks that the project has a file for. */
export function stacks(project: string): string[] {
  return readdirSync(project)
    .flatMap((file) => /^Pulumi\.([A-Za-z0-9][\w.-]*)\.yaml$/.exec(file)?.[1] ?? [])
    .sort();
}

/** Throws where the project has no such stack, with those that it has and the file to write. */
export function requireStack(project: string, stack: string): void {
  const known = stacks(project);
  if (known.includes(stack)) return;
  throw new Error(
    `there is no stack "${stack}"; stacks of this project: ${known.join(", ") || "none"}. ` +
      `To add it, write ${stackPath(project, stack)} with platform:environment`,
  );
}

/**
 * The stack's file.
 *
 * @throws Error that names the file, when it cannot be read as settings.
 */
export function readStackFile(project: string, stack: string): StackFile {
  const path = stackPath(project, stack);
  try {
    const content = loadAll(readFileSync(path, "utf8"))[0] ?? {};
    if (!isObject(content) || !isObject(content.config ?? {}))
      throw new Error("allowed are names with values, and the same under config");
    return { ...content, config: (content.config ?? {}) as Record<string, unknown> };
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/**
 * The stack whose reverse proxies are the way in to this one's, by their files; undefined where this one has a public
 * address of its own.
 */
export function entryOf(project: string, stack: string): string | undefined {
  const { reverseProxy } = environmentOf(readStackFile(project, stack));
  const { entry, public: isPublic = entry === undefined } = isObject(reverseProxy) ? reverseProxy : {};
  if (isPublic) return undefined;
  return readable(project).find((one) => one.stack !== stack && one.environment.name === entry)?.stack;
}

/** Address blocks of the stacks' networks. A stack whose file cannot be read, or names no block, has none. */
export function networkPrefixes(project: string): string[] {
  return readable(project).flatMap(({ environment: { network } }) =>
    typeof network === "string" && parseCidr(network) ? [network] : [],
  );
}

/** The environments of the stacks whose files can be read. */
function readable(project: string): { stack: string; environment: Record<string, unknown> }[] {
  return stacks(project).flatMap((stack) => {
    try {
      return [{ stack, environment: environmentOf(readStackFile(project, stack)) }];
    } catch {
      return [];
    }
  });
}

/** The stack that an ARM resource belongs to: the program names each stack's resource group `rg-<workload>-<stack>`. */
export function stackOf({ id }: { id: string }): string {
  const group = id.split("/")[4] ?? "";
  const prefix = `rg-${workload}-`;
  return group.startsWith(prefix) ? group.slice(prefix.length) : group;
}

function stackPath(project: string, stack: string): string {
  return join(project, `Pulumi.${stack}.yaml`);
}
