/** Microsoft.Storage/storageAccounts/blobServices: each account has one, called `default`. */
import { z } from "zod";
import { conflict } from "../errors.ts";
import { parentOf } from "../ids.ts";
import type { ResourceType } from "../resourceType.ts";
import { envelope, ignored, lacking, range, readOnly } from "../schema.ts";
import { types } from "../typeNames.ts";
import type { AccountBody } from "./accountSchema.ts";
import { storageVersions } from "./storageVersions.ts";

const outOfRange = "InvalidValuesForRequestParameters";

const retention = z.strictObject({
  enabled: z.boolean().optional(),
  days: range(1, 365, outOfRange).optional(),
  allowPermanentDelete: z.boolean().optional(),
});

/** It is kept and told; Azurite keeps no versions, and nothing that was deleted. */
const blobServiceBody = z.strictObject({
  ...envelope,
  sku: ignored,
  properties: z
    .strictObject({
      isVersioningEnabled: z.boolean().optional(),
      deleteRetentionPolicy: retention.optional(),
      containerDeleteRetentionPolicy: retention.optional(),
      cors: z.strictObject({ corsRules: z.array(z.never("The lab has no CORS rules")).optional() }).optional(),
      defaultServiceVersion: z.string().optional(),
      changeFeed: lacking("change feeds"),
      restorePolicy: lacking("restore policies"),
      lastAccessTimeTrackingPolicy: lacking("times of last access"),
      staticWebsite: lacking("static websites"),
      ...readOnly("automaticSnapshotPolicyEnabled"),
    })
    .default({}),
});

export type BlobServiceBody = z.infer<typeof blobServiceBody>;

export const blobServices: ResourceType<BlobServiceBody> = {
  type: types.blobService,
  dialect: "storage",
  apiVersions: storageVersions,
  location: "inherited",
  name: { pattern: /^default$/, rule: "The blob service of a storage account is called default" },
  schema: blobServiceBody,
  asynchronous: false,
  patch: "none",
  render: ({ id, body }, { store }) => ({
    sku: { ...store.get<AccountBody>(parentOf(id))?.body.sku, tier: "Standard" },
    properties: {
      cors: { corsRules: [] },
      deleteRetentionPolicy: { allowPermanentDelete: false, enabled: false },
      ...body.properties,
    },
  }),
  refuseDelete: () => {
    throw conflict("OperationNotAllowed", "The blob service goes with its storage account.");
  },
};
