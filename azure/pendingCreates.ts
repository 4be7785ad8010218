/**
 * What a `pulumi up` had begun to make when it was killed. The state does not have it, Azure may: a next `up` would be
 * refused, since it exists already. A refresh takes what exists into the state, and forgets what does not. Pure.
 */
import { resourceId } from "./resourceIds.ts";

/** Of `pulumi stack export`, what is looked at here. */
export interface Export {
  deployment: {
    resources?: { id?: string }[];
    pending_operations?: { type: string; resource: { urn: string; type: string; inputs?: Record<string, unknown> } }[];
  };
}

/**
 * Arguments of `pulumi refresh` that end what is pending; undefined where nothing was being made.
 *
 * @param subscriptionId For a state that has nothing of Azure yet.
 * @throws where it is needed and not given.
 */
export function refreshArguments({ deployment }: Export, subscriptionId: string | undefined): string[] | undefined {
  const pending = (deployment.pending_operations ?? []).filter(({ type }) => type === "creating");
  if (pending.length === 0) return undefined;
  const known = deployment.resources?.map(({ id }) => /^\/subscriptions\/([^/]+)/.exec(id ?? "")?.[1]).find(Boolean);
  const subscription = known ?? subscriptionId;
  if (subscription === undefined)
    throw new Error("the state does not tell the subscription: set ARM_SUBSCRIPTION_ID to its ID");
  const imports = pending.flatMap(({ resource: { urn, type, inputs = {} } }) => {
    const id = resourceId(type, inputs, subscription);
    return id === undefined ? [] : ["--import-pending-creates", urn, "--import-pending-creates", id];
  });
  return ["refresh", "--yes", "--skip-preview", "--clear-pending-creates", ...imports];
}
