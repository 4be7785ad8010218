/** A small project with the pipeline of this one, for tests of the pipeline without Azure. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../paths.ts";

const stub = join(root, "lab", "pipeline", "testing", "delivery.ts");

/**
 * Makes the project's repository in an empty folder.
 *
 * @param files Further ones, or other ones.
 * @param delivery What `bin/delivery` runs.
 */
export function makeProject(directory: string, files: Readonly<Record<string, string>> = {}, delivery = stub): void {
  const write = (path: string, content: string, mode = 0o644) =>
    writeFileSync(join(directory, path), content, { mode });
  mkdirSync(join(directory, "bin"), { recursive: true });
  for (const path of [".gitlab-ci.yml", "templates"])
    cpSync(join(root, path), join(directory, path), { recursive: true });
  for (const stack of ["dev", "prod", "tools"]) write(`Pulumi.${stack}.yaml`, `---\nconfig: {stack: ${stack}}\n`);
  write("README.md", "A project.\n");
  write("index.ts", "export {};\n");
  write("Makefile", "check:\n\t@echo checked\n");
  write("bin/setup", "#!/bin/sh\necho set up\n", 0o755);
  write("bin/delivery", `#!/bin/sh\nexec node ${delivery} "$@"\n`, 0o755);
  write("bin/ssh-certificate", `#!/bin/sh\necho "certificate: $*"\nkill "$SSH_AGENT_PID"\n`, 0o755);
  for (const [path, content] of Object.entries(files)) write(path, content);
  const git = (...words: string[]) => execFileSync("git", ["-C", directory, ...words], { stdio: "ignore" });
  git("init", "--initial-branch", "main");
  git("add", "--all");
  git("-c", "user.name=An author", "-c", "user.email=author@chatbot.example", "commit", "--message", "A project");
}
