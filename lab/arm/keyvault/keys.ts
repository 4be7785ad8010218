/**
 * Microsoft.KeyVault/vaults/keys, as Azure Resource Manager has them: it makes a key that is not there, and changes none.
 * https://learn.microsoft.com/rest/api/keyvault/keyvault/keys/create-if-not-exist
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { z } from "zod";
import type { Context } from "../context.ts";
import { ArmError, notInLab } from "../errors.ts";
import { parentOf } from "../ids.ts";
import type { Body, Resource } from "../resource.ts";
import type { ResourceType } from "../resourceType.ts";
import { choice, envelope, lacking, readOnly } from "../schema.ts";
import { types } from "../typeNames.ts";
import { recoveryLevelOf, vaultOrigin, vaultVersions } from "./vaults.ts";
import type { VaultBody } from "./vaultSchema.ts";

/** Stored in `arm.db` in this shape. Times are seconds since 1970. */
export interface KeyBody extends Body {
  /** Of its only version: 32 hexadecimal digits. */
  version: string;
  /** Coordinates of the public point and the private number, Base64url. */
  jwk: { x: string; y: string; d: string };
  keyOps: string[];
  created: number;
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
    attributes: lacking("keys that are disabled, or expire"),
    rotationPolicy: lacking("rotation of keys"),
    release_policy: lacking("release of keys"),
    ...readOnly("keyUri", "keyUriWithVersion"),
  }),
});

type Given = z.infer<typeof keyBody>;

function newKey({ tags, properties }: Given, { nowMilliseconds }: Context): KeyBody {
  const { kty, curveName = "P-256", keyOps = ["sign", "verify"] } = properties;
  if (kty !== "EC" || curveName !== "P-256") throw notInLab("keys other than those of type EC and curve P-256");
  const { x, y, d } = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  return {
    version: randomUUID().replaceAll("-", ""),
    jwk: { x: x!, y: y!, d: d! },
    keyOps,
    created: Math.floor(nowMilliseconds() / 1000),
    ...(tags && { tags }),
  };
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
    const { version, keyOps, created, tags } = key.body;
    const uri = `${vaultOrigin(vault)}:443/keys/${key.name}`;
    return {
      location: vault.body.location,
      tags: tags ?? {},
      properties: {
        attributes: { enabled: true, created, updated: created, recoveryLevel: recoveryLevelOf(vault) },
        kty: "EC",
        curveName: "P-256",
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
