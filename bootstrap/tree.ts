/** The files of the `ansible/` directory. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A file's path, relative to the directory and with slashes, and its content. */
export interface TreeFile {
  path: string;
  content: Buffer;
  executable: boolean;
}

/** Files that runs leave behind, or that say nothing about machines: they must not make Ansible run again. */
const ignored = [
  // Written by the program; its content counts by itself.
  /^inventory\/[^/]+\.(yml|known_hosts|ssh_config)$/,
  /(^|\/)(\.[^/]+|__pycache__)(\/|$)/,
  /\.(pyc|retry|log|orig|swp)$/,
  /(^|\/)(README\.md|tests|molecule)(\/|$)/,
];

/** All files below a directory that matter, sorted by path. Missing: none. */
export function readTree(root: string, directory = ""): TreeFile[] {
  return list(join(root, directory))
    .flatMap((name): TreeFile[] => {
      const path = directory === "" ? name : `${directory}/${name}`;
      if (ignored.some((pattern) => pattern.test(path))) return [];
      const file = join(root, path);
      const status = statSync(file);
      if (status.isDirectory()) return readTree(root, path);
      return [{ path, content: readFileSync(file), executable: (status.mode & 0o100) !== 0 }];
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Hash of files: their paths, contents and whether they may be executed. */
export function hashTree(files: readonly TreeFile[]): string {
  const hash = createHash("sha256");
  for (const { path, content, executable } of files) {
    hash.update(`${path}\0${executable}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}
