/** What the identity that is logged in may do. */
import type { Questions } from "./questions.ts";

/** Of one of its roles: every action that one of `actions` names and none of `notActions`. `*` is any string. */
export interface Permission {
  actions: string[];
  notActions: string[];
}

/**
 * Permissions of all roles that count in a scope, those of the scopes above it too.
 * https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource-group
 *
 * @param scope For example `/subscriptions/<id>` or `/subscriptions/<id>/resourceGroups/<name>`.
 */
export async function listPermissions(questions: Questions, scope: string): Promise<Permission[]> {
  const permissions = (await questions.list({
    path: `${scope}/providers/Microsoft.Authorization/permissions`,
    apiVersion: "2022-04-01",
  })) as Partial<Permission>[];
  return permissions.map(({ actions, notActions }) => ({ actions: actions ?? [], notActions: notActions ?? [] }));
}
