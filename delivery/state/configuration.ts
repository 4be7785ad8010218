/**
 * Secrets of a stack's configuration, and the placeholders that stand for them in previews: each follows from what the
 * stack file shows, the secret's ciphertext. So both sides of a comparison have the same without any key, and a secret
 * that is set anew has another one. Pure.
 */
import { createHash } from "node:crypto";
import { secretsOf } from "../../environment/secrets.ts";
import { asArray, asObject } from "../../environment/untyped.ts";
import type { StackFile } from "../project.ts";
import { stringsIn, type Replacement } from "./mask.ts";
import { encrypt, encryptionSalt } from "./passphrase.ts";

/** A value that `pulumi config set --secret` has encrypted, or one that the environment asks for as a secret. */
export interface Secure {
  /** Configuration key, then names within its value: `["platform:databaseLogin"]`. */
  path: string[];
  /** As it is in the stack file. */
  ciphertext: string;
  /** Fields that its value, a JSON object, must have; none where it is a plain string. */
  fields: string[];
}

/** The secrets of a stack file. One that the environment asks for is one also where the file says it openly. */
export function secureValues(file: StackFile, project: string): Secure[] {
  const config = asObject(file["config"]);
  const wanted = new Map(
    secretsOf(config[`${project}:environment`]).map(({ name, fields }) => [`${project}:${name}`, fields]),
  );
  const open = [...wanted.keys()].flatMap((key) => {
    const value = config[key];
    return typeof value === "string" ? [{ path: [key], ciphertext: value }] : [];
  });
  return [...secureIn(config, []), ...open].map((found) => ({
    ...found,
    fields: (found.path.length === 1 && wanted.get(found.path[0] ?? "")) || [],
  }));
}

function secureIn(value: unknown, path: string[]): Omit<Secure, "fields">[] {
  const ciphertext = ciphertextOf(value);
  if (ciphertext !== undefined) return [{ path, ciphertext }];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, one]) => secureIn(one, [...path, name]));
}

function ciphertextOf(value: unknown): string | undefined {
  const { secure, ...more } = asObject(value);
  return typeof secure === "string" && Object.keys(more).length === 0 ? secure : undefined;
}

/** 16 hexadecimal digits that follow from a text. */
export function mark(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** What stands for a secret: `placeholder databaseLogin 0123456789abcdef`. */
export function placeholder(name: string, text: string): string {
  return `placeholder ${name.replaceAll(/[^\w.:/-]+/g, "-")} ${mark(text)}`;
}

const nameOf = ({ path: [key = "", ...names] }: Secure) => [key.slice(key.indexOf(":") + 1), ...names].join(".");
const fieldPlaceholder = (secure: Secure, field: string) =>
  placeholder(`${nameOf(secure)}.${field}`, secure.ciphertext);

/** The placeholder of a whole value: of one with fields it is a JSON object with a placeholder in each. */
function placeholderOf(secure: Secure): string {
  if (secure.fields.length === 0) return placeholder(nameOf(secure), secure.ciphertext);
  return JSON.stringify(Object.fromEntries(secure.fields.map((field) => [field, fieldPlaceholder(secure, field)])));
}

/** Marks of the secrets, by the path of each: they tell which values they have, and nothing about these. */
export function marksOf(secrets: readonly Secure[]): Record<string, string> {
  return Object.fromEntries(secrets.map(({ path, ciphertext }) => [path.join("."), mark(ciphertext)]));
}

/** All placeholders, each of a field too. */
export function placeholdersOf(secrets: readonly Secure[]): string[] {
  return secrets.flatMap((secure) => stringsIn(placeholderOf(secure)));
}

const keyOf = (path: readonly string[]) => JSON.stringify(path);

/** The stack file with placeholders, encrypted by the passphrase that everybody knows. */
export function withPlaceholders(file: StackFile, secrets: readonly Secure[]): StackFile {
  const byPath = new Map(secrets.map((secure) => [keyOf(secure.path), placeholderOf(secure)]));
  const replaced = (value: unknown, path: string[]): unknown => {
    const found = byPath.get(keyOf(path));
    if (found !== undefined) return { secure: encrypt(found) };
    if (Array.isArray(value)) return value.map((one, index) => replaced(one, [...path, `${index}`]));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replaced(one, [...path, name])]));
  };
  const rest = Object.fromEntries(
    Object.entries(file).filter(([name]) => !["encryptionsalt", "encryptedkey", "secretsprovider"].includes(name)),
  );
  return { ...rest, encryptionsalt: encryptionSalt, config: replaced(file["config"] ?? {}, []) };
}

