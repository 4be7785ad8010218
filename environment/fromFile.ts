/** A stack's settings from its file, without Pulumi and without what decrypts secrets. */
import { readFileSync } from "node:fs";
import { loadAll } from "js-yaml";
import { fieldsOf, secretsOf } from "./secrets.ts";
import { structured, type Settings } from "./settings.ts";
import { asObject } from "./untyped.ts";

/** Project of the program, by which its settings are named. */
const project = "platform";

/**
 * The settings in a stack's file.
 *
 * @param path For example `Pulumi.dev.yaml`.
 * @throws Error that names the file where it cannot be read.
 */
export function settingsInFile(path: string, stack: string): Settings {
  const config = configOf(path);
  const platform = (name: string) => parsed(config[`${project}:${name}`]);
  const wanted = new Map(secretsOf(platform("environment")).map(({ name, fields }) => [name, fields]));
  const secrets = Object.entries(config).flatMap(([key, value]): [string, readonly string[] | undefined][] => {
    const name = key.startsWith(`${project}:`) ? key.slice(project.length + 1) : undefined;
    if (name === undefined || structured.includes(name)) return [];
    // What is encrypted has the fields that it should have: `pulumi up` sees whether that is so.
    return [[name, isSecret(value) ? (wanted.get(name) ?? []) : fieldsOf(textOf(value))]];
  });
  return {
    stack,
    platform,
    provider: (name) => {
      const value = config[`azure-native:${name}`];
      return value === undefined || isSecret(value) ? undefined : textOf(value);
    },
    secrets: new Map(secrets),
  };
}

function configOf(path: string): Record<string, unknown> {
  try {
    return asObject(asObject(loadAll(readFileSync(path, "utf8"))[0])["config"]);
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** `pulumi config set` writes a structured value as JSON in a string. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    // What checks it says what is allowed in its place.
    return value;
  }
}

/** As Pulumi gives a value; what is encrypted in it (`pulumi config set --secret --path`) is some string. */
const textOf = (value: unknown): string =>
  typeof value === "string"
    ? value
    : JSON.stringify(value, (_, inner: unknown) => (isSecret(inner) ? "encrypted" : inner));

/** A value that `pulumi config set --secret` has encrypted. */
const isSecret = (value: unknown): boolean => typeof asObject(value)["secure"] === "string";
