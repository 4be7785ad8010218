/** The stack's configuration. The only file that reads `pulumi.Config`; everything else takes arguments. */
import { readdirSync, readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { load } from "js-yaml";
import type { Cloud } from "./cloud.ts";
import { ansibleGroup, sharedPlaybooks } from "./groupNames.ts";
import { parseStack } from "./parse.ts";
import { StackError, type Mistake } from "./mistakes.ts";
import type { PreflightSettings } from "./preflight.ts";
import { planEnvironment, type Plan } from "./plan.ts";
import { portMistakes, type StandingPorts } from "./portMoves.ts";
import { fieldsOf, secretsOf } from "./secrets.ts";
import type { Sibling } from "./siblings.ts";
import { asObject } from "./untyped.ts";

/** What a stack's configuration says. */
export interface Stack {
  /**
   * The plan of the environment, and every mistake that only what stands makes one.
   *
   * @param standing Ports of the load balancers that stand, by their names.
   */
  planWith: (standing: ReadonlyMap<string, StandingPorts>) => { plan: Plan; mistakes: Mistake[] };
  /** Name of the stack. */
  stack: string;
  /** Values of the secrets that the environment asks for, by name, as far as Pulumi has them. Others are in the vault. */
  secrets: Record<string, pulumi.Output<string>>;
  cloud: Cloud;
  /** Azure's region, for example `westeurope`; undefined where the stack names none. */
  location: string | undefined;
  preflight: PreflightSettings;
  /** The stack's file, for example `Pulumi.dev.yaml`. */
  file: string;
}

/**
 * Reads and checks the configuration of the current stack.
 *
 * @param ansible Path of the `ansible/` directory, in which each kind of server has its playbook.
 * @param project Path of the directory in which all stack files are.
 * @throws pulumi.RunError that lists every mistake.
 */
export function readStack(ansible: string, project: string): Stack {
  const config = new pulumi.Config();
  const provider = new pulumi.Config("azure-native");
  const { ARM_METADATA_HOSTNAME, ARM_ENVIRONMENT, AZURE_ENVIRONMENT } = process.env;
  const stack = pulumi.getStack();
  const given = config.getObject("environment");
  const secrets = Object.fromEntries(
    secretsOf(given).flatMap(({ name }) => {
      const value = config.getSecret(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const file = stackFile(stack);
  const kinds = playbooks(`${ansible}/playbooks`);
  try {
    const { environment, administrators, preflight, cloud } = parseStack(
      file,
      {
        environment: given,
        administrators: config.getObject("administrators"),
        preflight: config.getObject("preflight"),
        // The provider itself falls back to the same variables; an empty one says nothing.
        cloud: [provider.get("environment"), ARM_ENVIRONMENT, AZURE_ENVIRONMENT].find(Boolean),
        metadataHost: [provider.get("metadataHost"), ARM_METADATA_HOSTNAME].find(Boolean),
      },
      {
        playbooks: kinds,
        roleSecrets: new Map(kinds.map((kind) => [kind, roleSecrets(`${ansible}/inventory/group_vars`, kind)])),
        secrets: secretFields(),
        stack,
        siblings: siblings(project, file),
      },
    );
    const planWith = (standing: ReadonlyMap<string, StandingPorts>) => {
      const plan = planEnvironment(stack, environment, administrators, standing);
      const mistakes = plan.tiers.flatMap(({ name, machines, service }) =>
        service ? portMistakes(`platform:environment.tiers.${name}`, service.port, service, machines.applications) : [],
      );
      return { plan, mistakes };
    };
    return { planWith, stack, secrets, cloud, location: provider.get("location"), preflight, file };
  } catch (error) {
    // A RunError is shown without the program's stack trace, which would hide the list.
    throw error instanceof StackError ? new pulumi.RunError(error.message) : error;
  }
}

/** Settings that are no secrets. */
const structured = ["environment", "administrators", "preflight"];

/** The fields of every secret that is set, by its name. No value leaves this function. */
function secretFields(): ReadonlyMap<string, readonly string[] | undefined> {
  const prefix = `${pulumi.getProject()}:`;
  return new Map(
    Object.entries(pulumi.runtime.allConfig()).flatMap(([key, value]) => {
      const name = key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
      return name === undefined || structured.includes(name) ? [] : [[name, fieldsOf(value)]];
    }),
  );
}

const stackFile = (stack: string) => `Pulumi.${stack}.yaml`;

/** The project's other stacks, as far as their files can be read. */
function siblings(project: string, own: string): Sibling[] {
  return list(project)
    .filter((file) => /^Pulumi\..+\.yaml$/.test(file) && file !== own)
    .flatMap((file) => {
      try {
        const { config } = asObject(load(readFileSync(`${project}/${file}`, "utf8")));
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
