/**
 * Builds an application once: its folder with the dependencies that its lock file names, as one archive. The same folder
 * and commit give the same bytes.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { execa } from "execa";
import { identitySchema, releaseOf, type Identity } from "./release.ts";
import { Refused } from "./store.ts";

export interface BuildArgs {
  /** Folder of the application. */
  directory: string;
  /** The archive to be written. */
  out: string;
  /** Commit; that of the folder, where it is in a Git repository. */
  revision?: string;
}

export interface Built extends Identity {
  file: string;
  sha256: string;
  /** Paths in the folder that are no part of it. */
  leftOut: string[];
}

/** Python of the machines: Debian 13's. */
const python = { version: "3.13", abi: "cp313" };
/** Wheels that Debian 13 takes (glibc 2.41), newest first. */
const platforms = [41, 39, 34, 28, 17].map((minor) => `manylinux_2_${minor}_x86_64`);

/** What is no part of an application, or is made anew from the lock file: everywhere, and in the folder itself. */
const nowhere = new Set([".git", "node_modules", "__pycache__"]);
const notInFolder = new Set([".venv", "wheels", "RELEASE", "REVISION"]);

/** @param path From the application's folder. */
function isPart(path: string): boolean {
  const name = basename(path);
  const isSecret = name.startsWith(".env") && name !== ".env.example";
  return !isSecret && !nowhere.has(name) && !notInFolder.has(path);
}

/**
 * Builds an application. Packages are those of this machine's system and Node.js, which must be the machines': Debian 13
 * and the Node.js of the role nodejs; wheels are the machines' anyway.
 *
 * @throws Refused where a lock file is missing or names no exact versions.
 */
export async function build({ directory, out, revision }: BuildArgs): Promise<Built> {
  const kinds = await locked(directory);
  const { commit, committed } = await commitOf(directory, revision);
  const identity = identitySchema.parse({ release: releaseOf(commit, committed), revision: commit });
  const file = resolve(out);
  const half = join(dirname(file), `.${basename(file)}.half`);
  const folder = await mkdtemp(join(tmpdir(), "artifact-"));
  const leftOut: string[] = [];
  try {
    const staged = join(folder, "application");
    const filter = (source: string) => {
      // Nor what a build that was killed has left.
      if ([file, half].includes(resolve(source))) return false;
      const path = relative(directory, source);
      if (isPart(path)) return true;
      leftOut.push(path);
      return false;
    };
    await cp(directory, staged, { recursive: true, filter, verbatimSymlinks: true });
    for (const kind of kinds) await dependencies[kind](staged);
    await writeFile(join(staged, "REVISION"), `${identity.revision}\n`);
    await writeFile(join(staged, "RELEASE"), `${identity.release}\n`);
    await archive(staged, half, committed);
    await rename(half, file);
  } finally {
    await rm(half, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return { ...identity, file, sha256: hash.digest("hex"), leftOut: leftOut.sort() };
}

/** What an archive says that it is. */
export async function identityOf(file: string): Promise<Identity> {
  const read = async (name: string) => {
    const { stdout } = await execa("tar", ["-xzOf", file, `./${name}`]);
    return stdout.trim();
  };
  try {
    return identitySchema.parse({ release: await read("RELEASE"), revision: await read("REVISION") });
  } catch (cause) {
    throw new Refused(`${file}: given no artifact, allowed is what \`bin/artifact build\` has written`, { cause });
  }
}

type Kind = "node" | "python";

/** The kinds of dependencies that a folder has, each with its lock file. */
async function locked(directory: string): Promise<Kind[]> {
  const has = (name: string) =>
    access(join(directory, name)).then(
      () => true,
      () => false,
    );
  const kinds: Kind[] = [];
  if (await has("package.json")) {
    if (!(await has("package-lock.json")))
      throw new Refused(
        `${directory}: given package.json alone, allowed is with package-lock.json: run npm install there`,
      );
    kinds.push("node");
  }
  if (await has("requirements.txt")) {
    const loose = looseRequirements(await readFile(join(directory, "requirements.txt"), "utf8"));
    if (loose.length > 0)
      throw new Refused(
        `${directory}/requirements.txt: given ${loose.join(", ")}, allowed are exact versions, package==1.2.3: ` +
          "pip freeze tells those that are installed",
      );
    kinds.push("python");
  }
  if (kinds.length === 0)
    throw new Refused(
      `${directory}: given neither package-lock.json nor requirements.txt, allowed is one of them, or both`,
    );
  return kinds;
}

/** Requirements that name no exact version. */
export function looseRequirements(text: string): string[] {
  return text
    .replaceAll(/\\\r?\n/g, " ")
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter(
      (line) =>
        line !== "" && !/^[A-Za-z0-9._-]+(\[[^\]]*\])?\s*===?\s*[^\s;,*]+\s*(;[^#]*?)?(\s+--hash=\S+)*$/.test(line),
    );
}

const dependencies: Record<Kind, (folder: string) => Promise<void>> = {
  node: async (folder) => {
    const args = ["ci", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier"];
    await execa("npm", args, { cwd: folder, stdout: "ignore", stderr: "inherit" });
  },
  // Each machine makes its virtual environment of them, without a network.
  python: async (folder) => {
    await wheels(folder, ["--no-deps", "--dest", "wheels"]);
    // What a package needs besides must be named as well, with its version.
    const checked = `${folder}-checked`;
    await wheels(folder, ["--no-index", "--find-links", "wheels", "--dest", checked]).catch((cause: unknown) => {
      throw new Refused(
        "requirements.txt: given packages that need others, which it does not name, allowed are all with exact versions: " +
          "pip freeze tells those that are installed",
        { cause },
      );
    });
    await rm(checked, { recursive: true });
  },
};

/** Takes wheels for the machines' Python, whatever builds them. */
async function wheels(folder: string, args: string[]): Promise<void> {
  const common = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"];
  const target = ["--implementation", "cp", "--python-version", python.version];
  const abis = [python.abi, "abi3", "none"].flatMap((abi) => ["--abi", abi]);
  const where = [...platforms, "any"].flatMap((platform) => ["--platform", platform]);
  const command = [...common, ...target, ...abis, ...where, ...args, "-r", "requirements.txt"];
  await execa("python3", command, { cwd: folder, stdout: "ignore", stderr: "inherit" });
}

async function commitOf(directory: string, given: string | undefined): Promise<{ commit: string; committed: Date }> {
  try {
    const args = ["-C", directory, "show", "--no-patch", "--format=%H %ct", `${given ?? "HEAD"}^{commit}`];
    const [commit = "", seconds = ""] = (await execa("git", args)).stdout.trim().split(" ");
    return { commit, committed: new Date(Number(seconds) * 1000) };
  } catch (cause) {
    throw new Refused(
      `${directory}: given ${given ?? "no commit"}, allowed is a commit of the Git repository that the folder is in`,
      { cause },
    );
  }
}

/** GNU tar and gzip, without anything that follows from when and where it is done. */
async function archive(folder: string, out: string, at: Date): Promise<void> {
  const fixed = ["--sort=name", "--format=gnu", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
  const packed = ["--use-compress-program=gzip --no-name --best", "--file", out];
  const time = `--mtime=@${Math.floor(at.getTime() / 1000)}`;
  await execa("tar", ["--create", ...fixed, time, ...packed, "--directory", folder, "."], { stderr: "inherit" });
}
