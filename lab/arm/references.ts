/** References between resources: every `{ id }` inside a body is one. */
import { checkJoin } from "./authorization.ts";
import type { Context } from "./context.ts";
import { ArmError, badRequest } from "./errors.ts";
import { keyOf, nameOf, parentOf, parseId } from "./ids.ts";
import type { Body, Resource } from "./resource.ts";
import type { Draft, ResourceType } from "./resourceType.ts";
import type { Store } from "./store.ts";
import { types } from "./typeNames.ts";

interface Reference {
  /** As in `properties.ipConfigurations[0].properties.subnet.id`. */
  path: string;
  id: string;
}

/** A body keeps only references under `id`: its own IDs are dropped by the schema. Identities are named by keys. */
export function referencesIn(value: unknown, path = ""): Reference[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => referencesIn(item, `${path}[${index}]`));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const at = path === "" ? name : `${path}.${name}`;
    if (name === "userAssignedIdentities") return Object.keys(inner as object).map((id) => ({ path: at, id }));
    const isReference =
      (name === "id" || name === "targetResourceUri" || name === "metricResourceUri") && typeof inner === "string";
    return isReference ? [{ path: at, id: inner }] : referencesIn(inner, at);
  });
}

/** Refuses a body that refers to something which does not exist, or which is being deleted. */
export function checkReferences({ id, body }: Draft, type: ResourceType, context: Context, principalId: string): void {
  const { store, options } = context;
  for (const reference of referencesIn(body)) {
    const target = parseId(reference.id);
    if (!target) {
      throw badRequest(
        "LinkedInvalidPropertyId",
        `Property id '${reference.id}' at path '${reference.path}' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.`,
      );
    }
    const known = target.subscriptionId.toLowerCase() === options.subscriptionId.toLowerCase();
    if (!known || !exists(reference.id, { id, body }, store)) {
      if (target.namespace.toLowerCase() === "microsoft.managedidentity") throw identityMissing(id, reference.id);
      if (type.missingReference) throw type.missingReference(reference.id);
      throw badRequest(
        "InvalidResourceReference",
        `Resource ${reference.id} referenced by resource ${id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
      );
    }
    checkJoin(id, reference.id, context, principalId);
    refuseBusyNetwork(id, reference.id, type, context);
  }
}

const identityMissing = (referrer: string, id: string): ArmError =>
  badRequest(
    "FailedIdentityOperation",
    `Identity operation for resource '${referrer}' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{"error":{"code":"BadRequest","message":"Resource '${id}' was not found."}}'.'.`,
  );

/** A network is busy, with all of its subnets, while it or one of them is being written. */
function busyIn(networkId: string, store: Store): Resource | undefined {
  const isBusy = ({ state }: Resource): boolean => state === "Creating" || state === "Updating";
  const network = store.get(networkId);
  return network && [network, ...store.children(networkId, types.subnet)].find(isBusy);
}

/**
 * Refuses a reference to a network, or to a subnet, that is being written. Of a subnet the provider says that it can be
 * tried again; of a network it does not.
 */
function refuseBusyNetwork(referrer: string, target: string, { type }: ResourceType, { store }: Context): void {
  const network = /^.*\/virtualNetworks\/[^/]+/i.exec(target)?.[0];
  const busy = network === undefined ? undefined : busyIn(network, store);
  if (!busy) return;
  const operation = busy.type === types.subnet ? "PutSubnetOperation" : "PutVirtualNetworkOperation";
  const code = "ReferencedResourceNotProvisioned";
  const message = `Cannot proceed with operation because resource ${target} used by resource ${referrer} is not in Succeeded state. Resource is in Updating state and the last operation that updated/is updating the resource is ${operation}.`;
  if (target === network || !type.startsWith("Microsoft.Network/")) throw badRequest(code, message);
  const details = [{ code, message }];
  throw new ArmError(429, "RetryableError", "A retryable error occurred.", { details });
}

/** A resource of its own, or a part of one (a load balancer's front end, a NIC's IP configuration). */
function exists(id: string, draft: { id: string; body: Body }, store: Store): boolean {
  if (store.live(id)) return true;
  const parent = parentOf(id);
  const body = keyOf(parent) === keyOf(draft.id) ? draft.body : store.live(parent)?.body;
  return body !== undefined && partOf(body, id) !== undefined;
}

/** The named part of `body` that `id` means: its collection is the last but one segment of the ID. */
export function partOf<T extends object = { name: string }>(body: Body, id: string): T | undefined {
  const collection = id.split("/").at(-2)?.toLowerCase();
  const properties = Object.entries(body.properties ?? {});
  const [, parts] = properties.find(([name]) => name.toLowerCase() === collection) ?? [];
  if (!Array.isArray(parts)) return undefined;
  return parts.find((part: { name?: string }) => part.name?.toLowerCase() === nameOf(id).toLowerCase()) as
    T | undefined;
}

/** Resources that refer to `id` or to a part of it; what is being deleted counts until it is gone, as in Azure. */
export function referrersOf(id: string, store: Store, type?: string): Resource[] {
  const key = keyOf(id);
  const hits = (candidate: string): boolean => keyOf(candidate) === key || keyOf(candidate).startsWith(`${key}/`);
  return store
    .all()
    .filter((resource) => resource.key !== key && !resource.key.startsWith(`${key}/`))
    .filter((resource) => type === undefined || resource.type.toLowerCase() === type.toLowerCase())
    .filter((resource) => referencesIn(resource.body).some((reference) => hits(reference.id)));
}
