/** `bin/delivery publish`: the secret-free copy of a stack's state, for previews. */
import type { Command } from "commander";
import { readProject } from "../project.ts";
import { publish } from "../state/copy.ts";

export function define(command: Command): void {
  command
    .argument("<stack>", "one with a file Pulumi.<stack>.yaml")
    .addHelpText(
      "after",
      "\nReads the state and the configuration with their secrets, and writes the state with placeholders into the backend\n" +
        "PLATFORM_PREVIEW_BACKEND. Run it after each `pulumi up`; `bin/delivery up` does it by itself.",
    )
    .action(async (stack: string) => {
      await publish(readProject(), stack);
      console.log(`stack ${stack}: its state without secrets is published`);
    });
}
