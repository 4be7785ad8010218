/**
 * The lab's repository of Debian packages: stand-ins for programs whose makers' own repositories cannot be reached in the
 * lab, under the names of the real packages, built from the folders beside this file. Signed, as machines expect it.
 */
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { gitHost } from "../fabric/addresses.ts";
import { run } from "../fabric/host.ts";
import { suite } from "../fabric/imageRecipe.ts";
import { readIfThere } from "../files.ts";

const component = "main";
/** All that machines of the lab may have; the packages are of none. */
const architectures = ["amd64", "arm64"];

const sources = ["gitlab", "gitlab-runner"].map((name) => join(import.meta.dirname, name));

/** Where the Git server finds what it serves below `/packages/`. */
export const packagesFolder = (stateDir: string): string => join(stateDir, "packages");

const keyFile = "key.asc";
const fingerprintFile = "fingerprint";
const builtFile = ".built";

/** What a stack file's `packages.repository` says of it. */
export interface Repository {
  url: string;
  keyUrl: string;
  keyFingerprint: string;
}

/** The repository, once the daemon has made it. */
export function standInRepository(stateDir: string): Repository | undefined {
  const keyFingerprint = readIfThere(join(packagesFolder(stateDir), fingerprintFile))?.trim();
  if (keyFingerprint === undefined) return undefined;
  const url = `https://${gitHost}/packages`;
  return { url, keyUrl: `${url}/${keyFile}`, keyFingerprint };
}

/** Makes the repository, or leaves it where it is of today's sources. */
export async function ensureRepository(stateDir: string): Promise<void> {
  const folder = packagesFolder(stateDir);
  const hash = contentHash([...sources, import.meta.filename]);
  if (readIfThere(join(folder, builtFile)) === hash) return;
  const gnupg = join(stateDir, "packages-key");
  mkdirSync(gnupg, { recursive: true, mode: 0o700 });
  const building = mkdtempSync(join(stateDir, "packages-"));
  try {
    const fingerprint = await signingKey(gnupg);
    const built: string[] = [];
    for (const source of sources) built.push(await build(source, join(building, "pool")));
    await index(building, built);
    await gpg(gnupg, "--clearsign", "--output", release(building, "InRelease"), release(building, "Release"));
    await gpg(gnupg, "--armor", "--export", "--output", join(building, keyFile), fingerprint);
    writeFileSync(join(building, fingerprintFile), `${fingerprint}\n`);
    writeFileSync(join(building, builtFile), hash);
    rmSync(folder, { recursive: true, force: true });
    renameSync(building, folder);
  } finally {
    rmSync(building, { recursive: true, force: true });
    // It would outlive the lab.
    await run(["gpgconf", "--homedir", gnupg, "--kill", "all"]);
  }
}

const gpg = async (home: string, ...args: string[]) =>
  run(["gpg", "--homedir", home, "--batch", "--yes", "--quiet", "--passphrase", "", ...args]);

async function signingKey(home: string): Promise<string> {
  const known = async () => {
    const { stdout } = await gpg(home, "--with-colons", "--list-secret-keys");
    return /^fpr:+([0-9A-F]{40}):/m.exec(stdout)?.[1];
  };
  const before = await known();
  if (before !== undefined) return before;
  await gpg(home, "--quick-generate-key", "Packages of the lab", "ed25519", "sign", "never");
  const made = await known();
  if (made === undefined) throw new Error(`gpg made no key in ${home}`);
  return made;
}

/** Builds a folder's package, and returns its path. Its version says of which content it is. */
async function build(source: string, pool: string): Promise<string> {
  const tree = mkdtempSync(join(pool, "..", "tree-"));
  try {
    cpSync(source, tree, { recursive: true });
    const control = join(tree, "DEBIAN", "control");
    const version = `+lab.${contentHash([source]).slice(0, 8)}`;
    writeFileSync(control, readFileSync(control, "utf8").replace(/^(Version: .*)$/m, `$1${version}`));
    mkdirSync(pool, { recursive: true });
    // The folder's own modes may be those of this machine's umask.
    await run(["chmod", "-R", "go=rX,u+w", tree]);
    await run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", tree, pool]);
    const name = readdirSync(pool).find((file) => file.includes(version));
    if (name === undefined) throw new Error(`dpkg-deb made no package of ${source}`);
    return join(pool, name);
  } finally {
    rmSync(tree, { recursive: true });
  }
}

/** https://wiki.debian.org/DebianRepository/Format */
async function index(folder: string, packages: readonly string[]): Promise<void> {
  const entries = await Promise.all(
    packages.map(async (path) => {
      const { stdout } = await run(["dpkg-deb", "--field", path]);
      const more = [`Filename: ${relative(folder, path)}`, `Size: ${statSync(path).size}`, `SHA256: ${sha256(path)}`];
      return `${stdout.trim()}\n${more.join("\n")}\n`;
    }),
  );
  const lists = architectures.map((architecture) => {
    const name = join(component, `binary-${architecture}`, "Packages");
    mkdirSync(join(release(folder, name), ".."), { recursive: true });
    writeFileSync(release(folder, name), entries.join("\n"));
    return ` ${sha256(release(folder, name))} ${statSync(release(folder, name)).size} ${name}`;
  });
  const lines = [
    "Origin: lab",
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    `Date: ${new Date().toUTCString().replace("GMT", "UTC")}`,
    `Architectures: ${architectures.join(" ")}`,
    `Components: ${component}`,
    "SHA256:",
    ...lists,
    "",
  ];
  writeFileSync(release(folder, "Release"), lines.join("\n"));
}

const release = (folder: string, name: string) => join(folder, "dists", suite, name);

const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** Of files, and of all files in folders. */
function contentHash(paths: readonly string[]): string {
  const hash = createHash("sha256");
  const files = paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort()
      : [path],
  );
  for (const file of files)
    hash
      .update(relative(import.meta.dirname, file))
      .update("\0")
      .update(readFileSync(file));
  return hash.digest("hex");
}
