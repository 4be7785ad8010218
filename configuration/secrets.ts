/** The stack's secrets as Ansible names them. */
import type * as pulumi from "@pulumi/pulumi";
import type { SecretName } from "../environment/schema.ts";

/** Names in `platform_secrets`. */
const ansibleNames: Record<SecretName, string> = { databasePassword: "database_password" };

/** The wanted secrets by the name under which roles find them. */
export function secretsFor(
  wanted: readonly SecretName[],
  secrets: Partial<Record<SecretName, pulumi.Output<string>>>,
): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(
    [...new Set(wanted)].sort().flatMap((name) => {
      const value = secrets[name];
      return value ? [[ansibleNames[name], value]] : [];
    }),
  );
}
