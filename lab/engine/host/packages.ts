/** What is installed for a program: its dependencies, and the plugins that these ask for. */
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

interface Manifest {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  pulumi?: { resource?: boolean; name?: string; version?: string; server?: string };
}

export interface Package {
  name: string;
  version: string;
}

/** The folder with package.json at or above `directory`. */
function packageRoot(directory: string): string {
  let root = directory;
  while (readManifest(root) === undefined) {
    if (dirname(root) === root) throw new Error(`There is no package.json in ${directory} or above it.`);
    root = dirname(root);
  }
  return root;
}

function readManifest(directory: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Manifest;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`${directory}/package.json: ${error.message}`, { cause: error });
    return undefined;
  }
}

/** Manifests in node_modules folders, with those inside packages. */
function* installed(root: string): Generator<Manifest> {
  const modules = join(root, "node_modules");
  for (const entry of list(modules)) {
    const names = entry.startsWith("@") ? list(join(modules, entry)).map((name) => join(entry, name)) : [entry];
    for (const name of names) {
      const directory = join(modules, name);
      const manifest = readManifest(directory);
      if (manifest) yield manifest;
      if (statSync(join(directory, "node_modules"), { throwIfNoEntry: false })) yield* installed(directory);
    }
  }
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => !name.startsWith("."));
  } catch {
    return [];
  }
}

/** Resource plugins of the installed packages, with the versions that they ask for. */
export function requiredPlugins(programDirectory: string): (Package & { server: string })[] {
  const plugins = new Map<string, Package & { server: string }>();
  for (const { name = "", version = "", pulumi } of installed(packageRoot(programDirectory))) {
    if (!pulumi?.resource) continue;
    const plugin = pulumi.name ?? (name.startsWith("@pulumi/") ? name.slice("@pulumi/".length) : undefined);
    if (plugin === undefined)
      throw new Error(`The package ${name} names no plugin ("pulumi": {"name": ...} in its package.json).`);
    const wanted = (pulumi.version ?? version).replace(/^v?/, "v");
    plugins.set(`${plugin}@${wanted}`, { name: plugin, version: wanted, server: pulumi.server ?? "" });
  }
  return [...plugins.values()];
}

/** Dependencies as they are installed: those in package.json, or all. */
export function dependencies(programDirectory: string, transitive: boolean): Package[] {
  const root = packageRoot(programDirectory);
  const manifest = readManifest(root) ?? {};
  const direct = new Set([...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})]);
  const packages = new Map<string, Package>();
  for (const { name, version } of installed(root)) {
    if (name === undefined || version === undefined || (!transitive && !direct.has(name))) continue;
    packages.set(`${name}@${version}`, { name, version });
  }
  return [...packages.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** Version of a program on PATH that is an npm package, such as npm itself; asking it would take far longer. */
export function programVersion(program: string): string | undefined {
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    let folder: string;
    try {
      folder = dirname(realpathSync(join(directory, program)));
    } catch {
      continue;
    }
    for (; dirname(folder) !== folder; folder = dirname(folder)) {
      const manifest = readManifest(folder);
      if (manifest?.name === program) return manifest.version;
    }
    return undefined;
  }
  return undefined;
}

/** A module of the program's own @pulumi/pulumi. */
export function locate(module: string, programDirectory: string): string {
  try {
    return createRequire(join(programDirectory, "package.json")).resolve(module);
  } catch (error) {
    throw new Error(
      `It looks like the Pulumi SDK has not been installed: ${module} is not to be found from ` +
        `${programDirectory}. Run npm install there.`,
      { cause: error },
    );
  }
}
