/** The stack's configuration. The only file that reads `pulumi.Config`; everything else takes arguments. */
import * as pulumi from "@pulumi/pulumi";
import { StackError } from "./mistakes.ts";
import { fieldsOf, secretsOf } from "./secrets.ts";
import { checkSettings, structured, type CheckedSettings } from "./settings.ts";

/** What a stack's configuration says. */
export interface Stack extends CheckedSettings {
  /** Values of the secrets that the environment asks for, by name, as far as Pulumi has them. Others are in the vault. */
  secrets: Record<string, pulumi.Output<string>>;
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
  const secrets = Object.fromEntries(
    secretsOf(config.getObject("environment")).flatMap(({ name }) => {
      const value = config.getSecret(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const settings = {
    stack: pulumi.getStack(),
    platform: (name: string) => config.getObject(name),
    provider: (name: string) => provider.get(name),
    secrets: secretFields(),
  };
  try {
    return { ...checkSettings(settings, ansible, project, pulumi.getRootDirectory() || project), secrets };
  } catch (error) {
    // A RunError is shown without the program's stack trace, which would hide the list.
    throw error instanceof StackError ? new pulumi.RunError(error.message) : error;
  }
}

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
