/** The real Pulumi CLI with the lab's environment: its backend, its plugins, its stack files. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { dump, load } from "js-yaml";
import { inForeground } from "../../delivery/apply/foreground.ts";
import { resolverVariable } from "../../dns/servers.ts";
import { secretsOf } from "../../environment/secrets.ts";
import { isOwed, type Export } from "../../azure/pendingCreates.ts";
import { arrangePlugins } from "../engine/plugins.ts";
import { administratorKey, authorities } from "../administratorKey.ts";
import { authority } from "../authority.ts";
import { credentials, stackSecret } from "../credentials.ts";
import { acmeDirectory, hostAddress, publicResolver } from "../fabric/addresses.ts";
import { readIfThere, writeAtomically } from "../files.ts";
import { cacheDir, root, stackFilesDir, stateDir } from "../paths.ts";
import { armPort } from "../settings.ts";
import { standInRepository } from "../standins/repository.ts";
import { withStandIns } from "../standins/settings.ts";
import { readStackFile, requireStack, stacks } from "./stacks.ts";
import { environmentOf, isObject, type StackFile, withAuthority, withoutSecrets, withSettings } from "./stackFile.ts";
import { cancelDeadLocks, isLocked } from "./stackLocks.ts";

/**
 * The lab's copy of the project file. Its stack files stand beside it: the project's own, with the lab's settings laid
 * over them. So nothing of the lab gets into a committed file, and the program cannot tell the difference.
 */
export const projectDir = join(stateDir, "project");

/** Where the lab's stacks have their state. */
const backend = join(stateDir, "pulumi");

/** What counts for one command, besides what the stack's file says. */
export interface Overlay {
  stack: string;
  /** `path=value` under `platform:environment`. */
  settings: readonly string[];
  /** Names of secrets that are left to people. */
  left: readonly string[];
}

/**
 * Writes the lab's project and stack files and returns the environment for the CLI.
 *
 * @param asked The stack that the command is for, if that is known. Files of other stacks may be unreadable.
 */
