/** The Debian 13 image that all machines start from: made once with mmdebstrap, kept in the cache, never changed. */
import { existsSync } from "node:fs";
import { lutimes, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Lack, until } from "../polling.ts";
import { run } from "./host.ts";
import { files, maskedUnits, packages, recipeHash, suite } from "./imageRecipe.ts";
import { lock } from "./lock.ts";

export interface ImageOptions {
  /** Where images and downloads are kept between labs. */
  cacheDir: string;
  /** Called with progress. */
  log: (message: string) => void;
}

/** Where authorities stand that an administrator added to the host's own. */
const hostAuthorities = "/usr/local/share/ca-certificates";

/** Returns the image's root directory; makes the image when there is none for the recipe of today. */
export async function ensureImage({ cacheDir, log }: ImageOptions): Promise<string> {
  const authorities = await addedAuthorities();
  const images = join(cacheDir, "images");
  const root = join(images, `debian-13-${recipeHash(authorities)}`);
  if (existsSync(root)) return root;
  await mkdir(images, { recursive: true });
  const held = await lock(join(images, "lock"), () => log("image: another process is making it; waiting"));
  try {
    if (existsSync(root)) return root;
    // With the lock held, whatever is half-made was left by a build that was killed, and nothing writes to it any more.
    for (const name of await readdir(images)) {
      if (name.endsWith(".building")) await remove(join(images, name));
    }
    const building = `${root}.building`;
    const started = performance.now();
    log(`image: making ${basename(root)} from Debian's packages, about half a minute`);
    await build(building, authorities, held.fd, log);
    await rename(building, root);
    log(`image: made in ${Math.round((performance.now() - started) / 1000)} s`);
    return root;
  } finally {
    held.release();
  }
}

/** Its commands hold the lock too: they go on when this process is killed, and the next one must not meet them. */
async function build(
  root: string,
  authorities: Record<string, string>,
  held: number,
  log: ImageOptions["log"],
): Promise<void> {
  const command = [
    // Killed, mmdebstrap leaves what it mounted; in a mount namespace of its own that ends with it.
    "unshare",
    "--mount",
    "--propagation",
    "slave",
    "mmdebstrap",
    "--variant=minbase",
    "--format=directory",
    `--include=${packages.join(",")}`,
    // With the package lists inside, a machine's `apt-get update` only asks whether they are the newest.
    "--skip=cleanup/apt/lists",
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
    // Without a mirror named, Debian's own with its updates and security updates.
    suite,
    root,
  ];
  await run(command, {
    hold: [held],
    onLine: (line) => {
      if (line.startsWith("I: ")) log(`image: ${line.slice(3).replace(/\.+$/, "")}`);
    },
  });
  for (const name of await readdir(join(root, "etc/apt/apt.conf.d"))) {
    if (name.includes("mmdebstrap")) await rm(join(root, "etc/apt/apt.conf.d", name));
  }
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await rm(file, { force: true });
    await writeFile(file, content, { mode: 0o644 });
  }
  for (const name of await readdir(join(root, "etc/ssh"))) {
    if (name.startsWith("ssh_host_")) await rm(join(root, "etc/ssh", name));
  }
  for (const unit of maskedUnits) {
    await rm(join(root, "etc/systemd/system", unit), { force: true });
    await symlink("/dev/null", join(root, "etc/systemd/system", unit));
  }
  await rm(join(root, "etc/hostname"), { force: true });
  for (const [name, content] of Object.entries(authorities)) {
    await writeFile(join(root, "usr/local/share/ca-certificates", name), content);
  }
  await run(["chroot", root, "update-ca-certificates"], { hold: [held] });
  // What systemd would do at each machine's first boot, because it finds /usr newer than /etc and /var.
  await run(["chroot", root, "sh", "-c", "ldconfig; journalctl --update-catalog; apt-cache gencaches -q"], {
    hold: [held],
  });
  const { atime, mtime } = await stat(join(root, "usr"));
  const mark = `TIMESTAMP_NSEC=${mtime.getTime() * 1_000_000}\n`;
  for (const path of ["etc/.updated", "var/.updated"]) {
    await writeFile(join(root, path), mark);
    await lutimes(join(root, path), atime, mtime);
  }
}

async function addedAuthorities(): Promise<Record<string, string>> {
  if (!existsSync(hostAuthorities)) return {};
  const names = (await readdir(hostAuthorities)).filter((name) => name.endsWith(".crt")).sort();
  const entries = names.map(async (name) => [name, await readFile(join(hostAuthorities, name), "utf8")] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * Removes a tree without leaving its file system, should something be mounted in it. What a killed daemon had begun to
 * copy there may still grow for a moment.
 */
export async function remove(path: string): Promise<void> {
  const attempt = () =>
    run(["rm", "-rf", "--one-file-system", path]).then(
      () => true,
      (error: Error) => new Lack(error.message),
    );
  await until(`${path} is removed`, attempt, { timeoutSeconds: 2, intervalSeconds: 0.2 });
}
