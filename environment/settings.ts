/** From a stack's settings to what the program takes of them, wherever the settings are read. */
import { readdirSync, readFileSync } from "node:fs";
import { load } from "js-yaml";
import type { Cloud } from "./cloud.ts";
import { ansibleGroup, sharedPlaybooks } from "./groupNames.ts";
import { parseStack } from "./parse.ts";
import type { Mistake } from "./mistakes.ts";
import type { PreflightSettings } from "./preflight.ts";
import { planEnvironment, type Plan } from "./plan.ts";
import { portMistakes, type StandingPorts } from "./portMoves.ts";
import { peersOf, type Sibling } from "./siblings.ts";
import { asObject } from "./untyped.ts";
import { publicRecordMistakes } from "./zones/publicRecords.ts";
import { readZoneFile } from "./zones/readZoneFile.ts";
import type { ZoneFile } from "./zones/zoneFile.ts";

/** The settings of a stack, unchecked. */
export interface Settings {
  /** Name of the stack. */
  stack: string;
  /** The value of `platform:<name>`, one of `structured`. */
  platform: (name: string) => unknown;
  /** The value of `azure-native:<name>`; undefined also where it is a secret. */
  provider: (name: string) => string | undefined;
  /** Secrets that are set, by name: the fields of each value, undefined where it is no JSON object of strings. */
  secrets: ReadonlyMap<string, readonly string[] | undefined>;
}

/** What a stack's settings say. */
export interface CheckedSettings {
  /**
   * The plan of the environment, and every mistake that only what stands makes one.
   *
   * @param standing Ports of the load balancers that stand, by their names.
   */
  planWith: (standing: ReadonlyMap<string, StandingPorts>) => { plan: Plan; mistakes: Mistake[] };
  /** Name of the stack. */
  stack: string;
  cloud: Cloud;
  /** Azure's region, for example `westeurope`; undefined where the stack names none. */
  location: string | undefined;
  preflight: PreflightSettings;
  /** Records of old of the public zone. */
  zoneFile: ZoneFile;
  /** The stack's file, for example `Pulumi.dev.yaml`. */
  file: string;
}

/** Settings of the platform that are no secrets. */
export const structured: readonly string[] = ["environment", "administrators", "preflight"];

/**
 * Checks the settings of a stack.
 *
 * @param ansible Path of the `ansible/` directory, in which each kind of server has its playbook.
 * @param project Path of the directory in which all stack files are.
 * @param beside Path of a directory whose stack files count instead of those, where this stack's own is elsewhere.
 * @throws StackError with all mistakes.
 */
export function checkSettings(
  settings: Settings,
  ansible: string,
  project: string,
  beside: string = project,
): CheckedSettings {
  const { stack, platform, provider } = settings;
  const { ARM_METADATA_HOSTNAME, ARM_ENVIRONMENT, AZURE_ENVIRONMENT } = process.env;
  const file = stackFile(stack);
  const kinds = playbooks(`${ansible}/playbooks`);
  const others = siblings(project, beside, file);
  const zone = readZoneFile(platform("environment"), project);
  const { environment, administrators, preflight, cloud } = parseStack(
    file,
    {
      environment: platform("environment"),
      administrators: platform("administrators"),
      preflight: platform("preflight"),
      // The provider itself falls back to the same variables; an empty one says nothing.
      cloud: [provider("environment"), ARM_ENVIRONMENT, AZURE_ENVIRONMENT].find(Boolean),
      metadataHost: [provider("metadataHost"), ARM_METADATA_HOSTNAME].find(Boolean),
    },
    {
      playbooks: kinds,
      roleSecrets: new Map(kinds.map((kind) => [kind, roleSecrets(`${ansible}/inventory/group_vars`, kind)])),
      secrets: settings.secrets,
      stack,
      siblings: others,
      mistakes: zone.mistakes,
    },
  );
  const planWith = (standing: ReadonlyMap<string, StandingPorts>) => {
    const plan = planEnvironment(stack, environment, administrators, standing, peersOf(others));
    const mistakes = plan.tiers.flatMap(({ name, machines, service }) =>
      service ? portMistakes(`platform:environment.tiers.${name}`, service.port, service, machines.applications) : [],
    );
    return { plan, mistakes: [...mistakes, ...publicRecordMistakes(plan, zone.zoneFile)] };
  };
  const { zoneFile } = zone;
  return { planWith, stack, cloud, location: provider("location"), preflight, zoneFile, file };
}

/** The file of a stack, in the directory of the project. */
export const stackFile = (stack: string) => `Pulumi.${stack}.yaml`;

/** The project's other stacks, as far as their files can be read: those beside the stack's own file count first. */
function siblings(project: string, beside: string, own: string): Sibling[] {
  return list(project)
    .filter((file) => /^Pulumi\..+\.yaml$/.test(file) && file !== own)
    .flatMap((file) => {
      try {
        const { config } = asObject(load(read(`${beside}/${file}`) || readFileSync(`${project}/${file}`, "utf8")));
        return [{ file, environment: asObject(config)["platform:environment"] }];
      } catch {
        return [];
      }
    });
}

/** Kinds of servers: each has a playbook, and `site.yml` imports it, else runs over a whole environment pass it by. */
function playbooks(directory: string): string[] {
  const site = read(`${directory}/site.yml`);
  return list(directory)
    .filter((file) => file.endsWith(".yml"))
    .map((file) => file.slice(0, -4))
    .filter((name) => !sharedPlaybooks.includes(name) && site.includes(`import_playbook: ${name}.yml\n`));
}

/** Names under which a kind's roles ask for secrets: `platform_secrets.<name>` in its group_vars. */
function roleSecrets(groupVars: string, kind: string): string[] {
  const asked = read(`${groupVars}/${ansibleGroup(kind)}.yml`).matchAll(/\bplatform_secrets\.([A-Za-z0-9]+)/g);
  return [...new Set([...asked].map(([, name]) => name ?? ""))].sort();
}

/** A file's content; nothing where there is no such file. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Names in a directory, sorted; none where there is no such directory. */
function list(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}
