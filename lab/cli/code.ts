/** Which code a daemon runs, so that one of another checkout or commit is known. */
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.ts";

export interface Code {
  /** The project's folder. */
  root: string;
  /** SHA-256 of the lab's sources and of the versions of its packages. */
  hash: string;
}

/** The code of this checkout, as its files are now. */
export function codeOf(folder = root): Code {
  const sources = globSync("lab/**/*.{ts,py}", { cwd: folder, exclude: (path) => path.endsWith("node_modules") });
  const hash = createHash("sha256");
  for (const file of [...sources.sort(), "package-lock.json"])
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(folder, file)))
      .update("\0");
  return { root: folder, hash: hash.digest("hex") };
}

/** Whether two daemons run the same code. A daemon that does not tell its code runs other code. */
export function sameCode(one: Code | undefined, other: Code): boolean {
  return one?.root === other.root && one.hash === other.hash;
}
