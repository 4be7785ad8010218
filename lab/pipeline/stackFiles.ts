/**
 * The stack files of the project as its pipelines have them in the lab: with the lab's settings, with secrets that are
 * encrypted, and without anything that lets somebody in.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { encryption } from "../../delivery/state/encryption.ts";
import { fieldsOf, secretsOf } from "../../environment/secrets.ts";
import { environmentOf, type StackFile } from "../cli/stackFile.ts";
import { stacks } from "../cli/stacks.ts";
import { credentials } from "../credentials.ts";
import { root, stateDir } from "../paths.ts";
import { noRunner } from "../standins/settings.ts";
import type { Changes } from "./origin.ts";

/** They are given to jobs by their runner. */
const login = ["subscriptionId", "tenantId", "clientId", "clientSecret"].map((name) => `azure-native:${name}`);

/** The files by their paths. `bin/lab` writes what they are made of, with each of its commands. */
export function labStackFiles(): Changes {
  return Object.fromEntries(stacks(root).map((stack) => [`Pulumi.${stack}.yaml`, labStackFile(stack)]));
}

function labStackFile(stack: string): string {
  const file = load(readFileSync(join(stateDir, "project", `Pulumi.${stack}.yaml`), "utf8")) as StackFile;
  const { encryptionSalt, encrypt } = encryption(credentials().passphrase, file.encryptionsalt);
  const secrets = new Set(secretsOf(environmentOf(file)).map(({ name }) => `platform:${name}`));
  const config = Object.entries(file.config ?? {})
    .filter(([name]) => !login.includes(name))
    .map(([name, value]): [string, unknown] => [
      name,
      secrets.has(name) && typeof value === "string" ? { secure: encrypt(value) } : value,
    ]);
  return dump({ ...file, encryptionsalt: encryptionSalt, config: Object.fromEntries(config) });
}

/** Strings that no job of a merge request may show: what lets somebody in, and what stacks keep secret. */
export function labSecrets(): string[] {
  const { clientSecret, passphrase } = credentials();
  const key = readFileSync(join(stateDir, "ssh", "id_ed25519"), "utf8");
  const values = stacks(root).flatMap((stack) => {
    const file = load(readFileSync(join(stateDir, "project", `Pulumi.${stack}.yaml`), "utf8")) as StackFile;
    return secretsOf(environmentOf(file)).flatMap(({ name }) => {
      const value = file.config?.[`platform:${name}`];
      if (typeof value !== "string") return [];
      const fields = fieldsOf(value) === undefined ? [] : Object.entries(JSON.parse(value) as Record<string, string>);
      return [value, ...fields.flatMap(([field, one]) => (field === "user" ? [] : [one]))];
    });
  });
  // Of the key, a line from its middle.
  const known = ["", noRunner];
  return [...new Set([clientSecret, passphrase, key.split("\n")[2] ?? "", ...values])].filter(
    (one) => !known.includes(one),
  );
}
