/** Microsoft.Storage/storageAccounts/blobServices/containers */
import { z } from "zod";
import type { StoreContext } from "../context.ts";
import { ArmError, conflict } from "../errors.ts";
import { parentOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { ResourceType } from "../resourceType.ts";
import { choice, envelope, lacking, readOnly } from "../schema.ts";
import { types } from "../typeNames.ts";
import type { AccountBody } from "./accountSchema.ts";
import { storageVersions } from "./storageVersions.ts";

const containerBody = z.strictObject({
  ...envelope,
  properties: z
    .strictObject({
      publicAccess: choice("None", "Blob", "Container").optional(),
      metadata: z.record(z.string(), z.string()).optional(),
      defaultEncryptionScope: z.string().optional(),
      denyEncryptionScopeOverride: z.boolean().optional(),
      immutableStorageWithVersioning: lacking("immutable blobs"),
      enableNfsV3AllSquash: lacking("NFS"),
      enableNfsV3RootSquash: lacking("NFS"),
      blobAccessPointConfiguration: lacking("access points of blobs"),
      ...readOnly("version", "deleted", "deletedTime", "remainingRetentionDays", "lastModifiedTime", "leaseStatus"),
      ...readOnly("leaseState", "leaseDuration", "hasLegalHold", "hasImmutabilityPolicy", "legalHold"),
      ...readOnly("immutabilityPolicy"),
    })
    .default({}),
});

export type ContainerBody = z.infer<typeof containerBody>;

export const containerId = (accountId: string, name: string): string =>
  `${accountId}/blobServices/default/containers/${name}`;

export const containersOf = (account: Resource, { store }: StoreContext): Resource<ContainerBody>[] =>
  store.children<ContainerBody>(`${account.id}/blobServices/default`, types.blobContainer);

export const containers: ResourceType<ContainerBody> = {
  type: types.blobContainer,
  dialect: "storage",
  apiVersions: storageVersions,
  location: "inherited",
  name: {
    pattern: /^(\$root|\$web|[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9])$/,
    rule: "A container's name has 3-63 lower-case letters, digits and hyphens, which stand alone between letters or digits",
  },
  schema: containerBody,
  asynchronous: false,
  patch: "merge",
  missing: () => new ArmError(404, "ContainerNotFound", "The specified container does not exist."),
  prepare: ({ id, body }, { store }) => {
    const account = store.get<AccountBody>(parentOf(parentOf(id)))!;
    const isPublic = (body.properties.publicAccess ?? "None") !== "None";
    if (isPublic && account.body.properties.allowBlobPublicAccess !== true)
      throw conflict("PublicAccessNotPermitted", "Public access is not permitted on this storage account.");
  },
  render: ({ body, created, etag }) => ({
    etag: `"${etag}"`,
    properties: {
      deleted: false,
      remainingRetentionDays: 0,
      defaultEncryptionScope: "$account-encryption-key",
      denyEncryptionScopeOverride: false,
      publicAccess: "None",
      ...body.properties,
      leaseStatus: "Unlocked",
      leaseState: "Available",
      lastModifiedTime: created,
      hasImmutabilityPolicy: false,
      hasLegalHold: false,
      immutableStorageWithVersioning: { enabled: false },
    },
  }),
};
