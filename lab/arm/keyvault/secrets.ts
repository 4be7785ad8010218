/** Microsoft.KeyVault/vaults/secrets, as Azure Resource Manager has them: it writes values, and never answers them. */
import { z } from "zod";
import { ArmError } from "../errors.ts";
import { parentOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { ResourceType } from "../resourceType.ts";
import { envelope, readOnly } from "../schema.ts";
import { types } from "../typeNames.ts";
import { latestOf, newVersion, refuseDeletedName, secretName, secretUri, type SecretBody } from "./secretVersions.ts";
import { vaultVersions } from "./vaults.ts";
import type { VaultBody } from "./vaultSchema.ts";

export const secretAttributes = z.strictObject({
  enabled: z.boolean().optional(),
  nbf: z.int().optional(),
  exp: z.int().optional(),
  ...readOnly("created", "updated", "recoveryLevel", "recoverableDays"),
});

const secretBody = z.strictObject({
  ...envelope,
  ...readOnly("location"),
  tags: z.record(z.string(), z.string()).optional(),
  properties: z.strictObject({
    value: z.string(),
    contentType: z.string().optional(),
    attributes: secretAttributes.optional(),
    ...readOnly("secretUri", "secretUriWithVersion"),
  }),
});

type Given = z.infer<typeof secretBody>;

export const vaultSecrets: ResourceType<SecretBody> = {
  type: types.vaultSecret,
  dialect: "keyvault",
  apiVersions: vaultVersions,
  location: "inherited",
  name: secretName,
  // What is kept of a body is made of it in `prepare`.
  schema: secretBody as unknown as z.ZodType<SecretBody>,
  asynchronous: false,
  patch: "none",
  prepare: (draft, context) => {
    refuseDeletedName(draft.id, context);
    const { tags, properties } = draft.body as unknown as Given;
    const version = newVersion({ ...properties, ...(tags && { tags }) }, context);
    draft.body = { versions: [...(draft.existing?.body.versions ?? []), version] };
  },
  render: (secret, { store }) => {
    const vault = store.get<VaultBody>(parentOf(secret.id)) as Resource<VaultBody>;
    const { name, contentType, tags, enabled, nbf, exp, created, updated } = latestOf(secret);
    const uri = secretUri(vault, secret.name);
    return {
      location: vault.body.location,
      tags: tags ?? {},
      properties: {
        attributes: { enabled, nbf, exp, created, updated },
        contentType,
        secretUri: uri,
        secretUriWithVersion: `${uri}/${name}`,
      },
    };
  },
  refuseDelete: (secret) => {
    throw new ArmError(
      405,
      "HttpMethodNotAllowed",
      `Azure Resource Manager deletes no secrets: delete ${secret.name} in the vault.`,
    );
  },
};
