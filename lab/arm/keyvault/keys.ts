/**
 * Microsoft.KeyVault/vaults/keys, as Azure Resource Manager has them: it makes a key that is not there, and changes none.
 * https://learn.microsoft.com/rest/api/keyvault/keyvault/keys/create-if-not-exist
 */
import { generateKeyPairSync, randomUUID, type JsonWebKey } from "node:crypto";
import { z } from "zod";
import type { Context } from "../context.ts";
import { ArmError, notInLab } from "../errors.ts";
import { parentOf } from "../ids.ts";
import type { Body, Resource } from "../resource.ts";
import type { ResourceType } from "../resourceType.ts";
import { choice, envelope, lacking, readOnly } from "../schema.ts";
import { types } from "../typeNames.ts";
import { badParameter } from "./refusals.ts";
import { recoveryLevelOf, vaultOrigin, vaultVersions } from "./vaults.ts";
import type { VaultBody } from "./vaultSchema.ts";

/** Stored in `arm.db` in this shape. Times are seconds since 1970. */
export interface KeyVersion {
  /** 32 hexadecimal digits. */
  name: string;
  /** With the private parts. */
  jwk: JsonWebKey;
  enabled: boolean;
  created: number;
  updated: number;
}

export interface KeyBody extends Body {
  /** Oldest first. */
  versions: KeyVersion[];
  keyOps: string[];
  tags?: Record<string, string>;
}

export type Key = Resource<KeyBody>;

export const keyName = {
  pattern: /^[0-9a-zA-Z-]{1,127}$/,
  rule: "A key's name is 1-127 letters, digits and hyphens",
  code: "BadParameter",
};

const operations = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey", "import", "release"] as const;

const keyBody = z.strictObject({
  ...envelope,
  ...readOnly("location"),
  tags: z.record(z.string(), z.string()).optional(),
  properties: z.strictObject({
    kty: choice("EC", "EC-HSM", "RSA", "RSA-HSM"),
    curveName: choice("P-256", "P-384", "P-521", "P-256K").optional(),
    keyOps: z.array(choice(...operations)).optional(),
    keySize: z.int().optional(),
    attributes: lacking("keys that are made disabled, or expire"),
    rotationPolicy: lacking("policies of rotation"),
    release_policy: lacking("release of keys"),
    ...readOnly("keyUri", "keyUriWithVersion"),
  }),
});

type Given = z.infer<typeof keyBody>;

/** https://learn.microsoft.com/azure/key-vault/keys/about-keys */
const rsaBits = [2048, 3072, 4096];

function newKey({ tags, properties }: Given, context: Context): KeyBody {
  const { kty, curveName = "P-256" } = properties;
  const isElliptic = kty === "EC" && curveName === "P-256";
  const bits = kty === "RSA" ? properties.keySize : undefined;
  const keyOps = properties.keyOps ?? (isElliptic ? ["sign", "verify"] : undefined);
  if (keyOps === undefined || (!isElliptic && bits === undefined))
    throw notInLab("keys other than those of type EC and curve P-256, and of type RSA with keySize and keyOps");
  if (bits !== undefined && !rsaBits.includes(bits)) throw badParameter("Unsupported key size");
  return { versions: [newVersion(bits, context)], keyOps, ...(tags && { tags }) };
}

/** Of type RSA where there are `bits`. */
function newVersion(bits: number | undefined, { nowMilliseconds }: Context): KeyVersion {
  const { privateKey } =
    bits === undefined
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("rsa", { modulusLength: bits });
  const now = Math.floor(nowMilliseconds() / 1000);
  return {
    name: randomUUID().replaceAll("-", ""),
    jwk: privateKey.export({ format: "jwk" }),
    enabled: true,
    created: now,
    updated: now,
  };
}

const bitsOf = ({ n }: JsonWebKey): number | undefined =>
  n === undefined ? undefined : Buffer.from(n, "base64url").length * 8;

export const newestOf = ({ body }: Key): KeyVersion => body.versions.at(-1)!;

/**
 * Adds a version of the same type and size. That it has the operations and tags of the one before is a guess.
 * https://learn.microsoft.com/rest/api/keyvault/keys/rotate-key/rotate-key
 */
export function rotate(key: Key, context: Context): KeyVersion {
  const version = newVersion(bitsOf(newestOf(key).jwk), context);
  context.store.put<KeyBody>({ ...key, body: { ...key.body, versions: [...key.body.versions, version] } }, false);
  return version;
}

export function enable(key: Key, version: KeyVersion, enabled: boolean, context: Context): KeyVersion {
  const changed = { ...version, enabled, updated: Math.floor(context.nowMilliseconds() / 1000) };
  const versions = key.body.versions.map((one) => (one === version ? changed : one));
  context.store.put<KeyBody>({ ...key, body: { ...key.body, versions } }, false);
  return changed;
}

export const keyId = (vault: Resource, name: string): string => `${vault.id}/keys/${name}`;

export const vaultKeys: ResourceType<KeyBody> = {
  type: types.vaultKey,
  dialect: "keyvault",
  apiVersions: vaultVersions,
  location: "inherited",
  name: keyName,
  // What is kept of a body is made of it in `prepare`.
  schema: keyBody as unknown as z.ZodType<KeyBody>,
  asynchronous: false,
  patch: "none",
  prepare: (draft, context) => {
    draft.body = draft.existing?.body ?? newKey(draft.body as unknown as Given, context);
  },
  render: (key, { store }) => {
    const vault = store.get<VaultBody>(parentOf(key.id)) as Resource<VaultBody>;
    const { keyOps, tags } = key.body;
    const { name: version, jwk, enabled, created, updated } = newestOf(key);
    const bits = bitsOf(jwk);
    const uri = `${vaultOrigin(vault)}:443/keys/${key.name}`;
    return {
      location: vault.body.location,
      tags: tags ?? {},
      properties: {
        attributes: { enabled, created, updated, recoveryLevel: recoveryLevelOf(vault) },
        kty: jwk.kty,
        ...(bits === undefined ? { curveName: jwk.crv } : { keySize: bits }),
        keyOps,
        keyUri: uri,
        keyUriWithVersion: `${uri}/${version}`,
      },
    };
  },
  refuseDelete: (key) => {
    throw new ArmError(
      405,
      "HttpMethodNotAllowed",
      `Azure Resource Manager deletes no keys: delete ${key.name} in the vault.`,
    );
  },
};
