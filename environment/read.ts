/** The stack's configuration. The only file that reads `pulumi.Config`; everything else takes arguments. */
import { readdirSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "./cloud.ts";
import { parseStack } from "./parse.ts";
import { StackError } from "./mistakes.ts";
import { planEnvironment, type Plan } from "./plan.ts";
import { secretNames, type SecretName } from "./schema.ts";
import { sharedPlaybooks } from "./tierNames.ts";

/** What a stack's configuration says. */
export interface Stack {
  plan: Plan;
  secrets: Partial<Record<SecretName, pulumi.Output<string>>>;
  cloud: Cloud;
}

/**
 * Reads and checks the configuration of the current stack.
 *
 * @param ansible Path of the `ansible/` directory, in which each kind of server has its playbook.
 * @throws pulumi.RunError that lists every mistake.
 */
export function readStack(ansible: string): Stack {
  const config = new pulumi.Config();
  const provider = new pulumi.Config("azure-native");
  const { ARM_METADATA_HOSTNAME, ARM_ENVIRONMENT, AZURE_ENVIRONMENT } = process.env;
  const stack = pulumi.getStack();
  const secrets = Object.fromEntries(
    secretNames.flatMap((name) => {
      const value = config.getSecret(name);
      return value === undefined ? [] : [[name, value]];
    }),
  ) as Stack["secrets"];
  try {
    const { environment, administrators, cloud } = parseStack(
      `Pulumi.${stack}.yaml`,
      {
        environment: config.getObject("environment"),
        administrators: config.getObject("administrators"),
        // The provider itself falls back to the same variables; an empty one says nothing.
        cloud: [provider.get("environment"), ARM_ENVIRONMENT, AZURE_ENVIRONMENT].find(Boolean),
        metadataHost: [provider.get("metadataHost"), ARM_METADATA_HOSTNAME].find(Boolean),
      },
      { playbooks: playbooks(`${ansible}/playbooks`), secrets: Object.keys(secrets) as SecretName[] },
    );
    return { plan: planEnvironment(stack, environment, administrators), secrets, cloud };
  } catch (error) {
    // A RunError is shown without the program's stack trace, which would hide the list.
    throw error instanceof StackError ? new pulumi.RunError(error.message) : error;
  }
}

/** Kinds of servers that have a playbook in a directory. */
function playbooks(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith(".yml"))
      .map((file) => file.slice(0, -4))
      .filter((name) => !sharedPlaybooks.includes(name))
      .sort();
  } catch {
    return [];
  }
}
