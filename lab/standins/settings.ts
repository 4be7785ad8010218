/** What a stack file says in the lab of programs that the lab has stand-ins for. Pure. */
import { environmentOf, isObject, type StackFile } from "../cli/stackFile.ts";
import type { Repository } from "./repository.ts";

const kinds = ["gitlab", "runner"];

/** In place of a runner's token where there is no runner yet (role `gitlab-runner`): no secret. */
export const noRunner = "none";

/**
 * The file with the lab's repository where such a tier names none of its own, and with `none` for the token of its runners:
 * the lab's GitLab has no runner yet. A value that the file has stays.
 */
export function withStandIns(file: StackFile, repository: Repository | undefined): StackFile {
  if (!repository) return file;
  const changed = structuredClone(file);
  const { tiers } = environmentOf(changed);
  if (!isObject(tiers)) return changed;
  for (const [name, tier] of Object.entries(tiers)) {
    if (!isObject(tier) || !kinds.some((kind) => kind === (tier["kind"] ?? name))) continue;
    const packages = (tier["packages"] ??= {});
    if (isObject(packages)) packages["repository"] ??= { ...repository };
    const token = isObject(tier["secrets"]) ? tier["secrets"]["token"] : undefined;
    if (typeof token === "string") (changed.config ??= {})[`platform:${token}`] ??= noRunner;
  }
  return changed;
}
