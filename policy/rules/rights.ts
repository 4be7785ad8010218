/** What identities may do. */
import type { Rule } from "../rule.ts";
import { types } from "../types.ts";
import { at, must, mustMatch, notYetKnown, show } from "../values.ts";

/** Roles that may be given. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const roles: Readonly<Record<string, string>> = {
  "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
  "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
};

/** Roles that may write, and what: the certificates that machines renew, what they need for that, and backups. */
const writing: Readonly<Record<string, { role: string; scope: RegExp }>> = {
  "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": {
    role: "Key Vault Secrets Officer",
    scope: /\/secrets\/(acme-account|certificate-[^/]+)$/i,
  },
  "ba92f5b4-2d11-453d-a403-e96b0029c9fe": {
    role: "Storage Blob Data Contributor",
    scope: /\/containers\/(certificates|backups)$/i,
  },
  "befefa01-2a29-4197-83a8-272ff33ce314": { role: "DNS Zone Contributor", scope: /\/TXT\/_acme-challenge(\.[^/]+)?$/i },
};

/** Scopes of single things: a secret of a vault, a container of an account, a record set of a zone. */
const single =
  /\/providers\/Microsoft\.(KeyVault\/vaults\/[^/]+\/secrets|Storage\/storageAccounts\/[^/]+\/blobServices\/default\/containers|Network\/dnsZones\/[^/]+\/TXT)\/[^/]+$/i;

export const rules: Rule[] = [
  {
    name: "role-least",
    asks: "Machines get roles that read one kind of thing or write their certificates and backups, and no role that gives roles",
    ids: ["Azure.RBAC.LimitOwner", "AZU-0030"],
    types: [types.roleAssignment],
    check: ({ inputs }) => {
      const given = at(inputs, "roleDefinitionId");
      const id = show(given).split("/").at(-1)?.toLowerCase() ?? "";
      if (given === notYetKnown || Object.hasOwn(roles, id)) return [];
      const allowed = Object.hasOwn(writing, id) ? writing[id] : undefined;
      if (allowed)
        return mustMatch(
          inputs,
          "scope",
          allowed.scope,
          `what ${allowed.role} may be given for: certificates and backups`,
        );
      return [`roleDefinitionId: given ${show(given)}, allowed are ${Object.values(roles).join(", ")}`];
    },
  },
  {
    name: "role-scope",
    asks: "A role is given for one secret, container or record set, not for an account, a group or a subscription",
    ids: ["Azure.RBAC.LimitMGDelegation", "Azure.RBAC.LimitOwner"],
    types: [types.roleAssignment],
    check: ({ inputs }) =>
      mustMatch(inputs, "scope", single, "a secret of a vault, a container of a storage account or a TXT record set"),
  },
  {
    name: "role-principal",
    asks: "Roles that the program gives are those of identities, not of people",
    ids: ["Azure.RBAC.PIM", "Azure.RBAC.UseGroups"],
    types: [types.roleAssignment],
    check: ({ inputs }) => must(inputs, "principalType", "ServicePrincipal"),
  },
];
