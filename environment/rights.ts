/** What the machines of each group may do at Azure: the one list. Nothing else is allowed to any of them. Pure. */
import { secretNames, type MachineGroup } from "./machineGroup.ts";

/**
 * Azure's built-in roles that machines get, by name.
 * https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
 */
export const roleIds = { "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6" } as const;

/** A role in a part of the environment's vault. */
export interface Right {
  role: keyof typeof roleIds;
  /** The secret of the vault to which the role is limited: the scope is `<vault>/secrets/<secret>`. */
  secret: string;
}

/** The rights of a group's identity. */
export function rightsOf(group: MachineGroup): Right[] {
  return secretNames(group).map((secret) => ({ role: "Key Vault Secrets User", secret }));
}
