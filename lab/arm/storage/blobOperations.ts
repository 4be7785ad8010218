/**
 * What a request to a blob service needs a right for.
 * https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory#permissions-for-calling-data-operations
 */
import { containerId } from "./containers.ts";

/** A request, as far as it says what it wants. */
export interface BlobRequest {
  method: string;
  /** Decoded. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
}

export interface BlobOperation {
  /** What is asked for a right: the blobs are data, their containers are not. */
  kind: "action" | "dataAction";
  /** As roles name it. */
  operation: string;
  scope: string;
  /** Whether it only reads, as everybody may do where a container is public. */
  reads: boolean;
  /** Of a container that is made or removed by the request. */
  container?: { name: string; change: "made" | "removed" };
}

const service = "Microsoft.Storage/storageAccounts/blobServices";
const containers = `${service}/containers`;
const blobs = `${containers}/blobs`;

const isReading = (method: string): boolean => method === "GET" || method === "HEAD";

/**
 * Undefined for a request that the lab does not judge: what could mean one thing here and another to Azurite, among it
 * blobs of the root container without its name, and batches, whose parts have rights of their own.
 */
export function operationOf(request: BlobRequest, accountId: string): BlobOperation | undefined {
  const { query, path } = request;
  const names = [...query.keys()].map((name) => name.toLowerCase());
  const isPlain = new Set(names).size === names.length && [...query.keys()].every((name) => /^[^A-Z]+$/.test(name));
  if (!isPlain) return undefined;
  const [first, second] = path.slice(1).split(/\/(.*)/s);
  const isOf = (restype: string | null): boolean => query.get("restype") === restype;
  if (!first) return second === undefined && !isOf("container") ? ofService(request, accountId) : undefined;
  if (!second) return isOf("container") ? ofContainer(request, containerId(accountId, first), first) : undefined;
  return isOf(null) ? ofBlob(request, containerId(accountId, first)) : undefined;
}

function ofService({ method, query }: BlobRequest, accountId: string): BlobOperation | undefined {
  const scope = `${accountId}/blobServices/default`;
  const reads = false;
  const comp = query.get("comp") ?? "";
  const restype = query.get("restype") ?? "";
  const action = (operation: string): BlobOperation => ({ kind: "action", operation, scope, reads });
  if (restype === "account") return action(`${service}/getInfo/action`);
  // Azurite's user delegation keys are known to everybody.
  if (comp === "userdelegationkey") return undefined;
  if (restype === "service") return action(`${service}/${isReading(method) ? "read" : "write"}`);
  if (comp === "list") return action(`${containers}/read`);
  if (comp === "blobs") return { kind: "dataAction", operation: `${blobs}/filter/action`, scope, reads };
  return undefined;
}

function ofContainer({ method, query }: BlobRequest, scope: string, name: string): BlobOperation | undefined {
  const comp = query.get("comp") ?? "";
  const reads = isReading(method);
  const action = (operation: string): BlobOperation => ({
    kind: "action",
    operation: `${containers}/${operation}`,
    scope,
    reads,
  });
  const data = (operation: string): BlobOperation => ({ kind: "dataAction", operation, scope, reads });
  switch (comp) {
    case "":
      if (reads) return action("read");
      if (method === "PUT") return { ...action("write"), container: { name, change: "made" } };
      if (method === "DELETE") return { ...action("delete"), container: { name, change: "removed" } };
      return undefined;
    case "list":
      return data(`${blobs}/read`);
    case "blobs":
      return data(`${blobs}/filter/action`);
    case "acl":
      return action(reads ? "getAcl/action" : "setAcl/action");
    case "metadata":
      return action(reads ? "read" : "write");
    case "lease":
      return action("write");
    default:
      return undefined;
  }
}

function ofBlob({ method, query, headers }: BlobRequest, scope: string): BlobOperation | undefined {
  const comp = query.get("comp") ?? "";
  const reads = isReading(method);
  const data = (operation: string): BlobOperation => ({
    kind: "dataAction",
    operation: `${blobs}/${operation}`,
    scope,
    reads,
  });
  if (comp === "tags") return data(reads ? "tags/read" : "tags/write");
  if (reads || comp === "query") return data("read");
  if (method === "DELETE") return data(query.has("versionid") ? "deleteBlobVersion/action" : "delete");
  if (method !== "PUT" || comp === "expiry" || comp === "immutabilityPolicies" || comp === "legalhold")
    return undefined;
  // A blob that must be new needs the lesser right.
  return data(comp === "" && headers["if-none-match"] === "*" ? "add/action" : "write");
}

/** The blob that a request copies from: its host, and what it needs a right for there. */
export function sourceOf({ headers }: BlobRequest): { host: string; request: BlobRequest } | undefined {
  const given = headers["x-ms-copy-source"];
  if (given === undefined) return undefined;
  const { hostname: host, pathname } = URL.canParse(given) ? new URL(given) : new URL("https://nowhere.example");
  return {
    host,
    request: { method: "GET", path: decodeURIComponent(pathname), query: new URLSearchParams(), headers: {} },
  };
}
