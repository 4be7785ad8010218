/** Who may sign by an authority's key: a role of our own, given on that key alone. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Connection } from "../../azure/arm.ts";
import { guidOf } from "../../environment/guid.ts";
import { patiently, put, type Waiting } from "./vaultKey.ts";

/** As `bin/azure-state` defines it: Azure's Key Vault Crypto User can change the key, and take a backup of it, too. */
export const signerRole = {
  name: "Platform Certificate Signer",
  dataActions: ["Microsoft.KeyVault/vaults/keys/read", "Microsoft.KeyVault/vaults/keys/sign/action"],
};

const apiVersion = "2022-04-01";

/** What `bin/azure-state` names the definition of a role of ours. */
export const definitionGuid = (subscriptionId: string, roleName: string): string =>
  createHash("sha256")
    .update(`${subscriptionId} ${roleName}`)
    .digest("hex")
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-4$3-8$4-$5");

interface Definition {
  id: string;
  properties: { assignableScopes: string[]; permissions: { actions: string[]; dataActions: string[] }[] };
}

/**
 * Defines the role where it is not as it is here.
 * https://learn.microsoft.com/azure/role-based-access-control/custom-roles
 *
 * @param keyId Resource ID of a key; who gives the role may ask there.
 * @returns ID of its definition.
 */
export async function defineSigner({ rest }: Connection, keyId: string): Promise<string> {
  const { name: roleName, dataActions } = signerRole;
  const provider = "providers/Microsoft.Authorization/roleDefinitions";
  const answer = await rest
    .pathUnchecked(`${keyId}/${provider}`)
    .get({ queryParameters: { "api-version": apiVersion, $filter: `roleName eq '${roleName}'` } });
  const [there] = (answer.body as { value?: Definition[] } | null)?.value ?? [];
  const allowed = there?.properties.permissions.map((one) => [one.actions, one.dataActions]);
  if (there && isDeepStrictEqual(allowed, [[[], dataActions]])) return there.id;
  const subscription = `/subscriptions/${rest.subscriptionId}`;
  const id = there?.id ?? `${subscription}/${provider}/${definitionGuid(rest.subscriptionId, roleName)}`;
  const assignableScopes = there?.properties.assignableScopes ?? [subscription];
  const permissions = [{ actions: [], dataActions }];
  await put(rest, id, apiVersion, { properties: { roleName, type: "CustomRole", assignableScopes, permissions } });
  return id;
}

/** What Azure says of a principal or a role that it learned of a moment ago. */
const tooNew = ["PrincipalNotFound", "RoleDefinitionDoesNotExist"];

/**
 * Gives the role on a key.
 *
 * @param keyId Resource ID of the key.
 * @param principalId Object ID of a user, group or service principal. Its kind is not said: with a kind Azure would take
 *   a mistyped ID, too.
 */
export async function allowSigner(
  { rest }: Connection,
  keyId: string,
  principalId: string,
  roleDefinitionId: string,
  waiting: Waiting,
): Promise<void> {
  const name = guidOf(keyId, principalId, roleDefinitionId);
  await patiently(
    () =>
      put(rest, `${keyId}/providers/Microsoft.Authorization/roleAssignments/${name}`, apiVersion, {
        properties: { principalId, roleDefinitionId },
      }),
    ({ code = "" }) => tooNew.includes(code),
    `until Azure's directory knows ${principalId} and the role ${signerRole.name}`,
    waiting,
  );
}
