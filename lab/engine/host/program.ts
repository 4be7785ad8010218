/** Runs a Pulumi program: @pulumi/pulumi's own start-up code in a Node process. */
import type languagePb from "@pulumi/pulumi/proto/language_pb.js";
import { ended, start } from "./child.ts";
import { optionVariables, readOptions } from "./options.ts";
import { locate } from "./packages.ts";

/** @pulumi/pulumi's exit code for "the user has been told why". */
const alreadyReported = 32;

export interface Outcome {
  error: string;
  bail: boolean;
}

/** The process is handed out as soon as it runs, so that the caller can interrupt it. */
export async function runProgram(
  request: languagePb.RunRequest,
  engineAddress: string,
  started: (child: ReturnType<typeof start>) => void,
): Promise<Outcome> {
  try {
    const info = request.getInfo()!;
    const options = readOptions(info.getOptions()?.toJavaScript() ?? {});
    const entry = locate(
      process.env["PULUMI_LANGUAGE_NODEJS_RUN_PATH"] ?? "@pulumi/pulumi/cmd/run",
      info.getProgramDirectory(),
    );
    const child = start([...options.nodeArguments, entry, ...programArguments(request, engineAddress)], {
      // The host's own output: the engine reads it and shows it.
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...configuration(request), ...optionVariables(options) },
    });
    started(child);
    const code = await ended(child);
    if (code === 0) return { error: "", bail: false };
    if (code === alreadyReported) return { error: "", bail: true };
    return { error: `Program exited with non-zero exit code: ${code}`, bail: false };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error), bail: false };
  }
}

function programArguments(request: languagePb.RunRequest, engineAddress: string): string[] {
  const info = request.getInfo()!;
  const named: Record<string, string> = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info.getRootDirectory(),
    stack: request.getStack(),
    pwd: info.getProgramDirectory(),
    parallel: String(request.getParallel()),
  };
  const args = Object.entries(named).flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value]));
  if (request.getDryrun()) args.push("--dry-run");
  return [...args, info.getEntryPoint(), ...request.getArgsList()];
}

/** Configuration goes in the environment; keys in the old form, which every SDK understands. */
function configuration(request: languagePb.RunRequest): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [key, value] of request.getConfigMap().entries() as IterableIterator<[string, string]>) {
    values[key.replace(/^([^:]+):(?:config:)?/, "$1:config:")] = value;
  }
  return {
    PULUMI_CONFIG: JSON.stringify(values),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
  };
}
