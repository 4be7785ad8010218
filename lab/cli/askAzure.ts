/** Commands of the project that ask Azure without Pulumi, for a stack of the lab. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../paths.ts";
import { type Overlay, prepare, projectDir } from "./pulumi.ts";

/**
 * Runs a command of the project that asks Azure without Pulumi, such as `bin/inventory`, for a stack of the lab.
 *
 * @param before Words before the command, for example those that enter a namespace.
 * @returns Its exit status, and what it printed where that is kept instead of shown.
 */
export function askAzure(
  command: string,
  args: string[],
  overlay: Overlay,
  { before = [], keep = false }: { before?: readonly string[]; keep?: boolean } = {},
): { status: number; output: string } {
  const env = prepare(overlay.stack, overlay);
  const file = join(projectDir, `Pulumi.${overlay.stack}.yaml`);
  const [program = "", ...words] = [...before, join(root, "bin", command), ...args, "--config-file", file];
  const stdio = ["inherit", keep ? "pipe" : "inherit", "inherit"] as const;
  const { status, error, stdout } = spawnSync(program, words, { env, stdio: [...stdio], encoding: "utf8" });
  if (error) throw error;
  return { status: status ?? 1, output: stdout ?? "" };
}
