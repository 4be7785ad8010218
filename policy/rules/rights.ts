/** What identities may do. */
import type { Rule } from "../rule.ts";
import { types } from "../types.ts";
import { at, must, mustMatch, notYetKnown, show } from "../values.ts";

/** Roles that may be given. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const roles: Readonly<Record<string, string>> = {
  "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
  "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
  // What keeps backups writes them, and deletes the oldest.
  "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
};

/** Scopes of single things: a secret of a vault, a container of an account. */
const single =
  /\/providers\/Microsoft\.(KeyVault\/vaults\/[^/]+\/secrets|Storage\/storageAccounts\/[^/]+\/blobServices\/default\/containers)\/[^/]+$/i;

export const rules: Rule[] = [
  {
    name: "role-least",
    asks: "Machines get roles that read one kind of thing, and no role that gives roles",
    ids: ["Azure.RBAC.LimitOwner", "AZU-0030"],
    types: [types.roleAssignment],
    check: ({ inputs }) => {
      const given = at(inputs, "roleDefinitionId");
      const id = show(given).split("/").at(-1)?.toLowerCase() ?? "";
      if (given === notYetKnown || Object.hasOwn(roles, id)) return [];
      return [`roleDefinitionId: given ${show(given)}, allowed are ${Object.values(roles).join(", ")}`];
    },
  },
  {
    name: "role-scope",
    asks: "A role is given for one secret or one container, not for an account, a group or a subscription",
    ids: ["Azure.RBAC.LimitMGDelegation", "Azure.RBAC.LimitOwner"],
    types: [types.roleAssignment],
    check: ({ inputs }) =>
      mustMatch(inputs, "scope", single, "a secret of a vault or a container of a storage account"),
  },
  {
    name: "role-principal",
    asks: "Roles that the program gives are those of identities, not of people",
    ids: ["Azure.RBAC.PIM", "Azure.RBAC.UseGroups"],
    types: [types.roleAssignment],
    check: ({ inputs }) => must(inputs, "principalType", "ServicePrincipal"),
  },
];
