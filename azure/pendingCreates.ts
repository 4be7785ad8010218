/**
 * What a `pulumi up` had begun to make when it was killed. The state does not have it, Azure may: a next `up` would be
 * refused, since it exists already. So it is written into the state as if it had been made; a refresh of it then reads
 * what exists, and forgets what does not. Until then it is known by its missing outputs. Pure.
 */
import { resourceId } from "./resourceIds.ts";

interface Resource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  /** It was deleted, and its replacement is not made yet. */
  pendingReplacement?: boolean;
}

/** Of `pulumi stack export`, what is looked at here. */
export interface Export {
  deployment: { resources?: Resource[]; pending_operations?: { type: string; resource: Resource }[] };
}

/**
 * The state with what was being made, for `pulumi stack import`; undefined where nothing was.
 *
 * @param subscriptionId For a state that has nothing of Azure yet.
 * @throws where it is needed and not given, and where the ID of something of Azure's cannot be told.
 */
export function withPendingCreates(exported: Export, subscriptionId: string | undefined): Export | undefined {
  const { resources = [], pending_operations: operations = [] } = exported.deployment;
  const creates = operations.filter(isCreate).map(({ resource }) => resource);
  if (creates.length === 0) return undefined;
  const known = resources.map(({ id }) => /^\/subscriptions\/([^/]+)/.exec(id ?? "")?.[1]).find(Boolean);
  const subscription = known ?? subscriptionId;
  if (subscription === undefined)
    throw new Error("the state does not tell the subscription: set ARM_SUBSCRIPTION_ID to its ID");
  // Pulumi lists the newest first, and carries those along which an earlier `up` left.
  const made = new Map<string, Resource>();
  for (const resource of creates)
    if (isOfAzure(resource) && !made.has(resource.urn))
      made.set(resource.urn, { ...resource, id: idOf(resource, subscription) });
  const kept = resources.map((resource) => {
    const replacement = made.get(resource.urn);
    made.delete(resource.urn);
    if (!replacement || resource.pendingReplacement) return replacement ?? resource;
    if (replacement.id === resource.id) return resource;
    throw new Error(
      `${resource.urn} was being replaced by ${replacement.id}: look whether Azure has that, and delete it`,
    );
  });
  return {
    ...exported,
    deployment: {
      ...exported.deployment,
      resources: [...kept, ...made.values()],
      pending_operations: operations.filter((operation) => !isCreate(operation)),
    },
  };
}

/** Whether a killed `up` left something that is still to be taken in. */
export function isOwed(exported: Export): boolean {
  return (exported.deployment.pending_operations ?? []).some(isCreate) || unread(exported).length > 0;
}

/** What is in the state and was never read from Azure: URNs. */
export function unread({ deployment: { resources = [] } }: Export): string[] {
  return resources
    .filter((resource) => isOfAzure(resource) && resource.id && Object.keys(resource.outputs ?? {}).length === 0)
    .map(({ urn }) => urn);
}

const isCreate = ({ type }: { type: string }) => type === "creating";
const isOfAzure = ({ type }: Resource) => type.startsWith("azure-native:");

function idOf({ urn, type, inputs = {} }: Resource, subscription: string): string {
  const id = resourceId(type, inputs, subscription);
  if (id === undefined)
    throw new Error(`${urn}: no ID is known of a ${type} with inputs ${Object.keys(inputs).join(", ")}`);
  return id;
}
