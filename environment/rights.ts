/** What the machines of each group may do at Azure: the one list. Nothing else is allowed to any of them. Pure. */
import { secretNames, type MachineGroup } from "./machineGroup.ts";

/**
 * Azure's built-in roles that machines get, by name.
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage
 */
export const roleIds = {
  "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
  "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
  "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
} as const;

/** A role in a secret of the environment's vault: the scope is `<vault>/secrets/<secret>`. */
export interface SecretRight {
  role: "Key Vault Secrets User";
  secret: string;
}

/** A role in a container of the storage account: the scope is `<account>/blobServices/default/containers/<container>`. */
export interface ContainerRight {
  role: "Storage Blob Data Reader" | "Storage Blob Data Contributor";
  container: Container;
}

export type Right = SecretRight | ContainerRight;

/** Containers of the environment's storage account; what they are for is what they are called. */
export const containers = ["artifacts", "backups"] as const;
export type Container = (typeof containers)[number];

/** Kinds whose program keeps backups there, reads them to restore one, and deletes the oldest. */
const kindsWithBackups = ["gitlab"];

/** The rights of a group's identity. */
export function rightsOf(group: MachineGroup): Right[] {
  return [
    ...secretNames(group).map((secret): Right => ({ role: "Key Vault Secrets User", secret })),
    // What is deployed, and the releases themselves.
    ...(group.applications.length > 0
      ? [{ role: "Storage Blob Data Reader", container: "artifacts" } satisfies Right]
      : []),
    ...(kindsWithBackups.includes(group.kind)
      ? [{ role: "Storage Blob Data Contributor", container: "backups" } satisfies Right]
      : []),
  ];
}

/** Those in secrets. */
export const secretRights = (rights: readonly Right[]): SecretRight[] => rights.filter((right) => "secret" in right);

/** Those in containers. */
export const containerRights = (rights: readonly Right[]): ContainerRight[] =>
  rights.filter((right) => "container" in right);
