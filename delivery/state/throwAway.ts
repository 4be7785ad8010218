/** A project and a backend that are there for one command, beside the real ones: nothing of theirs is touched. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { dump } from "js-yaml";
import type { Project, StackFile } from "../project.ts";

export interface ThrowAway {
  /** With a project file whose program is the real one, the stack file that was given, and those of the other stacks. */
  directory: string;
  /** URL of an empty backend. */
  backend: string;
}

export async function withThrowAway<T>(
  { directory: project, content, program }: Project,
  stack: string,
  file: StackFile,
  use: (there: ThrowAway) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "preview-"));
  try {
    const backend = join(directory, "backend");
    mkdirSync(backend);
    const own = Object.entries(content).filter(([key]) => key !== "backend" && key !== "stackConfigDir");
    const moved = { ...Object.fromEntries(own), main: relative(directory, program) };
    writeFileSync(join(directory, "Pulumi.yaml"), dump(moved));
    // What passes between environments, all their files say.
    for (const other of readdirSync(project).filter((name) => /^Pulumi\..+\.yaml$/.test(name)))
      copyFileSync(join(project, other), join(directory, other));
    writeFileSync(join(directory, `Pulumi.${stack}.yaml`), dump(file));
    return await use({ directory, backend: `file://${backend}` });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
