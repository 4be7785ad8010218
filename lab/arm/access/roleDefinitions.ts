/**
 * Azure's built-in roles that the lab has, with Azure's own identifiers.
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
 */

import { ArmError } from "../errors.ts";
import type { ArmOptions } from "../options.ts";

export interface RoleDefinition {
  /** The same in every tenant. */
  guid: string;
  roleName: string;
  description: string;
  actions: readonly string[];
  notActions?: readonly string[];
  dataActions?: readonly string[];
  /** Of one of one's own: when it was made, in milliseconds since 1970. */
  made?: number;
}

const onlyWithRoles = "Only works for key vaults that use the 'Azure role-based access control' permission model.";

/** What the roles for the data of vaults may do besides. */
const aroundVaults = [
  "Microsoft.Authorization/*/read",
  "Microsoft.Insights/alertRules/*",
  "Microsoft.Resources/deployments/*",
  "Microsoft.Resources/subscriptions/resourceGroups/read",
  "Microsoft.Support/*",
  "Microsoft.KeyVault/checkNameAvailability/read",
  "Microsoft.KeyVault/deletedVaults/read",
  "Microsoft.KeyVault/locations/*/read",
  "Microsoft.KeyVault/vaults/*/read",
  "Microsoft.KeyVault/operations/read",
];

const containers = "Microsoft.Storage/storageAccounts/blobServices/containers";
const delegationKey = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action";

