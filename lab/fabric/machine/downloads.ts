/**
 * What machines have downloaded is kept in the cache and lies in new machines as if they had downloaded it themselves:
 * so packages cross the network once, and a machine that replaces another installs in seconds.
 *
 * A machine gets it as a layer below its disk, made of hard links: it can delete or change what it finds there, but
 * only for itself. apt, npm and pip check sizes or checksums of what they find as they do with their own downloads.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { temporaryName } from "../../files.ts";
import { run } from "../host.ts";
import { remove } from "../image.ts";

/** Folders of a machine that hold nothing but downloads, with the modes that Debian gives them. */
const downloadFolders = [
  "var/cache/apt/archives",
  // For what roles download themselves, by a name that tells the version.
  "var/cache/platform",
  "root/.npm/_cacache",
  "root/.cache/pip",
];

const modes: Record<string, number> = { root: 0o700 };

/** Locks, and what is not complete. */
const passing = new Set(["lock", "partial", "tmp"]);

/** The store belongs to the cache in which the image stands. */
export function storeOf(image: string): string {
  return join(dirname(dirname(image)), "downloads");
}

/** Takes what a machine has downloaded, and the store does not have, from its disk. */
export async function harvest(upper: string, store: string): Promise<void> {
  for (const folder of downloadFolders) {
    if (existsSync(join(upper, folder))) await harvestFolder(upper, folder, store);
  }
}

async function harvestFolder(upper: string, folder: string, store: string): Promise<void> {
  for (const entry of await readdir(join(upper, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (passing.has(entry.name)) continue;
    if (entry.isDirectory()) await harvestFolder(upper, path, store);
    // Other kinds of files are marks of the overlay.
    else if (entry.isFile() && !existsSync(join(store, path))) await keep(join(upper, path), store, path);
  }
}

async function keep(file: string, store: string, path: string): Promise<void> {
  await makeFolder(store, dirname(path));
  const copy = temporaryName(join(store, path));
  try {
    await copyFile(file, copy);
    await rename(copy, join(store, path));
  } catch (error) {
    await rm(copy, { force: true });
    // The machine runs, and may have deleted it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

async function makeFolder(store: string, path: string): Promise<void> {
  if (existsSync(join(store, path))) return;
  if (dirname(path) !== ".") await makeFolder(store, dirname(path));
  await mkdir(join(store, path), { recursive: true, mode: modes[path] ?? 0o755 });
}

/** Makes the layer for a new machine. Without one, where links cannot be made, the machine downloads for itself. */
export async function makeLayer(store: string, layer: string): Promise<void> {
  if (!existsSync(store)) return;
  try {
    await run(["cp", "--archive", "--link", store, layer]);
  } catch {
    await remove(layer);
  }
}
