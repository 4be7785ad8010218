/** The stack's configuration. The only file that reads `pulumi.Config`; everything else takes arguments. */
import { readdirSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { parseStack } from "./parse.ts";
import { StackError } from "./mistakes.ts";
import { planEnvironment, type Plan } from "./plan.ts";
import { secretNames, type SecretName } from "./schema.ts";
import { sharedPlaybooks } from "./tierNames.ts";

/** What a stack's configuration says. */
export interface Stack {
  plan: Plan;
  secrets: Partial<Record<SecretName, pulumi.Output<string>>>;
  /** Host whose `/metadata/endpoints` names ARM; undefined on Azure itself. */
  metadataHost: string | undefined;
}

/**
 * Reads and checks the configuration of the current stack.
 *
 * @param ansible Path of the `ansible/` directory, in which each kind of server has its playbook.
 * @throws pulumi.RunError that lists every mistake.
 */
export function readStack(ansible: string): Stack {
  const config = new pulumi.Config();
  const stack = pulumi.getStack();
  const secrets = Object.fromEntries(secretNames.flatMap((name) => {
    const value = config.getSecret(name);
    return value === undefined ? [] : [[name, value]];
  })) as Stack["secrets"];
  try {
    const { environment, administrators } = parseStack(
      `Pulumi.${stack}.yaml`,
      { environment: config.getObject("environment"), administrators: config.getObject("administrators") },
      { playbooks: playbooks(`${ansible}/playbooks`), secrets: Object.keys(secrets) as SecretName[] },
    );
    return {
      plan: planEnvironment(stack, environment, administrators),
      secrets,
      // The provider itself falls back to the same variable.
      metadataHost: new pulumi.Config("azure-native").get("metadataHost") ?? process.env["ARM_METADATA_HOSTNAME"],
    };
  } catch (error) {
    // A RunError is shown without the program's stack trace, which would hide the list.
    throw error instanceof StackError ? new pulumi.RunError(error.message) : error;
  }
}

/** Kinds of servers that have a playbook in a directory. */
function playbooks(directory: string): string[] {
  try {
    return readdirSync(directory).filter((file) => file.endsWith(".yml")).map((file) => file.slice(0, -4))
      .filter((name) => !sharedPlaybooks.includes(name)).sort();
  } catch {
    return [];
  }
}
