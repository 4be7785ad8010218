/** The project's repository as GitLab has it: branches, and commits on them. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Content by path; null takes a file away. */
export type Changes = Readonly<Record<string, string | null>>;

export class Origin {
  /** The bare repository. Anybody may read it. */
  readonly repository: string;
  readonly #work: string;

  /**
   * @param directory An empty folder for it.
   * @param source The checkout whose commit main begins with.
   */
  constructor(directory: string, source: string) {
    this.repository = join(directory, "origin.git");
    this.#work = join(directory, "work");
    execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch", "main", this.repository]);
    execFileSync("git", ["clone", "--quiet", "--no-local", source, this.#work], { stdio: "ignore" });
    this.#git("checkout", "--quiet", "-B", "main");
    this.#git("remote", "set-url", "origin", this.repository);
    this.#git("push", "--quiet", "origin", "main");
    execFileSync("chmod", ["-R", "a+rX", this.repository]);
  }

  /** Head of a branch. */
  head(branch = "main"): string {
    return this.#git("rev-parse", branch).trim();
  }

  /** The newest commit that both have. */
  base(one: string, other: string): string {
    return this.#git("merge-base", one, other).trim();
  }

  /** Content of a file on a branch. */
  read(path: string, branch = "main"): string {
    return this.#git("show", `${branch}:${path}`);
  }

  /** Adds a commit to a branch, which begins at main where there is none; resolves to it. */
  commit(branch: string, changes: Changes): string {
    const known = this.#git("branch", "--list", branch).trim() !== "";
    this.#git("checkout", "--quiet", ...(known ? [branch] : ["-b", branch, "main"]));
    for (const [path, content] of Object.entries(changes)) {
      const file = join(this.#work, path);
      if (content === null) rmSync(file);
      else {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content);
      }
    }
    this.#git("add", "--all");
    this.#git(
      ...author,
      "commit",
      "--quiet",
      "--no-verify",
      "--allow-empty",
      "--message",
      `A change of ${Object.keys(changes).join(", ")}`,
    );
    return this.#push(branch);
  }

  /** Merges a branch into main with a merge commit; resolves to that. */
  merge(branch: string): string {
    this.#git("checkout", "--quiet", "main");
    this.#git(...author, "merge", "--quiet", "--no-ff", "--no-verify", "--message", `Merge of ${branch}`, branch);
    return this.#push("main");
  }

  /** A clone as a runner makes it for a job: at the commit, with main as rules compare with it. */
  cloneTo(directory: string, { commit, branch, compare, url }: Checkout): void {
    const git = (...words: string[]) => execFileSync("git", ["-C", directory, ...words], { stdio: "ignore" });
    execFileSync("git", ["clone", "--quiet", "--no-local", "--no-checkout", this.repository, directory]);
    git("checkout", "--quiet", "-B", branch, commit);
    git("update-ref", "refs/remotes/origin/main", compare);
    git("config", "user.name", "A runner");
    git("config", "user.email", "runner@chatbot.example");
    // By this name the runner knows the project's address.
    git("remote", "add", "gcl-origin", url);
  }

  #push(branch: string): string {
    this.#git("push", "--quiet", "origin", branch);
    execFileSync("chmod", ["-R", "a+rX", this.repository]);
    return this.head(branch);
  }

  #git(...words: string[]): string {
    return execFileSync("git", ["-C", this.#work, ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }
}

const author = ["-c", "user.name=An author", "-c", "user.email=author@chatbot.example"];

export interface Checkout {
  commit: string;
  branch: string;
  /** Commit with which `rules: changes` compares. */
  compare: string;
  /** Address of the project in GitLab. */
  url: string;
}