export const roleDefinitions: readonly RoleDefinition[] = [
  {
    guid: "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    roleName: "Owner",
    description: "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.",
    actions: ["*"],
  },
  {
    guid: "b24988ac-6180-42a0-ab88-20f7382dd24c",
    roleName: "Contributor",
    description:
      "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.",
    actions: ["*"],
    notActions: [
      "Microsoft.Authorization/*/Delete",
      "Microsoft.Authorization/*/Write",
      "Microsoft.Authorization/elevateAccess/Action",
      "Microsoft.Blueprint/blueprintAssignments/write",
      "Microsoft.Blueprint/blueprintAssignments/delete",
      "Microsoft.Compute/galleries/share/action",
      "Microsoft.Purview/consents/write",
      "Microsoft.Purview/consents/delete",
      "Microsoft.Resources/deploymentStacks/manageDenySetting/action",
      "Microsoft.Subscription/cancel/action",
      "Microsoft.Subscription/enable/action",
    ],
  },
  {
    guid: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    roleName: "Reader",
    description: "View all resources, but does not allow you to make any changes.",
    actions: ["*/read"],
  },
  {
    guid: "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    roleName: "User Access Administrator",
    description: "Lets you manage user access to Azure resources.",
    actions: ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
  },
  {
    guid: "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    roleName: "Role Based Access Control Administrator",
    description:
      "Manage access to Azure resources by assigning roles using Azure RBAC. This role does not allow you to manage access using other ways, such as Azure Policy.",
    actions: [
      "Microsoft.Authorization/roleAssignments/write",
      "Microsoft.Authorization/roleAssignments/delete",
      "*/read",
      "Microsoft.Support/*",
    ],
  },
  {
    guid: "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    roleName: "Key Vault Administrator",
    description: `Perform all data plane operations on a key vault and all objects in it, including certificates, keys, and secrets. Cannot manage key vault resources or manage role assignments. ${onlyWithRoles}`,
    actions: aroundVaults,
    dataActions: ["Microsoft.KeyVault/vaults/*"],
  },
  {
    guid: "21090545-7ca7-4776-b22c-e363652d74d2",
    roleName: "Key Vault Reader",
    description: `Read metadata of key vaults and its certificates, keys, and secrets. Cannot read sensitive values such as secret contents or key material. ${onlyWithRoles}`,
    actions: aroundVaults,
    dataActions: ["Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"],
  },
  {
    guid: "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    roleName: "Key Vault Secrets Officer",
    description: `Perform any action on the secrets of a key vault, except manage permissions. ${onlyWithRoles}`,
    actions: aroundVaults,
    dataActions: ["Microsoft.KeyVault/vaults/secrets/*"],
  },
  {
    guid: "4633458b-17de-408a-b874-0445c86b69e6",
    roleName: "Key Vault Secrets User",
    description: `Read secret contents. ${onlyWithRoles}`,
    actions: [],
    dataActions: [
      "Microsoft.KeyVault/vaults/secrets/getSecret/action",
      "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
    ],
  },
  {
    guid: "a4417e6f-fecd-4de8-b567-7b0420556985",
    roleName: "Key Vault Certificates Officer",
    description: `Perform any action on the certificates of a key vault, except manage permissions. ${onlyWithRoles}`,
    actions: aroundVaults,
    dataActions: [
      "Microsoft.KeyVault/vaults/certificatecas/*",
      "Microsoft.KeyVault/vaults/certificates/*",
      "Microsoft.KeyVault/vaults/certificatecontacts/write",
    ],
  },
  {
    guid: "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
    roleName: "Key Vault Certificate User",
    description: `Read certificate contents. ${onlyWithRoles}`,
    actions: [],
    dataActions: [
      "Microsoft.KeyVault/vaults/certificates/read",
      "Microsoft.KeyVault/vaults/secrets/getSecret/action",
      "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
      "Microsoft.KeyVault/vaults/keys/read",
    ],
  },
  {
    guid: "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    roleName: "Key Vault Crypto Officer",
    description: `Perform any action on the keys of a key vault, except manage permissions. ${onlyWithRoles}`,
    actions: aroundVaults,
    dataActions: ["Microsoft.KeyVault/vaults/keys/*", "Microsoft.KeyVault/vaults/keyrotationpolicies/*"],
  },
  {
    guid: "12338af0-0e69-4776-bea7-57ae8d297424",
    roleName: "Key Vault Crypto User",
    description: `Perform cryptographic operations using keys. ${onlyWithRoles}`,
    actions: [],
    dataActions: ["read", "update/action", "backup/action", "encrypt/action", "decrypt/action"]
      .concat(["wrap/action", "unwrap/action", "sign/action", "verify/action"])
      .map((operation) => `Microsoft.KeyVault/vaults/keys/${operation}`),
  },
  {
    guid: "befefa01-2a29-4197-83a8-272ff33ce314",
    roleName: "DNS Zone Contributor",
    description:
      "Lets you manage DNS zones and record sets in Azure DNS, but does not let you control who has access to them.",
    actions: [
      "Microsoft.Authorization/*/read",
      "Microsoft.Insights/alertRules/*",
      "Microsoft.Network/dnsZones/*",
      "Microsoft.ResourceHealth/availabilityStatuses/read",
      "Microsoft.Resources/deployments/*",
      "Microsoft.Resources/subscriptions/resourceGroups/read",
      "Microsoft.Support/*",
    ],
  },
  {
    guid: "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    roleName: "Storage Blob Data Owner",
    description:
      "Allows for full access to Azure Storage blob containers and data, including assigning POSIX access control.",
    actions: [`${containers}/*`, delegationKey],
    dataActions: [`${containers}/blobs/*`],
  },
  {
    guid: "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    roleName: "Storage Blob Data Contributor",
    description: "Allows for read, write and delete access to Azure Storage blob containers and data",
    actions: [`${containers}/delete`, `${containers}/read`, `${containers}/write`, delegationKey],
    dataActions: ["delete", "read", "write", "move/action", "add/action"].map(
      (operation) => `${containers}/blobs/${operation}`,
    ),
  },
  {
    guid: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    roleName: "Storage Blob Data Reader",
    description: "Allows for read access to Azure Storage blob containers and data",
    actions: [`${containers}/read`, delegationKey],
    dataActions: [`${containers}/blobs/read`],
  },
];

/** As Azure answers it, wherever it is asked for. */
export const roleDefinitionId = (
  { guid }: Pick<RoleDefinition, "guid">,
  { subscriptionId }: Pick<ArmOptions, "subscriptionId">,
): string => `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${guid}`;

export const renderRoleDefinition = (role: RoleDefinition, options: ArmOptions): object => ({
  id: roleDefinitionId(role, options),
  name: role.guid,
  type: "Microsoft.Authorization/roleDefinitions",
  properties: {
    roleName: role.roleName,
    type: role.made === undefined ? "BuiltInRole" : "CustomRole",
    description: role.description,
    assignableScopes: [role.made === undefined ? "/" : `/subscriptions/${options.subscriptionId}`],
    permissions: [permissionOf(role)],
  },
});

/** What the role allows, as `permissions` shows it, too. */
export const permissionOf = ({ actions, notActions = [], dataActions = [] }: RoleDefinition): object => ({
  actions,
  notActions,
  dataActions,
  notDataActions: [],
});

export const roleDefinitionMissing = (status: number, id: string): ArmError =>
  new ArmError(
    status,
    "RoleDefinitionDoesNotExist",
    `The specified role definition with ID '${id.slice(id.lastIndexOf("/") + 1).replaceAll("-", "")}' does not exist.`,
  );
