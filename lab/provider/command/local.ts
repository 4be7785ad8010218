/** A command on this machine. */
import type { Properties } from "../plugin/values.ts";
import type { Execution } from "./execute.ts";

export function localExecution(
  inputs: Properties,
  shown: string,
  environment: Record<string, string>,
): Omit<Execution, "onLine"> {
  const interpreter = inputs["interpreter"] as string[] | undefined;
  return {
    command: [...(interpreter && interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"]), shown],
    shown,
    environment,
    dir: inputs["dir"] as string | undefined,
    stdin: (inputs["stdin"] as string | undefined) || undefined,
  };
}
