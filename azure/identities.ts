/** User-assigned identities, as ARM lists them. */
import type { Questions } from "./questions.ts";

/**
 * Client IDs of the identities in a resource group, by their names.
 * https://learn.microsoft.com/rest/api/managedidentity/user-assigned-identities/list-by-resource-group
 */
export async function listClientIds(questions: Questions, resourceGroup: string): Promise<Map<string, string>> {
  const found = (await questions.list({
    path:
      `/subscriptions/${questions.subscriptionId}/resourceGroups/${resourceGroup}` +
      "/providers/Microsoft.ManagedIdentity/userAssignedIdentities",
    apiVersion: "2023-01-31",
  })) as { name?: string; properties?: { clientId?: string } }[];
  return new Map(
    found.flatMap(({ name, properties }) =>
      name === undefined || properties?.clientId === undefined ? [] : [[name, properties.clientId]],
    ),
  );
}
