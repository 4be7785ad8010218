/** The command provider as documented: https://www.pulumi.com/registry/packages/command/ */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { differences } from "../plugin/diff.ts";
import type { EngineLog } from "../plugin/engineLog.ts";
import type { CheckRequest, DiffResult, Plugin, ResourceRequest } from "../plugin/plugin.ts";
import { urnName } from "../plugin/plugin.ts";
import { containsSecret, reveal, Secret, unknown } from "../plugin/values.ts";
import type { Properties, Value } from "../plugin/values.ts";
import { endAll, execute } from "./execute.ts";
import type { Execution, Output } from "./execute.ts";
import { checkInputs, isCommandType } from "./inputs.ts";
import type { CommandType, Logging } from "./inputs.ts";
import { localExecution } from "./local.ts";
import { remoteExecution } from "./remote.ts";

/** Exit status of ssh itself, as opposed to the command's. */
const sshFailed = "exit status 255";

export class Command implements Plugin {
  readonly name = "command";
  readonly version: string;
  // Output of a command that was given a secret is secret too; the engine cannot know that by names.
  readonly acceptsSecrets = true;
  readonly #log: Pick<EngineLog, "progress" | "flush">;
  #cancelled = false;

  constructor(version: string, log: Pick<EngineLog, "progress" | "flush">) {
    this.version = version;
    this.#log = log;
  }

  configure(): void {}

  check({ type, news }: CheckRequest) {
    return { inputs: news, failures: checkInputs(commandType(type), news) };
  }

  // Triggers always replace, whatever the type says in which version of the SDK; everything else updates.
  diff({ oldInputs, inputs }: ResourceRequest): DiffResult {
    return { differences: differences(oldInputs, inputs, ["triggers"]), deleteBeforeReplace: false };
  }

  async create({ urn, type, inputs, preview }: ResourceRequest) {
    const id = urnName(urn) + randomBytes(4).toString("hex");
    if (preview) return { id, state: withOutput(inputs, unknown, unknown) };
    const { stdout, stderr } = await this.#run(urn, commandType(type), inputs, inputs["create"], {});
    return { id, state: withOutput(inputs, stdout, stderr) };
  }

  // A command has no state outside Pulumi's.
  read({ inputs, state }: ResourceRequest) {
    return { inputs, state };
  }

  async update({ urn, type, inputs, state, preview }: ResourceRequest) {
    const run = inputs["update"] ?? inputs["create"];
    if (preview) return run === undefined ? keepOutput(inputs, state) : withOutput(inputs, unknown, unknown);
    if (run === undefined) return keepOutput(inputs, state);
    const { stdout, stderr } = await this.#run(urn, commandType(type), inputs, run, state);
    return withOutput(inputs, stdout, stderr);
  }

  async delete({ urn, type, state }: ResourceRequest): Promise<void> {
    await this.#run(urn, commandType(type), state, state["delete"], state);
  }

  async invoke(token: string, args: Properties): Promise<Properties> {
    if (token !== "command:local:run")
      throw new Error(`The command plugin has no function ${token}; it has command:local:run.`);
    const failures = checkInputs("command:local:Command", without(args, "command"));
    if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("; "));
    const { stdout, stderr } = await this.#run("", "command:local:Command", args, args["command"], {});
    return withOutput(args, stdout, stderr);
  }

  cancel(): void {
    this.#cancelled = true;
    endAll();
  }

  async #run(
    urn: string,
    type: CommandType,
    secretInputs: Properties,
    command: Value | undefined,
    secretState: Properties,
  ): Promise<Output> {
    const inputs = reveal(secretInputs) as Properties;
    if (command === undefined) return { stdout: "", stderr: "" };
    const shown = reveal(command) as string;
    const environment = { ...(inputs["environment"] as Record<string, string> | undefined) };
    if (inputs["addPreviousOutputInEnv"] !== false) {
      const { stdout, stderr } = reveal(secretState) as { stdout?: string; stderr?: string };
      if (stdout) environment["PULUMI_COMMAND_STDOUT"] = stdout;
      if (stderr) environment["PULUMI_COMMAND_STDERR"] = stderr;
    }
    const logging = (inputs["logging"] as Logging | undefined) ?? "stdoutAndStderr";
    const onLine = (stream: "stdout" | "stderr", line: string) => {
      if (urn !== "" && (logging === stream || logging === "stdoutAndStderr")) this.#log.progress(urn, line);
    };
    try {
      if (type === "command:local:Command")
        return await execute({ ...localExecution(inputs, shown, environment), onLine });
      return await this.#runRemote(inputs, shown, environment, onLine);
    } finally {
      await this.#log.flush();
    }
  }

  async #runRemote(
    inputs: Properties,
    shown: string,
    environment: Record<string, string>,
    onLine: Execution["onLine"],
  ): Promise<Output> {
    const remote = remoteExecution(inputs, shown, environment);
    try {
      for (let attempt = 1, pause = 100; ; attempt++, pause = Math.min(pause * 1.5, 15_000)) {
        try {
          return await execute({ ...remote, onLine });
        } catch (error) {
          const unreachable = error instanceof Error && error.message.startsWith(sshFailed);
          if (!unreachable || attempt >= remote.attempts || this.#cancelled) throw error;
          await sleep(pause);
        }
      }
    } finally {
      remote.dispose();
    }
  }
}

function commandType(type: string): CommandType {
  if (!isCommandType(type)) {
    throw new Error(
      `The lab's command plugin has no resource type ${type}; it has command:local:Command and command:remote:Command.`,
    );
  }
  return type;
}

/** One secret among what the command could see makes its output secret; the way to its machine is not among it. */
function withOutput(inputs: Properties, stdout: Value, stderr: Value): Properties {
  const secret = containsSecret(without(inputs, "connection"));
  const wrap = (value: Value) => (secret ? new Secret(value) : value);
  return { ...inputs, stdout: wrap(stdout), stderr: wrap(stderr) };
}

function keepOutput(inputs: Properties, { stdout = "", stderr = "" }: Properties): Properties {
  return { ...inputs, stdout, stderr };
}

function without(properties: Properties, name: string): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => key !== name));
}
