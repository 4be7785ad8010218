/** Runs a plugin written for Node: a policy pack, or a provider or component from source. */
import { pipeline } from "node:stream/promises";
import { PassThrough } from "node:stream";
import type languagePb from "@pulumi/pulumi/proto/language_pb.js";
import { ended, start } from "./child.ts";
import type { Options } from "./options.ts";
import { optionVariables, readOptions } from "./options.ts";
import { locate } from "./packages.ts";
import { PolicyProxy } from "./policyProxy.ts";

export interface Output {
  stdout: (data: Buffer) => void;
  stderr: (data: Buffer) => void;
}

export async function runPlugin(
  request: languagePb.RunPluginRequest,
  output: Output,
  started: (child: ReturnType<typeof start>) => void,
): Promise<void> {
  const info = request.getInfo()!;
  const directory = info.getProgramDirectory();
  const options = readOptions(info.getOptions()?.toJavaScript() ?? {});
  const environment = { ...variables(request.getEnvList()), ...optionVariables(options) };
  const code =
    request.getKind() === "analyzer"
      ? await runPolicyPack(request, directory, options, environment, output, started)
      : await follow(
          start(
            [
              locate("@pulumi/pulumi/cmd/run-plugin", directory),
              ...options.nodeArguments,
              directory,
              ...request.getArgsList(),
            ],
            { cwd: request.getPwd(), env: environment, stdio: ["ignore", "pipe", "pipe"] },
          ),
          output,
          started,
        );
  if (code !== 0) throw new Error(`Program exited with non-zero exit code: ${code}`);
}

/**
 * A policy pack finds the stack and its configuration in its environment; the engine tells them only to a pack that
 * runs already. So a proxy answers first, and passes everything on once the pack is there.
 */
async function runPolicyPack(
  request: languagePb.RunPluginRequest,
  directory: string,
  options: Options,
  environment: NodeJS.ProcessEnv,
  output: Output,
  started: (child: ReturnType<typeof start>) => void,
): Promise<number> {
  const entry = locate("@pulumi/pulumi/cmd/run-policy-pack", directory);
  const proxy = new PolicyProxy();
  output.stdout(Buffer.from(`${await proxy.listen()}\n`));
  const stack = await proxy.stack;
  const child = start([...options.nodeArguments, entry, ...request.getArgsList(), directory], {
    cwd: directory,
    env: { ...environment, ...stack },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return follow(child, { ...output, stdout: proxy.attach(output.stdout) }, started);
}

async function follow(
  child: ReturnType<typeof start>,
  output: Output,
  started: (child: ReturnType<typeof start>) => void,
): Promise<number> {
  started(child);
  const done = ended(child);
  await Promise.all([
    pipeline(child.stdout!, new PassThrough().on("data", output.stdout)),
    pipeline(child.stderr!, new PassThrough().on("data", output.stderr)),
  ]);
  return done;
}

function variables(list: string[]): NodeJS.ProcessEnv {
  return Object.fromEntries(
    list.map((entry) => {
      const equals = entry.indexOf("=");
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}
