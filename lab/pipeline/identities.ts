/** What pipelines log in as, made in the lab as `bin/azure-state --gitlab` makes it on Azure. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ManagedServiceIdentityClient } from "@azure/arm-msi";
import { ResourceManagementClient } from "@azure/arm-resources";
import { guidOf } from "../../environment/guid.ts";
import { deployer, rightsSeconds } from "../deployer.ts";
import { tokenExchange } from "../gitlabToken.ts";
import { root } from "../paths.ts";

const group = "rg-pipelines";
const location = "westeurope";

const inventoryReader = "Platform Inventory Reader";

/**
 * Azure's own identifiers, https://learn.microsoft.com/azure/role-based-access-control/built-in-roles , and that of the role
 * which `bin/azure-state` defines.
 */
export const roles = {
  reader: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
  contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
  rights: "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
  inventory: guidOf(inventoryReader),
};

export interface Wanted {
  name: string;
  /** The token that it trusts. */
  issuer: string;
  subject: string;
  /** On the subscription. */
  roles: string[];
}

/** Makes identities, and resolves to their client IDs by name. */
export async function makeIdentities(wanted: readonly Wanted[]): Promise<Record<string, string>> {
  const { subscriptionId, credential, options } = deployer();
  const identities = new ManagedServiceIdentityClient(credential, subscriptionId, options);
  const authorization = new AuthorizationManagementClient(credential, subscriptionId, options);
  const resources = new ResourceManagementClient(credential, subscriptionId, options);
  await resources.resourceGroups.createOrUpdate(group, { location });
  // The client sets a slash before it.
  const scope = `subscriptions/${subscriptionId}`;
  const defined = await authorization.roleDefinitions.get(scope, roles.inventory).catch(() => undefined);
  if (defined === undefined) {
    await authorization.roleDefinitions.createOrUpdate(scope, roles.inventory, {
      roleName: inventoryReader,
      assignableScopes: [`/${scope}`],
      permissions: [{ actions: inventoryActions() }],
    });
    // Before, nobody can be given it.
    await pause(rightsSeconds * 1000);
  }
  const made: Record<string, string> = {};
  for (const { name, issuer, subject, roles: given } of wanted) {
    const { principalId = "", clientId = "" } = await identities.userAssignedIdentities.createOrUpdate(group, name, {
      location,
    });
    const trusted = { issuer, subject, audiences: [tokenExchange] };
    await identities.federatedIdentityCredentials.createOrUpdate(group, name, "gitlab", trusted);
    for (const role of given) {
      const roleDefinitionId = `/${scope}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
      await authorization.roleAssignments.create(scope, guidOf(principalId, role), {
        principalId,
        principalType: "ServicePrincipal",
        roleDefinitionId,
      });
    }
    made[name] = clientId;
  }
  // Before, Azure knows neither them nor their rights everywhere.
  await pause(rightsSeconds * 1000);
  return made;
}

/** What `bin/azure-state` gives that role. */
function inventoryActions(): string[] {
  const script = readFileSync(join(root, "bin", "azure-resources"), "utf8").replaceAll("\\\n", "");
  const [, actions] = new RegExp(`"${inventoryReader}"\\]="([^"]+)"`).exec(script) ?? [];
  if (actions === undefined) throw new Error(`bin/azure-resources defines no role ${inventoryReader}`);
  return actions.split(" ");
}

/** Removes them, and what was given to them. */
export async function removeIdentities(): Promise<void> {
  const { subscriptionId, credential, options } = deployer();
  const authorization = new AuthorizationManagementClient(credential, subscriptionId, options);
  const identities = new ManagedServiceIdentityClient(credential, subscriptionId, options);
  const ours: string[] = [];
  for await (const { principalId } of identities.userAssignedIdentities.listByResourceGroup(group))
    if (principalId) ours.push(principalId);
  for await (const { id, principalId } of authorization.roleAssignments.listForSubscription())
    if (id && ours.includes(principalId ?? "")) await authorization.roleAssignments.deleteById(id.slice(1));
  const resources = new ResourceManagementClient(credential, subscriptionId, options);
  await resources.resourceGroups.beginDeleteAndWait(group);
}
