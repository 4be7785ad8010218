/** What the lab accepts as proof, and the secrets of its stacks: made at random once, kept for root only. */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fieldsOf } from "../environment/secrets.ts";
import { readOrCreate, writeAtomically } from "./files.ts";
import { stateDir } from "./paths.ts";

export interface Credentials {
  subscriptionId: string;
  tenantId: string;
  /** The service principal that the lab's ARM accepts. */
  clientId: string;
  clientSecret: string;
  /** Encrypts the secrets in the state of the lab's stacks. */
  passphrase: string;
  databasePassword: string;
}

/** The lab's credentials, `<state>/credentials.json`; made when there are none. */
export function credentials(): Credentials {
  mkdirSync(stateDir, { recursive: true, mode: 0o711 });
  const made = (): Credentials => ({
    subscriptionId: randomUUID(),
    tenantId: randomUUID(),
    clientId: randomUUID(),
    clientSecret: random(),
    passphrase: random(),
    databasePassword: random(),
  });
  const text = readOrCreate(join(stateDir, "credentials.json"), () => JSON.stringify(made(), null, 2));
  return JSON.parse(text) as Credentials;
}

/**
 * The value of a stack's secret, `<state>/secrets/<name>`; the same in all stacks of the lab. One with fields is a JSON
 * object: `user` is a login of the database, everything else is random. What is there stays as it is.
 *
 * @throws Error when the name is not one that a configuration key can have.
 */
export function stackSecret(name: string, fields: readonly string[] = []): string {
  if (!/^[A-Za-z][\w-]*$/.test(name))
    throw new Error(`platform:environment.secrets: given "${name}", allowed are names such as databaseLogin`);
  if (name === "databasePassword") return credentials().databasePassword;
  const directory = join(stateDir, "secrets");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, name);
  if (fields.length === 0) return readOrCreate(file, random);
  const made = () => Object.fromEntries(fields.map((field) => [field, field === "user" ? "platform_a" : random()]));
  const found = readOrCreate(file, () => JSON.stringify(made()));
  if (fields.every((field) => fieldsOf(found)?.includes(field))) return found;
  const known = fieldsOf(found) === undefined ? {} : (JSON.parse(found) as Record<string, string>);
  const value = JSON.stringify({ ...made(), ...known });
  writeAtomically(file, value);
  return value;
}

function random(): string {
  return randomBytes(24).toString("base64url");
}
