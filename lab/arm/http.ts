/** A request and its answer, free of sockets. */
import type { Operation } from "./operation.ts";

export interface Request {
  method: string;
  /** Decoded path segments, letter case as given. */
  segments: string[];
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  /** Parsed JSON, or the text of a form. */
  body: unknown;
  /** Object ID of whoever its token was issued to; empty where none was needed. */
  principalId: string;
  /** `https://host:port` as the client wrote it. */
  origin: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** JSON; a string is sent as it is. */
  body?: unknown;
}

/** URLs under which an asynchronous operation is polled. */
export function operationHeaders(
  request: Request,
  operation: Operation,
  namespace: string,
  location: string,
): Record<string, string> {
  const version = request.query.get("api-version") ?? "";
  const subscription = `${request.origin}/subscriptions/${request.segments[1]}`;
  const base =
    namespace === "Microsoft.Resources" ? subscription : `${subscription}/providers/${namespace}/locations/${location}`;
  const isCompute = namespace === "Microsoft.Compute";
  return {
    "Azure-AsyncOperation": `${base}/operations/${operation.name}?api-version=${version}`,
    Location: isCompute
      ? `${base}/operations/${operation.name}?monitor=true&api-version=${version}`
      : `${base}/operationResults/${operation.name}?api-version=${version}`,
    "Retry-After": "1",
  };
}

/** A list, in pages of `$top` with a link to the next one. */
export function listed(value: readonly object[], request: Request): Answer {
  const { query, origin, path } = request;
  const most = Number(query.get("$top") ?? 0);
  if (!(most > 0)) return { status: 200, body: { value } };
  const from = Number(query.get("$skiptoken") ?? 0);
  const to = from + most;
  const next = new URLSearchParams(query);
  next.set("$skiptoken", String(to));
  const nextLink = `${origin}${encodeURI(path)}?${next.toString()}`;
  return { status: 200, body: { value: value.slice(from, to), ...(to < value.length && { nextLink }) } };
}
