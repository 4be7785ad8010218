/** Whether an identity may do what a plan needs. Pure. */
import type { Permission } from "../azure/permissions.ts";
import { firstOf, type Obstacle } from "./obstacle.ts";

/** The actions that no permission allows. */
export function missingActions(permissions: readonly Permission[], actions: readonly string[]): string[] {
  const tested = permissions.map(({ actions: allowed, notActions }) => ({
    allowed: allowed.map(pattern),
    denied: notActions.map(pattern),
  }));
  return actions.filter(
    (action) =>
      !tested.some(
        ({ allowed, denied }) => allowed.some((one) => one.test(action)) && !denied.some((one) => one.test(action)),
      ),
  );
}

/** `Microsoft.Network/*` with any string for the star, in any case: /read names read and nothing below it. */
function pattern(action: string): RegExp {
  const parts = action.split("*").map((part) => part.replaceAll(/[.\\+?^${}()|[\]]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i");
}

/** What an identity lacks, as one obstacle each; none where it may do everything. */
export interface LackingRights {
  /** Without these nothing can be made. */
  rights: Obstacle[];
  /** Without these a change that replaces or deletes something ends half-way. */
  deletions: Obstacle[];
}

export function lackingRights(
  scope: string,
  permissions: readonly Permission[],
  actions: readonly string[],
): LackingRights {
  const missing = missingActions(permissions, actions);
  const isDeletion = (action: string) => action.endsWith("/delete");
  const told = (some: string[], why: string): Obstacle[] =>
    [
      { role: "Contributor", its: some.filter((action) => !isOfRoles(action)) },
      { role: roleAdministrator, its: some.filter(isOfRoles) },
    ]
      .filter(({ its }) => its.length > 0)
      .map(({ role, its }) => ({
        place: `rights of this identity in ${scope}`,
        given: `not ${firstOf(its, 5)}${why}`,
        allowed: `an identity that has all that the stack needs, for example by the role ${role}`,
        change: `az role assignment create --role ${role.includes(" ") ? `"${role}"` : role} --scope ${scope} --assignee <identity>`,
      }));
  return {
    rights: told(
      missing.filter((action) => !isDeletion(action)),
      "",
    ),
    deletions: told(missing.filter(isDeletion), ", without which a change that replaces something ends half-way"),
  };
}

/** The role that gives rights, which Contributor does not. A condition can limit which ones: docs/azure.md. */
const roleAdministrator = "Role Based Access Control Administrator";
const isOfRoles = (action: string) => action.startsWith("Microsoft.Authorization/roleAssignments/");
