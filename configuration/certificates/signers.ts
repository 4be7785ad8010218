/** Who may sign by an authority's key: a role of our own, given on that key alone. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Connection } from "../../azure/arm.ts";
import { guidOf } from "../../environment/guid.ts";
import { patiently, put, Refusal, type Waiting } from "./requests.ts";

/** As `bin/azure-state` defines it, with its data actions in order: Azure's Key Vault Crypto User can change the key, and take a backup of it, too. */
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
  properties: { permissions: { actions: string[]; dataActions: string[] }[] };
}

/**
 * Defines the role in the subscription where it is not there as it is here.
 * https://learn.microsoft.com/azure/role-based-access-control/custom-roles
 *
 * @param keyId Resource ID of a key; who gives the role may ask there.
 * @returns ID of its definition.
 */
export async function defineSigner({ rest }: Connection, keyId: string): Promise<string> {
  const { name, dataActions } = signerRole;
  // As az writes it, by which bin/azure-state names the role.
  const subscriptionId = rest.subscriptionId.toLowerCase();
  const provider = "providers/Microsoft.Authorization/roleDefinitions";
  const subscription = `/subscriptions/${subscriptionId}`;
  const id = `${subscription}/${provider}/${definitionGuid(subscriptionId, name)}`;
  // A tenant has each name once, whichever of its subscriptions the role is for.
  const roleName = `${name} of ${subscriptionId}`;
  const answer = await rest
    .pathUnchecked(`${keyId}/${provider}`)
    .get({ queryParameters: { "api-version": apiVersion, $filter: `roleName eq '${roleName}'` } });
  const there = (answer.body as { value?: Definition[] } | null)?.value ?? [];
  const allowed = there
    .flatMap(({ properties }) => properties.permissions)
    .map((one) => [one.actions, one.dataActions.toSorted()]);
  if (isDeepStrictEqual(allowed, [[[], dataActions]])) return id;
  await put(rest, id, apiVersion, {
    properties: {
      roleName,
      type: "CustomRole",
      assignableScopes: [subscription],
      permissions: [{ actions: [], dataActions }],
    },
  });
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
  const path = `${keyId}/providers/Microsoft.Authorization/roleAssignments/${name}`;
  try {
    await patiently(
      () => put(rest, path, apiVersion, { properties: { principalId, roleDefinitionId } }),
      tooNew,
      `until Azure's directory knows ${principalId} and the role ${signerRole.name}`,
      waiting,
    );
  } catch (error) {
    // The same right under another name, for example of bin/azure-state.
    if (!(error instanceof Refusal) || error.code !== "RoleAssignmentExists") throw error;
  }
}