/**
 * The secrets with what stands for each.
 *
 * @param shown Answer of `pulumi config --json --show-secrets`.
 */
export function originsOf(secrets: readonly Secure[], shown: unknown): Replacement[] {
  return secrets.flatMap((secure) => {
    const [key = "", ...names] = secure.path;
    const { value, objectValue } = asObject(asObject(shown)[key]);
    const plain = names.reduce<unknown>(
      (found, name) => (Array.isArray(found) ? found[Number(name)] : asObject(found)[name]),
      objectValue !== undefined && names.length > 0 ? objectValue : value,
    );
    if (typeof plain !== "string") return [];
    // The value as it stands; fields that are asked for; other strings within it.
    const whole = { secret: plain, by: placeholderOf(secure) };
    const content = stringsIn(plain).slice(1);
    const fields = asObject(parsedObject(plain));
    return [
      whole,
      ...secure.fields.flatMap((field) => {
        const secret = fields[field];
        return typeof secret === "string" ? [{ secret, by: fieldPlaceholder(secure, field) }] : [];
      }),
      ...content.map((secret) => ({ secret, by: placeholder(nameOf(secure), secure.ciphertext) })),
    ];
  });
}

/**
 * Secrets that the configuration had in the runs whose values a state may have: all since the last update that succeeded,
 * and that one. A run that failed has made a part, and left what those before had made. Where one has been set anew since,
 * what stands for it says so.
 *
 * @param history Answer of `pulumi stack history --json --show-secrets`, newest first.
 */
export function earlierSecrets(secrets: readonly Secure[], history: unknown): Replacement[] {
  const runs = asArray(history).map(asObject);
  const success = runs.findIndex(({ kind, result }) => kind === "update" && result === "succeeded");
  return runs.slice(0, success < 0 ? undefined : success + 1).flatMap(({ config }) => secretsOfRun(secrets, config));
}

function secretsOfRun(secrets: readonly Secure[], shown: unknown): Replacement[] {
  const keys = new Set(secrets.map(({ path }) => path[0]));
  const removed = Object.entries(asObject(shown)).flatMap(([key, entry]): Secure[] => {
    const { secret, objectValue } = asObject(entry);
    return secret === true && objectValue === undefined && !keys.has(key)
      ? [{ path: [key], ciphertext: "", fields: [] }]
      : [];
  });
  const before = [...secrets, ...removed].map((secure) => ({
    ...secure,
    ciphertext: `before ${secure.path.join(".")}`,
  }));
  return originsOf(before, shown).filter(({ secret }) => secret !== "ERROR_UNABLE_TO_DECRYPT");
}

function parsedObject(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Strings that a stack file says openly. */
export function openStrings(file: StackFile, secrets: readonly Secure[]): string[] {
  const secret = new Set(secrets.map(({ path }) => keyOf(path)));
  const open = (value: unknown, path: string[]): string[] => {
    if (secret.has(keyOf(path))) return [];
    if (typeof value === "string") return [value];
    if (value === null || typeof value !== "object") return [];
    return Object.entries(value).flatMap(([name, one]) => open(one, [...path, name]));
  };
  return open(file["config"] ?? {}, []);
}
