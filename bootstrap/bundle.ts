/** The custom data of a scale set: all that a new machine needs in order to configure itself. */
import { basename, extname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { gzipSync } from "node:zlib";
import { dump } from "js-yaml";
import type { MachineGroup } from "../environment/machineGroup.ts";
import type { Plan } from "../environment/plan.ts";
import { machineGroups } from "../environment/plan.ts";
import { buildInventory, groupNames, renderInventory } from "../inventory/inventory.ts";
import { longestVaultAccess, type VaultAccess } from "../inventory/vaultAccess.ts";
import * as firstBoot from "./firstBoot.ts";
import { filesOfPlaybook, parseYaml } from "./playbookFiles.ts";
import type { TreeFile } from "./tree.ts";

/** Azure's limit of custom data in bytes, before base64. */
export const longestCustomData = 65_535;

interface WrittenFile {
  path: string;
  content: string;
  encoding?: "b64";
  permissions: string;
}

/**
 * The custom data of a group of machines: gzip of a cloud-config, in base64. The same tree and plan give the same
 * bytes, so that an unchanged scale set stays unchanged. It holds no secrets: everyone on the machine can read it.
 *
 * @param longest Most bytes that it may have.
 * @throws RangeError when it does not fit.
 */
export function buildBundle(
  plan: Plan,
  group: MachineGroup,
  tree: readonly TreeFile[],
  access: VaultAccess,
  longest = longestCustomData,
): string {
  const files = bundleFiles(plan, group, tree, access);
  const compressed = gzipSync(Buffer.from(cloudConfig(files)), { level: 9 });
  // The header's tenth byte names the operating system on which it was made.
  compressed[9] = 0xff;
  if (compressed.length > longest) throw new RangeError(tooLarge(group, compressed.length, longest, files));
  return compressed.toString("base64");
}

/** Bytes by which values that are known only later may compress worse than those that stand for them. */
const marginBytes = 256;

/** What is too large of a plan's custom data, before anything is made; nothing where all of it fits. */
export function bundleMistakes(plan: Plan, tree: readonly TreeFile[]): string[] {
  const access = longestVaultAccess(plan);
  return machineGroups(plan).flatMap((group) => {
    try {
      buildBundle(plan, group, tree, access, longestCustomData - marginBytes);
      return [];
    } catch (error) {
      if (error instanceof RangeError) return [error.message];
      throw error;
    }
  });
}

/** The files that first boot writes, in the order in which they compress best. */
export function bundleFiles(
  plan: Plan,
  group: MachineGroup,
  tree: readonly TreeFile[],
  access: VaultAccess,
): WrittenFile[] {
  const inventory = buildInventory(
    plan,
    [{ name: "localhost", group, connection: { ansible_connection: "local" } }],
    {},
    access,
  );
  const groups = new Set(["all", ...groupNames(plan, group)]);
  const variables = tree.filter(({ path }) => {
    const name = /^inventory\/group_vars\/([^/.]+)[/.]/.exec(path)?.[1];
    return name !== undefined && groups.has(name);
  });
  const written = [...filesOfPlaybook(tree, `playbooks/${group.kind}.yml`), ...variables].map(fromTree);
  return [
    ...written,
    text(`${firstBoot.home}/inventory/boot.yml`, renderInventory(inventory)),
    text(`${firstBoot.home}/ansible.cfg`, firstBoot.ansibleConfiguration),
    text(`${firstBoot.home}/boot`, firstBoot.bootScript(group.kind), "0755"),
    text(firstBoot.unitPath, firstBoot.bootUnit),
  ].sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** What is alike stands together, by its language and then its name: gzip looks back 32 KiB only. */
function order({ path, content }: WrittenFile): string {
  const language = path.endsWith(".py") ? "#!/usr/bin/python3" : (/^#!\S+/.exec(content)?.[0] ?? extname(path));
  return [language, basename(path), String(content.length).padStart(8, "0"), path].join("\n");
}

function text(path: string, content: string, permissions = "0644"): WrittenFile {
  return { path, content, permissions };
}

function fromTree({ path, content, executable }: TreeFile): WrittenFile {
  const target = `${firstBoot.home}/${path}`;
  const permissions = executable ? "0755" : "0644";
  const asText = content.toString("utf8");
  return Buffer.from(asText).equals(content)
    ? text(target, /\.ya?ml$/.test(path) ? withoutComments(asText) : asText, permissions)
    : { path: target, content: content.toString("base64"), encoding: "b64", permissions };
}

/** Comments are for those who read the project. Where one is part of a value, all of the file stays. */
function withoutComments(yaml: string): string {
  const bare = yaml.replace(/^[ \t]*#.*\n/gm, "");
  return isDeepStrictEqual(parseYaml(bare), parseYaml(yaml)) ? bare : yaml;
}

function cloudConfig(files: WrittenFile[]): string {
  const config = {
    ssh_pwauth: false,
    disable_root: true,
    // The program reads the machine's host keys from the serial console.
    ssh: { emit_keys_to_console: true },
    write_files: files,
    runcmd: firstBoot.bootCommands,
  };
  return `#cloud-config\n${dump(config, { lineWidth: -1, noRefs: true })}`;
}

function tooLarge(group: MachineGroup, size: number, longest: number, files: WrittenFile[]): string {
  const largest = files
    .map(({ path, content }) => ({ path, size: gzipSync(content).length }))
    .sort((a, b) => b.size - a.size)
    .slice(0, 5)
    .map(({ path, size: bytes }) => `${path} (${bytes})`);
  return (
    `first-boot configuration of ${group.name}: given ${size} bytes compressed, allowed are ${longest}; ` +
    `take something out of ansible/playbooks/${group.kind}.yml, its roles or its group_vars. ` +
    `The largest, compressed: ${largest.join(", ")}`
  );
}
