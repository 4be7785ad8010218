/**
 * What a `pulumi up` had begun to make when it was killed. The state does not have it, Azure may: a next `up` would be
 * refused, since it exists already. So it is written into the state as if it had been made; a refresh then reads what
 * exists, and forgets what does not. Pure.
 */
import { resourceId } from "./resourceIds.ts";

interface Resource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
}

/** Of `pulumi stack export`, what is looked at here. */
export interface Export {
  deployment: { resources?: Resource[]; pending_operations?: { type: string; resource: Resource }[] };
}

/**
 * The state with what was being made, for `pulumi stack import`; undefined where nothing was. Types of which no ID is known
 * are only forgotten: nothing of Azure's has one.
 *
 * @param subscriptionId For a state that has nothing of Azure yet.
 * @throws where it is needed and not given.
 */
export function withPendingCreates(exported: Export, subscriptionId: string | undefined): Export | undefined {
  const { resources = [], pending_operations: operations = [] } = exported.deployment;
  const pending = operations.filter(({ type }) => type === "creating");
  if (pending.length === 0) return undefined;
  const known = resources.map(({ id }) => /^\/subscriptions\/([^/]+)/.exec(id ?? "")?.[1]).find(Boolean);
  const subscription = known ?? subscriptionId;
  if (subscription === undefined)
    throw new Error("the state does not tell the subscription: set ARM_SUBSCRIPTION_ID to its ID");
  const there = new Set(resources.map(({ urn }) => urn));
  const made = pending.flatMap(({ resource }) => {
    const id = resourceId(resource.type, resource.inputs ?? {}, subscription);
    return id === undefined || there.has(resource.urn) ? [] : [{ ...resource, id }];
  });
  return {
    ...exported,
    deployment: {
      ...exported.deployment,
      resources: [...resources, ...made],
      pending_operations: operations.filter(({ type }) => type !== "creating"),
    },
  };
}
