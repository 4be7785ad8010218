/** The command provider as documented: https://www.pulumi.com/registry/packages/command/ */
import { randomBytes } from "node:crypto";
import { differences } from "../plugin/diff.ts";
import type { EngineLog } from "../plugin/engineLog.ts";
import type { CheckRequest, DiffResult, Plugin, ResourceRequest } from "../plugin/plugin.ts";
import { urnName } from "../plugin/plugin.ts";
import { containsSecret, reveal, Secret, unknown } from "../plugin/values.ts";
import type { Properties, Value } from "../plugin/values.ts";
import { endAll, execute } from "./execute.ts";
import type { Output } from "./execute.ts";
import { checkInputs } from "./inputs.ts";
import type { Logging } from "./inputs.ts";

/** The only type that the program uses. */
const commandType = "command:local:Command";

export class Command implements Plugin {
  readonly name = "command";
  readonly version: string;
  // Output of a command that was given a secret is secret too; the engine cannot know that by names.
  readonly acceptsSecrets = true;
  readonly #log: Pick<EngineLog, "progress" | "flush">;

  constructor(version: string, log: Pick<EngineLog, "progress" | "flush">) {
    this.version = version;
    this.#log = log;
  }

  configure(): void {}

  check({ type, news }: CheckRequest) {
    if (type !== commandType)
      throw new Error(`The lab's command plugin has no resource type ${type}; it has ${commandType}.`);
    return { inputs: news, failures: checkInputs(news) };
  }

  // Triggers always replace, whatever the type says in which version of the SDK; everything else updates.
  diff({ oldInputs, inputs }: ResourceRequest): DiffResult {
    return { differences: differences(oldInputs, inputs, ["triggers"]), deleteBeforeReplace: false };
  }

  async create({ urn, inputs, preview }: ResourceRequest) {
    const id = urnName(urn) + randomBytes(4).toString("hex");
    if (preview) return { id, state: withOutput(inputs, unknown, unknown) };
    const { stdout, stderr } = await this.#run(urn, inputs, inputs["create"], {});
    return { id, state: withOutput(inputs, stdout, stderr) };
  }

  // A command has no state outside Pulumi's.
  read({ inputs, state }: ResourceRequest) {
    return { inputs, state };
  }

  async update({ urn, inputs, state, preview }: ResourceRequest) {
    const run = inputs["update"] ?? inputs["create"];
    if (preview) return run === undefined ? keepOutput(inputs, state) : withOutput(inputs, unknown, unknown);
    if (run === undefined) return keepOutput(inputs, state);
    const { stdout, stderr } = await this.#run(urn, inputs, run, state);
    return withOutput(inputs, stdout, stderr);
  }

  async delete({ urn, state }: ResourceRequest): Promise<void> {
    await this.#run(urn, state, state["delete"], state);
  }

  invoke(token: string): Promise<Properties> {
    return Promise.reject(new Error(`The lab's command plugin has no function ${token}.`));
  }

  cancel(): void {
    endAll();
  }

  async #run(
    urn: string,
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
      if (logging === stream || logging === "stdoutAndStderr") this.#log.progress(urn, line);
    };
    const interpreter = inputs["interpreter"] as string[] | undefined;
    try {
      return await execute({
        command: [...(interpreter?.length ? interpreter : ["/bin/sh", "-c"]), shown],
        shown,
        environment,
        dir: inputs["dir"] as string | undefined,
        stdin: (inputs["stdin"] as string | undefined) || undefined,
        onLine,
      });
    } finally {
      await this.#log.flush();
    }
  }
}

/** One secret among what the command could see makes its output secret. */
function withOutput(inputs: Properties, stdout: Value, stderr: Value): Properties {
  const secret = containsSecret(inputs);
  const wrap = (value: Value) => (secret ? new Secret(value) : value);
  return { ...inputs, stdout: wrap(stdout), stderr: wrap(stderr) };
}

function keepOutput(inputs: Properties, { stdout = "", stderr = "" }: Properties): Properties {
  return { ...inputs, stdout, stderr };
}
