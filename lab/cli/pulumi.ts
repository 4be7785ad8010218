/** The real Pulumi CLI with the lab's environment: its backend, its plugins, its stack files. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { dump, load } from "js-yaml";
import { arrangePlugins } from "../engine/plugins.ts";
import { administratorKey, armPort, authority, cacheDir, credentials, root, stateDir } from "../settings.ts";
import { type StackFile, withoutSecrets, withSettings } from "./stackFile.ts";
import { cancelDeadLocks } from "./stackLocks.ts";

/** The stacks that the project has a file for. */
export const stacks = ["dev", "prod", "tools"] as const;

/**
 * The lab's copy of the project file. Its stack files stand beside it: the project's own, with the lab's settings laid
 * over them. So nothing of the lab gets into a committed file, and the program cannot tell the difference.
 */
const projectDir = join(stateDir, "project");

/** Where the lab's stacks have their state. */
const backend = join(stateDir, "pulumi");

/** Settings `path=value` under `platform:environment` that count for one command, besides what the stack's file says. */
export interface Overlay {
  stack: string;
  settings: string[];
}

/** Writes the lab's project and stack files and returns the environment for the CLI. */
export function prepare(overlay?: Overlay): NodeJS.ProcessEnv {
  const { passphrase } = credentials();
  mkdirSync(projectDir, { recursive: true, mode: 0o700 });
  mkdirSync(backend, { recursive: true, mode: 0o700 });
  const project = load(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as Record<string, unknown>;
  writeFileSync(join(projectDir, "Pulumi.yaml"), dump({ ...project, main: relative(projectDir, root) }));
  for (const stack of stacks) layOver(stack, overlay?.stack === stack ? overlay.settings : []);
  const pulumiHome = join(stateDir, "pulumi-home");
  arrangePlugins({ pulumiHome, builtEngine: join(process.env.ENGINE_HOME ?? "", "pulumi") });
  return {
    ...process.env,
    NODE_COMPILE_CACHE: join(cacheDir, "compile"),
    NODE_EXTRA_CA_CERTS: authority().bundleFile,
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

/** The stack's own settings and over them those which were given, and those which only the lab's Azure has. */
function layOver(stack: string, given: readonly string[]): void {
  const file = join(projectDir, `Pulumi.${stack}.yaml`);
  const committed = load(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as StackFile;
  const own = withSettings(withoutSecrets(committed), given);
  const before = existsSync(file) ? (load(readFileSync(file, "utf8")) as StackFile) : {};
  const { subscriptionId, tenantId, clientId, clientSecret, databasePassword } = credentials();
  const { privateKeyFile, publicKey } = administratorKey();
  const administrators = own.config?.["platform:administrators"] as object | undefined;
  const settings = {
    ...own,
    ...(before.encryptionsalt ? { encryptionsalt: before.encryptionsalt } : {}),
    config: {
      ...own.config,
      "azure-native:metadataHost": `127.0.0.1:${armPort}`,
      "azure-native:subscriptionId": subscriptionId,
      "azure-native:tenantId": tenantId,
      "azure-native:clientId": clientId,
      "azure-native:clientSecret": clientSecret,
      "platform:administrators": {
        ...administrators,
        ranges: ["198.51.100.1/32"],
        sshKeys: [publicKey],
        identityFile: privateKeyFile,
      },
      "platform:databasePassword": databasePassword,
    },
  };
  writeFileSync(file, dump(settings), { mode: 0o600 });
}

/** Address blocks of the stacks' networks, as far as their files name them. */
export function networkPrefixes(): string[] {
  return stacks.flatMap((stack) => {
    const { config } = load(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as {
      config: Record<string, unknown>;
    };
    const environment = config["platform:environment"] as { network?: unknown } | undefined;
    return typeof environment?.network === "string" ? [environment.network] : [];
  });
}

/** Runs the CLI in the foreground; resolves to its exit status. */
export async function pulumi(args: string[], overlay?: Overlay): Promise<number> {
  const env = prepare(overlay);
  cancelDeadLocks(backend, (message) => console.error(`bin/lab: ${message}`));
  // From a terminal, Ctrl-C reaches both; a second one would make Pulumi leave at once.
  const ignore = () => {};
  const interrupt = () => child.kill("SIGINT");
  process.on("SIGINT", ignore).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
  // Who loses the terminal is killed by that, and leaves its stack locked; Pulumi is told above, in its own way.
  const child = spawn("sh", ["-c", `trap "" HUP; exec pulumi "$@"`, "pulumi", "-C", projectDir, ...args], {
    env,
    stdio: "inherit",
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code, signal) => {
      process.off("SIGINT", ignore).off("SIGTERM", interrupt).off("SIGHUP", interrupt);
      done(code ?? (signal ? 130 : 1));
    });
  });
}

/** Makes the stack in the lab's backend unless it is there. */
export function ensureStack(stack: string): void {
  const env = prepare();
  if (existsSync(join(backend, ".pulumi", "stacks", "platform", `${stack}.json`))) return;
  const made = spawnSync("pulumi", ["-C", projectDir, "stack", "init", "--no-select", "--stack", stack], {
    env,
    encoding: "utf8",
  });
  if (made.status !== 0 && !made.stderr.includes("already exists")) {
    throw new Error(`pulumi stack init ${stack} failed: ${made.stderr}`);
  }
}
