/** Where a job runs: as nobody, with a clean environment, and without a view of what the lab keeps for itself. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { cacheDir, root, stateDir } from "../paths.ts";

/** Folders that are hidden, but for the paths that a job may see. */
const hidden = ["/root", "/home", homedir(), stateDir].filter(
  (folder, index, all) => all.indexOf(folder) === index && folder !== "/" && existsSync(folder),
);

/** The Python that the checkout's tools run on; it may lie in a home, as pyenv's does. */
function python(): string[] {
  const file = join(root, ".venv", "pyvenv.cfg");
  const home = existsSync(file) ? /^home = (.+)$/m.exec(readFileSync(file, "utf8"))?.[1] : undefined;
  return home !== undefined && hidden.some((folder) => home.startsWith(`${folder}/`)) ? [dirname(home)] : [];
}

/**
 * The command that runs another one confined.
 *
 * @param staging An empty folder, in none that the job sees.
 * @param write Paths that the job may write, besides temporary files.
 * @param read Paths that it may only read, besides the checkout and its tools.
 */
export function confined(command: readonly string[], staging: string, write: string[], read: string[] = []): string[] {
  const tools = [root, ...python(), join(cacheDir, "node"), join(cacheDir, "engine")];
  const seen = [...tools, ...read].filter((path) => existsSync(path));
  return [
    ...["env", `HIDDEN=${hidden.join(" ")}`],
    ...["unshare", "--mount", join(import.meta.dirname, "confine.sh"), staging],
    ...seen,
    ...write.map((path) => `+${path}`),
    "--",
    ...command,
  ];
}
