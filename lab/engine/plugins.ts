/** Puts the lab's plugins where an engine finds them without a word: in a Pulumi home of the lab's own. */
import { mkdirSync, readFileSync, readlinkSync, renameSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { temporaryName } from "../files.ts";

const lab = resolve(import.meta.dirname, "..");

export interface Arrangement {
  /** PULUMI_HOME for the engine; must be the lab's own. */
  pulumiHome: string;
  /** The engine that the lab built: the language host goes beside it, too, where it looks first. */
  builtEngine?: string;
  /** For tests: where the SDKs are installed. */
  packages?: string;
}

/**
 * A plugin on PATH works too, but the engine then warns about it at every run. Plugins are linked under the version
 * that the installed SDK asks for. Run again after every change of SDKs; what is right already is left alone.
 */
export function arrangePlugins({ pulumiHome, builtEngine, packages = resolve(lab, "..") }: Arrangement): void {
  const home = resolve(pulumiHome);
  // In a user's own home, `pulumi up` against Azure would find the lab's plugins.
  if (home === join(homedir(), ".pulumi")) {
    throw new Error(`${home} is a user's own Pulumi home; the lab's plugins go only into one of the lab's own.`);
  }
  mkdirSync(home, { recursive: true });
  const plugin = (kind: string, version: string, program: string) => {
    const directory = join(home, "plugins", `${kind}-v${version}`);
    mkdirSync(directory, { recursive: true });
    link(program, join(directory, basename(program)));
  };
  for (const name of ["azure-native", "command"])
    plugin(`resource-${name}`, sdkVersion(name, packages), join(lab, "provider", "bin", `pulumi-resource-${name}`));
  const host = join(lab, "engine", "pulumi-language-nodejs");
  // For an engine without one beside it; the official one has its own.
  plugin("language-nodejs", sdkVersion("pulumi", packages), host);
  if (builtEngine !== undefined) link(host, join(dirname(resolve(builtEngine)), basename(host)));
}

function sdkVersion(name: string, packages: string): string {
  const manifest = createRequire(join(packages, "package.json")).resolve(`@pulumi/${name}/package.json`);
  const { version, pulumi } = JSON.parse(readFileSync(manifest, "utf8")) as {
    version: string;
    pulumi?: { version?: string };
  };
  return (pulumi?.version ?? version).replace(/^v/, "");
}

function link(target: string, path: string): void {
  try {
    if (readlinkSync(path) === target) return;
  } catch {
    // Not there yet, or no link.
  }
  const fresh = temporaryName(path);
  symlinkSync(target, fresh);
  renameSync(fresh, path);
}