export function prepare(asked?: string, overlay?: Overlay): NodeJS.ProcessEnv {
  const { passphrase } = credentials();
  mkdirSync(projectDir, { recursive: true, mode: 0o700 });
  mkdirSync(backend, { recursive: true, mode: 0o700 });
  writeFileSync(join(projectDir, "Pulumi.yaml"), dump({ ...project(), main: relative(projectDir, root) }));
  for (const stack of stacks(stackFilesDir)) {
    try {
      layOver(stack, stack === overlay?.stack ? overlay : undefined);
    } catch (error) {
      if (stack === asked) throw error;
    }
  }
  const pulumiHome = join(stateDir, "pulumi-home");
  arrangePlugins({ pulumiHome, builtEngine: join(process.env.ENGINE_HOME ?? "", "pulumi") });
  return {
    ...process.env,
    NODE_COMPILE_CACHE: join(cacheDir, "compile"),
    NODE_EXTRA_CA_CERTS: authority().bundleFile,
    // For the name servers of public zones.
    [resolverVariable]: publicResolver,
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}

function project(): Record<string, unknown> & { name: string } {
  return load(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as ReturnType<typeof project>;
}

/** The stack's own settings and over them those which were given, and those which only the lab's Azure has. */
function layOver(
  stack: string,
  { settings, left }: Pick<Overlay, "settings" | "left"> = { settings: [], left: [] },
): void {
  const file = join(projectDir, `Pulumi.${stack}.yaml`);
  const given = withSettings(withoutSecrets(readStackFile(stackFilesDir, stack)), settings);
  const own = withStandIns(withAuthority(given, acmeDirectory), standInRepository(stateDir));
  const before = load(readIfThere(file) ?? "{}") as StackFile;
  const { subscriptionId, tenantId, clientId, clientSecret } = credentials();
  const { privateKeyFile, publicKey } = administratorKey();
  const trusted = authorities(stack);
  const administrators = own.config?.["platform:administrators"];
  const preflight = own.config?.["platform:preflight"];
  const merged = {
    ...own,
    ...(before.encryptionsalt ? { encryptionsalt: before.encryptionsalt } : {}),
    config: {
      ...Object.fromEntries(
        secretsOf(environmentOf(own))
          .filter(({ name }) => !left.includes(name))
          .map(({ name, fields }) => [`platform:${name}`, stackSecret(name, fields)]),
      ),
      ...own.config,
      "azure-native:metadataHost": `127.0.0.1:${armPort}`,
      "azure-native:subscriptionId": subscriptionId,
      "azure-native:tenantId": tenantId,
      "azure-native:clientId": clientId,
      "azure-native:clientSecret": clientSecret,
      // The lab's networks know the names of the committed stacks.
      "platform:preflight": { ...(isObject(preflight) ? preflight : {}), exampleNames: "allow" },
      "platform:administrators": {
        ...(isObject(administrators) ? administrators : {}),
        ranges: [`${hostAddress}/32`],
        sshKeys: [publicKey],
        identityFile: privateKeyFile,
        ...(trusted ? { authorities: trusted } : {}),
      },
    },
  };
  writeAtomically(file, dump(merged));
}

/** Runs the CLI in the foreground; resolves to its exit status. */
export async function pulumi(args: string[], overlay?: Overlay): Promise<number> {
  const env = prepare(overlay?.stack ?? stackNamed(args), overlay);
  cancelDeadLocks(backend, say);
  return run(["pulumi", ...args], env);
}

/**
 * Runs `bin/delivery` with the lab's project, whose previews have a backend of their own unless the caller names one.
 * Files are looked for where the lab was started. A lock is left to it, as at Azure.
 *
 * @param stack The one that the arguments name.
 * @param settings As of an overlay.
 */
export async function delivery(
  args: string[],
  stack: string | undefined,
  settings: readonly string[] = [],
): Promise<number> {
  const previews = join(stateDir, "previews");
  mkdirSync(previews, { recursive: true, mode: 0o700 });
  const env = {
    PLATFORM_PREVIEW_BACKEND: `file://${previews}`,
    ...prepare(stack, stack === undefined ? undefined : { stack, settings, left: [] }),
    ARM_SUBSCRIPTION_ID: credentials().subscriptionId,
    PLATFORM_PROJECT: projectDir,
  };
  return run([process.execPath, join(root, "delivery", "main.ts"), ...args], env, process.cwd());
}

/** Runs a command in the lab's project, unless elsewhere; resolves to its exit status. */
function run(command: readonly string[], environment: NodeJS.ProcessEnv, directory = projectDir): Promise<number> {
  return inForeground({ directory, environment }, command);
}

/** The stack that the CLI's arguments name, if they do. */
export function stackNamed(args: readonly string[]): string | undefined {
  const at = args.findIndex((word) => word === "--stack" || word === "-s");
  const name = at < 0 ? args.find((word) => word.startsWith("--stack="))?.slice("--stack=".length) : args[at + 1];
  return name?.split("/").at(-1);
}

/**
 * Takes into a stack's state what an `up` had begun to make when it was killed, with `bin/recover`. Not while a Pulumi
 * works on the stack: the next one says so itself.
 */
export async function recover(stack: string): Promise<void> {
  const { checkpoint } = JSON.parse(readFileSync(stateFile(stack), "utf8")) as {
    checkpoint: { latest?: Export["deployment"] };
  };
  if (!isOwed({ deployment: checkpoint.latest ?? {} }) || isLocked(backend, stack)) return;
  say(`an up of stack ${stack} was killed; what it had begun to make is looked for first`);
  const env = { ...prepare(stack), ARM_SUBSCRIPTION_ID: credentials().subscriptionId };
  cancelDeadLocks(backend, say);
  const status = await run([process.execPath, join(root, "azure", "recover.ts"), stack], env);
  if (status !== 0) throw new Error(`bin/recover ${stack} ended with status ${status}`);
}

const say = (message: string) => console.error(`bin/lab: ${message}`);

const stateFile = (stack: string) => join(backend, ".pulumi", "stacks", project().name, `${stack}.json`);

/** Makes the stack in the lab's backend unless it is there. */
export function ensureStack(stack: string): void {
  requireStack(stackFilesDir, stack);
  const env = prepare(stack);
  if (existsSync(stateFile(stack))) return;
  const made = spawnSync("pulumi", ["-C", projectDir, "stack", "init", "--no-select", "--stack", stack], {
    env,
    encoding: "utf8",
  });
  if (made.status !== 0 && !made.stderr.includes("already exists")) {
    throw new Error(`pulumi stack init ${stack} failed: ${made.stderr}`);
  }
}
