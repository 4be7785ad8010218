/** Secrets as the lab keeps them: each with all of its versions, values included. */
import { randomUUID } from "node:crypto";
import type { Context } from "../context.ts";
import { conflict } from "../errors.ts";
import { keyOf } from "../ids.ts";
import type { Body, Resource } from "../resource.ts";
import { types } from "../typeNames.ts";
import { deletedSecretType } from "./softDelete.ts";
import { vaultOrigin } from "./vaults.ts";
import type { VaultBody } from "./vaultSchema.ts";

/** Stored in `arm.db` in this shape. Times are seconds since 1970. */
export interface Version {
  /** 32 hexadecimal digits. */
  name: string;
  value: string;
  contentType?: string;
  tags?: Record<string, string>;
  enabled: boolean;
  nbf?: number;
  exp?: number;
  created: number;
  updated: number;
}

/** Oldest first. */
export interface SecretBody extends Body {
  versions: Version[];
}

export type Secret = Resource<SecretBody>;

/** What a client writes of a secret. */
export interface GivenSecret {
  value: string;
  contentType?: string;
  tags?: Record<string, string>;
  attributes?: { enabled?: boolean; nbf?: number; exp?: number };
}

export const secretName = {
  pattern: /^[0-9a-zA-Z-]{1,127}$/,
  rule: "A secret's name is 1-127 letters, digits and hyphens",
  code: "BadParameter",
};

const secretId = (vault: Resource, name: string): string => `${vault.id}/secrets/${name}`;
const deletedId = (vault: Resource, name: string): string => `${vault.id}/deletedSecrets/${name}`;

const byName = (a: Resource, b: Resource): number => (a.key < b.key ? -1 : 1);

export const secretsOf = (vault: Resource, { store }: Context): Secret[] =>
  store.children<SecretBody>(vault.id, types.vaultSecret).sort(byName);

export const deletedSecretsOf = (vault: Resource, { store }: Context): Secret[] =>
  store.children<SecretBody>(vault.id, deletedSecretType).sort(byName);

export const secretNamed = (vault: Resource, name: string, { store }: Context): Secret | undefined =>
  store.get<SecretBody>(secretId(vault, name));

export const deletedSecretNamed = (vault: Resource, name: string, { store }: Context): Secret | undefined =>
  store.get<SecretBody>(deletedId(vault, name));

export const latestOf = ({ body }: Secret): Version => body.versions.at(-1)!;

const nowSeconds = ({ nowMilliseconds }: Context): number => Math.floor(nowMilliseconds() / 1000);

export function newVersion(given: GivenSecret, context: Context): Version {
  const { value, contentType, tags, attributes = {} } = given;
  const { enabled = true, nbf, exp } = attributes;
  const now = nowSeconds(context);
  return {
    name: randomUUID().replaceAll("-", ""),
    value,
    ...(contentType !== undefined && { contentType }),
    ...(tags && { tags }),
    enabled,
    ...(nbf !== undefined && { nbf }),
    ...(exp !== undefined && { exp }),
    created: now,
    updated: now,
  };
}

/** A deleted secret keeps its name until it is purged. `id` is that of the secret. */
export function refuseDeletedName(id: string, { store }: Context): void {
  const at = id.lastIndexOf("/secrets/");
  const name = id.slice(at + "/secrets/".length);
  if (!store.get(`${id.slice(0, at)}/deletedSecrets/${name}`)) return;
  const error = conflict(
    "Conflict",
    `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
  );
  error.body.innererror = { code: "ObjectIsDeletedButRecoverable" };
  throw error;
}

/** Adds a version to the secret, which is made if it is new. */
export function putVersion(vault: Resource, name: string, given: GivenSecret, context: Context): Secret {
  refuseDeletedName(secretId(vault, name), context);
  const existing = secretNamed(vault, name, context);
  const version = newVersion(given, context);
  const { store } = context;
  return existing
    ? store.put<SecretBody>({ ...existing, body: { versions: [...existing.body.versions, version] } }, false)
    : store.create<SecretBody>(secretId(vault, name), types.vaultSecret, { versions: [version] }, {}, "Succeeded");
}

/** Changes what surrounds the value of one version. */
export function changeVersion(
  secret: Secret,
  version: Version,
  change: Omit<GivenSecret, "value">,
  context: Context,
): Version {
  const { attributes = {}, contentType, tags } = change;
  const changed: Version = {
    ...version,
    ...attributes,
    ...(contentType !== undefined && { contentType }),
    ...(tags && { tags }),
    updated: nowSeconds(context),
  };
  const versions = secret.body.versions.map((one) => (one.name === version.name ? changed : one));
  context.store.put<SecretBody>({ ...secret, body: { versions } }, false);
  return changed;
}

function moved(secret: Secret, type: string, id: string, deleted: { from: string; at: number } | undefined): Secret {
  return { ...secret, id, key: keyOf(id), type, computed: deleted ? { deleted } : {} };
}

/** Soft delete: it is kept under another ID. */
export function deleteSecret(vault: Resource, secret: Secret, { store, nowMilliseconds }: Context): Secret {
  store.remove(secret.id);
  const deleted = { from: secret.id, at: nowMilliseconds() };
  return store.put(moved(secret, deletedSecretType, deletedId(vault, secret.name), deleted), false);
}

export function recoverSecret(secret: Secret, { store }: Context): Secret {
  store.remove(secret.id);
  return store.put(moved(secret, types.vaultSecret, secret.computed.deleted!.from, undefined), false);
}

export const secretUri = (vault: Resource<VaultBody>, name: string): string => `${vaultOrigin(vault)}/secrets/${name}`;
