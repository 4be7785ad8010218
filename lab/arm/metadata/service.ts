/**
 * The Instance Metadata Service. The fabric hands in the machines' requests at a Unix socket, with the network and the
 * address that they come from. https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service
 */
import { existsSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { metadataHeaders } from "../../world.ts";
import type { MachineBody } from "../compute/machineSchema.ts";
import type { Context } from "../context.ts";
import type { Answer } from "../http.ts";
import { keyOf } from "../ids.ts";
import { networkIdOf, type NetworkInterfaceBody } from "../network/networkInterfaceSchema.ts";
import type { Resource } from "../resource.ts";
import { types } from "../typeNames.ts";
import { instanceDocument, instanceVersions } from "./instance.ts";
import { answerToken, refusedToken } from "./identity.ts";
import { approveEvents, eventsDocument, eventVersions } from "./scheduledEvents.ts";

interface MetadataRequest {
  /** The virtual network that the request came from, and the address in it. */
  networkId: string;
  client: string;
  method: string;
  /** Path and query. */
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** More than any list of events has. */
const largestBodyBytes = 64 * 1024;

export async function serveMetadata(socket: string, context: Context): Promise<Server> {
  if (existsSync(socket)) rmSync(socket);
  const server = createServer((message, response) => {
    void exchange(message, context).then(({ status, body = "" }) => {
      const isText = typeof body === "string";
      response.writeHead(status, { "Content-Type": `${isText ? "text/plain" : "application/json"}; charset=utf-8` });
      response.end(isText ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socket, resolve));
  return server;
}

async function exchange(message: IncomingMessage, context: Context): Promise<Answer> {
  try {
    return await answerMetadata(
      {
        networkId: String(message.headers[metadataHeaders.network]),
        client: String(message.headers[metadataHeaders.client]),
        method: message.method ?? "GET",
        url: message.url ?? "/",
        headers: message.headers,
        body: await textOf(message),
      },
      context,
    );
  } catch (error) {
    console.error(error);
    return { status: 500, body: { error: "Service error" } };
  }
}

async function textOf(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message.setEncoding("utf8")) {
    text += chunk as string;
    if (text.length > largestBodyBytes) throw new Error("a machine sent more than the metadata service takes");
  }
  return text;
}

const refused = (status: number, error: string, more: object = {}): Answer => ({ status, body: { error, ...more } });

function answerMetadata(request: MetadataRequest, context: Context): Answer | Promise<Answer> {
  const { pathname, searchParams: query } = new URL(request.url, "http://169.254.169.254");
  const [root, category = "", ...path] = pathname.split("/").filter((part) => part !== "");
  if (String(request.headers["metadata"]).toLowerCase() !== "true")
    return category.toLowerCase() === "identity"
      ? refusedToken("bad_request_102", "Required metadata header not specified")
      : refused(400, "Bad request. Required metadata header not specified");
  if (request.headers["x-forwarded-for"] !== undefined)
    return refused(400, "Bad request. A request with an X-Forwarded-For header is not answered");
  if (new Set(query.keys()).size !== query.size)
    return refused(400, "Bad request. A query parameter was given more than once");
  const machine = machineAt(request.networkId, request.client, context);
  if (root !== "metadata" || !machine) return refused(404, "Not found");
  switch (category.toLowerCase()) {
    case "versions":
      return { status: 200, body: { apiVersions: instanceVersions } };
    case "instance":
      if (request.method !== "GET") return refused(405, "Method not allowed");
      return withVersion(query, instanceVersions, () => rendered(at(instanceDocument(machine, context), path), query));
    case "scheduledevents":
      return withVersion(query, eventVersions, (version) => {
        if (path.length > 0) return refused(404, "Not found");
        if (request.method === "GET") return { status: 200, body: eventsDocument(machine, version, context) };
        if (request.method !== "POST") return refused(405, "Method not allowed");
        return approveEvents(machine, request.body, context)
          ? { status: 200 }
          : refused(400, "Bad request. StartRequests with the EventId of an event of this scale set is expected");
      });
    case "identity":
      if (path.join("/").toLowerCase() !== "oauth2/token") return refused(404, "Not found");
      if (request.method !== "GET") return refused(405, "Method not allowed");
      return answerToken(machine, query, context);
    default:
      return refused(404, "Not found");
  }
}

/** The machine that has the address; its interface may belong to one that is being deleted. */
function machineAt(networkId: string, address: string, { store }: Context): Resource<MachineBody> | undefined {
  const nic = store
    .ofType<NetworkInterfaceBody>(types.networkInterface)
    .find(
      (one) => keyOf(networkIdOf(one)) === networkId && Object.values(one.computed.addresses ?? {}).includes(address),
    );
  return nic?.computed.machineId === undefined ? undefined : store.get<MachineBody>(nic.computed.machineId);
}

function withVersion(query: URLSearchParams, versions: readonly string[], answer: (version: string) => Answer): Answer {
  const version = query.get("api-version") ?? "";
  if (versions.includes(version)) return answer(version);
  const error =
    "Bad request. api-version is invalid or was not specified in the request. For more information refer to aka.ms/azureimds";
  return refused(400, error, { "newest-versions": [...versions].reverse().slice(0, 3) });
}

/** What the path leads to: keys of objects and indices of lists. */
const at = (document: unknown, path: string[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      value !== null && typeof value === "object" && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined,
    document,
  );

/** Leaves are text only; text of anything else is the list of what it has, as in a directory. */
function rendered(found: unknown, query: URLSearchParams): Answer {
  if (found === undefined) return refused(404, "Not found");
  const isLeaf = typeof found === "string";
  switch (query.get("format") ?? "json") {
    case "json":
      return isLeaf
        ? refused(400, "Bad request. Requested resource is a leaf: format=text is needed")
        : { status: 200, body: found };
    case "text":
      if (isLeaf) return { status: 200, body: found };
      return {
        status: 200,
        body: Object.entries(found as object)
          .map(([key, value]) => (typeof value === "string" ? key : `${key}/`))
          .join("\n"),
      };
    default:
      return refused(400, "Bad request. format is json or text");
  }
}
