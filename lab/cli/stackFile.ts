/** The part of a project's stack file that the lab can use, and settings that are laid over it. Pure. */
import { load } from "js-yaml";

export interface StackFile {
  /** With the two below: how Pulumi encrypts the stack's secrets. */
  encryptionsalt?: string;
  secretsprovider?: string;
  encryptedkey?: string;
  config?: Record<string, unknown>;
}

const encryption = new Set(["encryptionsalt", "secretsprovider", "encryptedkey"]);

/**
 * The file without values that `pulumi config set --secret` has encrypted, at any depth, and without the settings of
 * that encryption: the lab's stacks have a passphrase of their own, which cannot decrypt them.
 */
export function withoutSecrets(file: StackFile): StackFile {
  return plain(Object.fromEntries(Object.entries(file).filter(([name]) => !encryption.has(name)))) as StackFile;
}

/**
 * The file with settings `path=value` of the environment; values are YAML. Objects on the path are made where missing.
 */
export function withSettings(file: StackFile, settings: readonly string[]): StackFile {
  const changed = structuredClone(file);
  for (const setting of settings) {
    const [, path = "", value = ""] = /^([\w-]+(?:\.[\w-]+)*)=(.*)$/s.exec(setting) ?? [];
    if (path === "")
      throw new Error(`--set: given ${setting}, allowed is path=value, for example tiers.back.instances=3`);
    const names = ["platform:environment", ...path.split(".")];
    const last = names.pop() ?? "";
    let place = (changed.config ??= {});
    for (const name of names) {
      const next = (place[name] ??= {});
      if (!isObject(next))
        throw new Error(`--set: given ${setting}, but ${name} has a value and no settings of its own`);
      place = next;
    }
    place[last] = load(value);
  }
  return changed;
}

/**
 * The file with the lab's certificate authority in place of any other, which nothing in the lab reaches. A profile is
 * named, since this authority takes one at random where none is; Let's Encrypt's own is `classic`.
 */
export function withAuthority(file: StackFile, directory: string): StackFile {
  const changed = structuredClone(file);
  const { reverseProxy } = environmentOf(changed);
  const tls = isObject(reverseProxy) ? reverseProxy.tls : undefined;
  if (isObject(tls) && isObject(tls.acme)) tls.acme = { profile: "classic", ...tls.acme, directory };
  return changed;
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => !isSecret(one)).map(plain);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => (isSecret(one) ? [] : [[name, plain(one)]])),
  );
}

function isSecret(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 1 && typeof value.secure === "string";
}

/** The stack's object `platform:environment`; empty where the file has none. */
export function environmentOf({ config }: StackFile): Record<string, unknown> {
  const environment = config?.["platform:environment"];
  return isObject(environment) ? environment : {};
}

/** True for what YAML calls a mapping. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
