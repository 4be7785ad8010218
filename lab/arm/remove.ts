/** DELETE */
import { removeAssignments } from "./access/roleAssignments.ts";
import type { Context } from "./context.ts";
import { operationHeaders, type Answer, type Request } from "./http.ts";
import { begin } from "./operations.ts";
import { checkEtag } from "./requestChecks.ts";
import type { Resource } from "./resource.ts";
import type { ResourceType } from "./resourceType.ts";

export function remove(request: Request, type: ResourceType, existing: Resource | undefined, context: Context): Answer {
  const { store } = context;
  if (!existing) return { status: 204 };
  checkEtag(request, existing, type);
  const isGroup = type.dialect === "arm";
  if (existing.state !== "Deleting") {
    type.refuseDelete?.(existing, context);
    removeAssignments(existing.id, store);
    if (type.asynchronous !== true && !type.deletedLater && !isGroup) {
      type.deleting?.(existing, context);
      type.leaving?.(existing, context);
      store.put(existing, true);
      store.remove(existing.id);
      return { status: 200 };
    }
    store.put({ ...existing, state: "Deleting", error: undefined }, true);
    type.deleting?.(store.get(existing.id)!, context);
  }
  const operation = begin(store, "delete", existing.key);
  const headers = operationHeaders(request, operation, type.type.split("/")[0]!, existing.body.location ?? "global");
  // Resource groups are polled by Location alone.
  const { Location, "Retry-After": retryAfter } = headers;
  return { status: 202, headers: isGroup ? { Location: Location!, "Retry-After": retryAfter! } : headers };
}
