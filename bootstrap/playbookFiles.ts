/** Which files of `ansible/` a playbook needs: the roles that it names, their dependencies, the files it includes. */
import { posix } from "node:path";
import { CORE_SCHEMA, defineMappingTag, defineScalarTag, defineSequenceTag, loadAll } from "js-yaml";
import type { TreeFile } from "./tree.ts";

/** Parts of a role that a machine does not need in order to configure itself. */
const unneeded = /^roles\/[^/]+\/(README\.md$|meta\/argument_specs\.ya?ml$|tests\/|molecule\/)/;

/** Tags such as `!vault` and `!unsafe` mean nothing here, but must not stop the reading. */
const schema = CORE_SCHEMA.withTags(
  defineScalarTag("!", { matchByTagPrefix: true, resolve: (source) => source, identify: () => false }),
  defineSequenceTag<unknown[]>("!", {
    matchByTagPrefix: true,
    create: () => [],
    addItem: (list, item) => void list.push(item),
    identify: () => false,
  }),
  defineMappingTag<Map<unknown, unknown>>("!", {
    matchByTagPrefix: true,
    create: () => new Map(),
    addPair: (map, key, value) => {
      map.set(key, value);
      return "";
    },
    has: (map, key) => map.has(key),
    keys: (map) => map.keys(),
    get: (map, key) => map.get(key),
    identify: () => false,
  }),
);

/** The documents of a YAML file of Ansible's. */
export const parseYaml = (text: string): unknown[] => loadAll(text, { schema });

/**
 * The files that a playbook needs, in the order of the tree.
 *
 * @param playbook Path in the tree, for example `playbooks/front.yml`.
 */
export function filesOfPlaybook(tree: readonly TreeFile[], playbook: string): TreeFile[] {
  const files = new Set<string>();
  const roles = new Set<string>();

  const readFile = (path: string, from: string): void => {
    if (files.has(path)) return;
    const file = tree.find((candidate) => candidate.path === path);
    if (!file) throw new Error(`${from} names ${path}, which is not in ansible/; write it, or correct the name`);
    files.add(path);
    if (/\.ya?ml$/.test(path)) follow(references(file), path);
  };
  const readRole = (role: string, from: string): void => {
    if (roles.has(role)) return;
    roles.add(role);
    const parts = tree.filter(({ path }) => path.startsWith(`roles/${role}/`) && !unneeded.test(path));
    if (parts.length === 0) {
      throw new Error(`${from} names role ${role}, which is not in ansible/roles/; write it, or correct the name`);
    }
    for (const part of parts) {
      // Files that a role includes are its own, and all of those are taken.
      const named = /^roles\/[^/]+\/(tasks|handlers|meta)\/.*\.ya?ml$/.test(part.path) ? references(part).roles : [];
      // What a role is called in Ansible's Galaxy matters to no machine; on what it depends does.
      if (named.length > 0 || !/^roles\/[^/]+\/meta\//.test(part.path)) files.add(part.path);
      for (const name of named) readRole(name, part.path);
    }
  };
  const follow = (found: References, from: string): void => {
    for (const role of found.roles) readRole(role, from);
    for (const file of found.files) readFile(posix.join(posix.dirname(from), file), from);
  };

  readFile(playbook, "the program");
  return tree.filter(({ path }) => files.has(path));
}

interface References {
  roles: string[];
  files: string[];
}

const roleKeys = ["include_role", "import_role"];
const fileKeys = ["include_tasks", "import_tasks", "import_playbook", "vars_files"];

function references(file: TreeFile): References {
  const found: References = { roles: [], files: [] };
  let content: unknown;
  try {
    content = parseYaml(file.content.toString("utf8"));
  } catch (error) {
    throw new Error(`ansible/${file.path} is no YAML: ${(error as Error).message}`, { cause: error });
  }
  visit(content, file.path, found);
  return found;
}

function visit(node: unknown, path: string, found: References): void {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, path, found);
  } else if (node !== null && typeof node === "object") {
    for (const [key, value] of Object.entries(node)) {
      const action = key.replace(/^ansible\.builtin\./, "");
      if (roleKeys.includes(action)) found.roles.push(...names(value, "name", path));
      else if (fileKeys.includes(action)) found.files.push(...names(value, "file", path));
      // Elsewhere these are ordinary variables.
      else if (key === "roles" && "hosts" in node) found.roles.push(...names(value, "role", path));
      else if (key === "dependencies" && path.includes("/meta/")) found.roles.push(...names(value, "role", path));
      else visit(value, path, found);
    }
  }
}

/** Names in any of the forms in which Ansible takes them: a string, an object that holds it, a list of both. */
function names(value: unknown, field: string, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => names(item, field, path));
  const object = value as Record<string, unknown> | null;
  const name = typeof value === "string" ? value : (object?.[field] ?? object?.["name"]);
  if (typeof name !== "string") return [];
  if (name.includes("{{")) {
    throw new Error(
      `ansible/${path} names "${name}"; a machine that configures itself must be given the file or ` +
        "role beforehand, so write the name out",
    );
  }
  return [name];
}
