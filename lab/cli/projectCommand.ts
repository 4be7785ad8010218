/** `bin/lab run`: commands of the project that ask Azure without Pulumi, with the lab's Azure. */
import { spawnSync } from "node:child_process";
import type { Command } from "commander";
import { asAdministrator } from "../fabric/internet.ts";
import { runningDaemon } from "./daemon.ts";
import { prepare, projectDir } from "./pulumi.ts";
import { stackArgument } from "./pulumiCommands.ts";

/** Adds `run`. */
export function addProjectCommand(program: Command): void {
  program
    .command("run")
    .description("a command with the lab's settings of a stack, in their folder, from where administrators are")
    .passThroughOptions()
    .addArgument(stackArgument())
    .argument("<command...>", "for example $PWD/bin/deployment records --stack dev --name front")
    .action(async (stack: string, command: string[]) => {
      await runningDaemon();
      const [program = "", ...before] = asAdministrator;
      const options = { cwd: projectDir, env: prepare(stack), stdio: "inherit" } as const;
      process.exitCode = spawnSync(program, [...before, ...command], options).status ?? 1;
    });
}
