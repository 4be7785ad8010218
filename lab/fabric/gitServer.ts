/** The lab's Git server, https://git.chatbot.example: bare repositories in `<state>/git`, made from folders. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gitAddress, gitHost } from "./addresses.ts";
import { run } from "./host.ts";
import { ensureService, runDirectory } from "./service.ts";
import { git } from "./names.ts";
import { packagesFolder } from "../standins/repository.ts";

/** What signs the server's certificate. */
export interface Issuer {
  issue(name: string, alternatives: string[]): { keyFile: string; certFile: string };
}

const program = join(import.meta.dirname, "gitServerProcess.ts");

/** Runs the server in its namespace. */
export async function ensureGitServer(stateDir: string, issuer: Issuer): Promise<void> {
  const { keyFile, certFile } = issuer.issue("git", [`DNS:${gitHost}`]);
  const root = join(stateDir, "git");
  mkdirSync(root, { recursive: true });
  const version = createHash("sha256").update(readFileSync(program)).update(readFileSync(certFile)).update(root);
  await ensureService(stateDir, {
    name: "git",
    namespace: git,
    command: [process.execPath, program, root, certFile, keyFile, gitAddress, packagesFolder(stateDir)],
    version: version.digest("hex").slice(0, 16),
    port: 443,
  });
}

/**
 * Publishes a folder as `<name>.git`, branch main: a new commit when the content has changed, nothing otherwise.
 * What the folder's `.gitignore` names stays out. Returns the branch's commit.
 */
export async function publish(folder: string, name: string, stateDir: string): Promise<string> {
  const repository = join(stateDir, "git", `${name}.git`);
  if (!existsSync(folder)) throw new Error(`nothing to publish as ${name}.git: there is no folder ${folder}`);
  if (!existsSync(join(repository, "HEAD"))) {
    mkdirSync(join(stateDir, "git"), { recursive: true });
    await run(["git", "init", "--quiet", "--bare", "--template=", "--initial-branch=main", repository]);
  }
  const scratch = mkdtempSync(join(runDirectory(stateDir), "git-"));
  try {
    const env = {
      GIT_DIR: repository,
      GIT_WORK_TREE: folder,
      GIT_INDEX_FILE: join(scratch, "index"),
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_SYSTEM: "/dev/null",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "safe.directory",
      GIT_CONFIG_VALUE_0: "*",
      GIT_AUTHOR_NAME: "Lab",
      GIT_AUTHOR_EMAIL: `lab@${gitHost}`,
      GIT_COMMITTER_NAME: "Lab",
      GIT_COMMITTER_EMAIL: `lab@${gitHost}`,
    };
    const ask = async (...args: string[]) =>
      (await run(["git", ...args], { env, cwd: folder, accept: [1, 128] })).stdout.trim();
    await run(["git", "add", "--all", "."], { env, cwd: folder });
    const tree = (await run(["git", "write-tree"], { env, cwd: folder })).stdout.trim();
    const head = await ask("rev-parse", "--quiet", "--verify", "refs/heads/main");
    if (head && (await ask("rev-parse", `${head}^{tree}`)) === tree) return head;
    const parents = head ? ["-p", head] : [];
    const commit = (
      await run(["git", "commit-tree", tree, ...parents, "-m", `Publish ${name}`], { env, cwd: folder })
    ).stdout.trim();
    await run(["git", "update-ref", "refs/heads/main", commit, head || "0".repeat(40)], { env, cwd: folder });
    return commit;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
