/**
 * A runner's work for a job: a clone of its own, a home, what the job may see, and `gitlab-ci-local` there. What GitLab
 * says to the job comes from `pipelines.ts`.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";
import { cacheDir, root } from "../../paths.ts";
import { confined } from "../confine.ts";
import type { Checkout, Origin } from "../origin.ts";

export interface RunnerOptions {
  origin: Origin;
  /** Where jobs have their clones; anybody may reach it. */
  directory: string;
  /** What all jobs have from their runner, such as plugins: variables of the process, not of GitLab. */
  runner: Readonly<Record<string, string>>;
  /** Paths that jobs may read, and those of protected branches write. */
  read: string[];
  write: string[];
  /** Paths that jobs of an environment may read besides, by its name. */
  readIn?: Readonly<Record<string, string[]>>;
  /** Puts into a job's empty home what its runner gives it. */
  furnish: (home: string) => void;
  /** False runs jobs as the user who runs this, for tests of the runner itself. */
  confine: boolean;
}

/** What GitLab says of a job. */
export interface Order {
  /** Another one for each. */
  id: string;
  checkout: Checkout;
  /** False in pipelines of merge requests. */
  isProtected: boolean;
  environment?: string | undefined;
  /** What other jobs left for this one, by file name. */
  artifacts?: Readonly<Record<string, string>> | undefined;
  variables: Readonly<Record<string, string>>;
}

/** After so long a job is ended. */
const longestSeconds = 3600;

/** @param words Arguments of `gitlab-ci-local`: a job's name, or an option that only tells. */
export async function runCiLocal(
  { origin, directory, runner, read, readIn, write, furnish, confine }: RunnerOptions,
  words: readonly string[],
  { id, checkout, isProtected, environment: inEnvironment = "", artifacts = {}, variables }: Order,
) {
  const place = join(directory, id);
  const [clone, home, staging] = [join(place, "project"), join(place, "home"), `${place}.staging`];
  for (const folder of [place, home, staging]) mkdirSync(folder, { recursive: true });
  origin.cloneTo(clone, checkout);
  linkPackages(clone);
  for (const [name, content] of Object.entries(artifacts)) {
    // Of a link there, the job's author says where it leads.
    rmSync(join(clone, name), { force: true });
    writeFileSync(join(clone, name), content);
  }
  furnish(home);
  // Jobs ask the repository, which is somebody else's here.
  writeFileSync(join(home, ".gitconfig"), "[safe]\n\tdirectory = *\n");
  if (confine) execFileSync("chown", ["-R", "nobody:nogroup", place]);
  // For a job with an image gitlab-ci-local names a folder of that.
  const given = { CI_PROJECT_DIR: clone, ...variables };
  const environment = {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: home,
    LANG: "C.UTF-8",
    TMPDIR: home,
    // Where it would look by itself is in the home that the system says nobody has.
    PULUMI_HOME: join(home, ".pulumi"),
    LAB_CACHE: cacheDir,
    NO_COLOR: "1",
    ...runner,
    // Not on the command line, which others read.
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`GCL_VARIABLE_${name}`, value])),
  };
  const command = [
    ...[process.execPath, join(root, "node_modules", "gitlab-ci-local", "dist", "index.js")],
    ...["--force-shell-executor", "--ignore-predefined-vars", Object.keys(given).join(",")],
    ...(isProtected ? [] : ["--unset-variable", "CI_COMMIT_BRANCH"]),
    ...words,
  ];
  const seen = [...read, ...(readIn?.[inEnvironment] ?? []), origin.repository];
  const [program = "", ...args] = confine
    ? confined(command, staging, [place, ...(isProtected ? write : [])], seen)
    : command;
  const { exitCode, all } = await execa(program, args, {
    cwd: clone,
    env: environment,
    extendEnv: false,
    stdin: "ignore",
    all: true,
    reject: false,
    timeout: longestSeconds * 1000,
    killDescendants: true,
    killSignal: "SIGKILL",
  });
  return { status: exitCode, output: String(all), files: filesOf(clone), clone };
}

/** What `bin/setup check` would install, where the checkout has it. */
function linkPackages(clone: string): void {
  const folders = [".venv", ...globSync("{.,*}/node_modules", { cwd: root })];
  for (const folder of folders) {
    const target = join(clone, folder);
    if (existsSync(join(root, folder)) && existsSync(dirname(target)) && !existsSync(target))
      symlinkSync(join(root, folder), target);
  }
}

/** What a job left for GitLab: the copies that gitlab-ci-local makes of artifacts, and the widgets' files. */
function filesOf(clone: string): Record<string, string> {
  const found = [".gitlab-ci-local/artifacts/*/*", "widget.*.json"].flatMap((pattern) =>
    globSync(pattern, { cwd: clone }),
  );
  return Object.fromEntries(
    found.flatMap((path) => {
      const content = ownFile(clone, path);
      return content === undefined ? [] : [[basename(path), content]];
    }),
  );
}

/**
 * A file in a job's clone; undefined where it is none. A link would be read with the rights of who reads it, so only what
 * the job itself has counts.
 */
export function ownFile(clone: string, path: string): string | undefined {
  const file = join(clone, path);
  const isOwn = existsSync(file) && lstatSync(file).isFile() && realpathSync(file) === join(realpathSync(clone), path);
  return isOwn ? readFileSync(file, "utf8") : undefined;
}
