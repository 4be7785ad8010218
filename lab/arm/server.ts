/** HTTPS in front of the handlers: sockets, bodies, tokens, errors. */
import { randomUUID } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { principalOf } from "./access/principals.ts";
import { answerAccess } from "./access/router.ts";
import { ArmError, badRequest } from "./errors.ts";
import type { Answer, Request } from "./http.ts";
import { logExchange } from "./log.ts";
import { publicJwk, type Keys } from "./login/keys.ts";
import { cloudMetadata, instanceDiscovery, openidConfiguration } from "./login/openid.ts";
import { consoleMachine } from "./login/signedUrl.ts";
import { azureAudiences, issueToken, readToken } from "./login/token.ts";
import type { ArmOptions } from "./options.ts";
import { checkVersion, checkVersionIsGiven, notFound } from "./paths.ts";
import { renderProvider, renderProviders } from "./resources/providers.ts";
import { resourceGroups } from "./resources/resourceGroups.ts";
import { routeSubscription, type Routing } from "./router.ts";

/** ARM's own limit. */
const largestBodyBytes = 4 * 1024 * 1024;

export interface ServerParts {
  options: ArmOptions;
  keys: Keys;
  routing: (origin: string) => Routing;
}

export function serve(parts: ServerParts): Promise<Server> {
  const { key, cert } = parts.options.tls;
  const server = createServer({ key, cert }, answering(parts, route));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(parts.options.port, parts.options.host ?? "127.0.0.1", () => resolve(server));
  });
}

type Route = (request: Request, parts: ServerParts) => Answer | Promise<Answer>;

/** What a server does with each request: bodies are read, refusals told, and exchanges logged alike. */
export const answering =
  (parts: ServerParts, answerOf: Route) =>
  (message: IncomingMessage, response: ServerResponse): void =>
    void exchange(message, response, parts, answerOf);

async function exchange(
  message: IncomingMessage,
  response: ServerResponse,
  parts: ServerParts,
  answerOf: Route,
): Promise<void> {
  const started = performance.now();
  const request = requestOf(message);
  let answer: Answer;
  try {
    await readBody(message, request);
    answer = await answerOf(request, parts);
  } catch (error) {
    answer = failure(error, `${request.origin}/${parts.options.tenantId}`);
  }
  const requestId = randomUUID();
  const body =
    answer.body === undefined ? "" : typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    ...(body !== "" && {
      "Content-Type": typeof answer.body === "string" ? "text/plain; charset=utf-8" : "application/json; charset=utf-8",
    }),
    "Cache-Control": "no-cache",
    "x-ms-request-id": requestId,
    "x-ms-correlation-request-id": requestId,
    ...answer.headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
  logExchange(join(parts.options.stateDir, "arm.log"), request, answer, performance.now() - started);
}

/** `authority` is where a client signs in. */
function failure(error: unknown, authority: string): Answer {
  if (!(error instanceof ArmError)) {
    console.error(error);
    const message = `The lab's ARM server failed: ${error instanceof Error ? error.message : String(error)}`;
    return { status: 500, body: { error: { code: "InternalServerError", message } } };
  }
  const challenge =
    error.status === 401
      ? {
          "WWW-Authenticate": `Bearer authorization_uri="${authority}", error="invalid_token", error_description="${error.message}"`,
        }
      : undefined;
  const headers = error.headers ?? challenge;
  return { status: error.status, ...(headers && { headers }), body: error.bare ? error.body : { error: error.body } };
}

function requestOf(message: IncomingMessage): Request {
  const origin = `https://${message.headers.host ?? "127.0.0.1"}`;
  const { pathname, searchParams } = new URL(message.url ?? "/", origin);
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
  const path = safelyDecoded(pathname);
  const segments = path.split("/").filter((segment) => segment !== "");
  const method = message.method ?? "GET";
  return { method, segments, path, query: searchParams, headers, body: undefined, principalId: "", origin };
}

function safelyDecoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function readBody(message: IncomingMessage, request: Request): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += (chunk as Buffer).length;
    if (size > largestBodyBytes)
      throw new ArmError(
        413,
        "RequestContentTooLarge",
        `The request content size exceeds the maximum size of ${largestBodyBytes} bytes.`,
      );
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "") return;
  if (request.headers["content-type"]?.includes("form-urlencoded")) {
    request.body = text;
    return;
  }
  try {
    request.body = JSON.parse(text);
  } catch (error) {
    throw badRequest(
      "InvalidRequestContent",
      `The request content was invalid and could not be deserialized: '${(error as Error).message}'.`,
    );
  }
}

/** Azure Resource Manager, and the sign-in before it. */
export async function route(request: Request, { options, keys, routing }: ServerParts): Promise<Answer> {
  const { segments, query, origin } = request;
  const [first = "", second = "", third = "", fourth = ""] = segments.map((segment) => segment.toLowerCase());
  if (first === "metadata" && second === "endpoints") {
    checkVersionIsGiven(request);
    return { status: 200, body: cloudMetadata(query.get("api-version")!, origin) };
  }
  if (first === "bootdiagnostics") return serialLog(request, routing(origin), options);
  if (second === "oauth2" && request.method === "POST") {
    const basic = /^Basic (\S+)$/i.exec(request.headers["authorization"] ?? "")?.[1];
    return issueToken(
      new URLSearchParams(typeof request.body === "string" ? request.body : ""),
      basic,
      segments[0]!,
      routing(origin).context,
      keys,
    );
  }
  if (second === ".well-known" || third === ".well-known")
    return { status: 200, body: openidConfiguration(segments[0]!, origin) };
  if (second === "discovery" && (third === "instance" || third === "v2.0" || third === "keys")) {
    const tenant =
      /^https?:\/\/[^/]+\/([^/]+)/.exec(query.get("authorization_endpoint") ?? "")?.[1] ?? options.tenantId;
    return {
      status: 200,
      body: third === "instance" ? instanceDiscovery(tenant, origin) : { keys: [await publicJwk(keys)] },
    };
  }
  const audiences = [...azureAudiences, origin];
  const token = await readToken(request.headers["authorization"], audiences, options, keys);
  if ("problem" in token) throw new ArmError(401, token.problem.code, token.problem.message);
  request.principalId = principalOf(token.claims);
  switch (first) {
    case "subscriptions":
      return routeSubscription(request, routing(origin));
    case "tenants":
      checkVersion(request, resourceGroups);
      return {
        status: 200,
        body: {
          value: [
            {
              id: `/tenants/${options.tenantId}`,
              tenantId: options.tenantId,
              displayName: "lab",
              tenantCategory: "Home",
            },
          ],
        },
      };
    case "providers": {
      // Roles are the tenant's, and anybody may read them.
      const ofRoles = third === "roledefinitions" && answerAccess(request, routing(origin).context);
      if (ofRoles) return ofRoles;
      if (fourth !== "" || third !== "") throw notFound(request);
      checkVersion(request, resourceGroups);
      return {
        status: 200,
        body:
          second === ""
            ? { value: renderProviders(routing(origin).context) }
            : renderProvider(second, routing(origin).context),
      };
    }
    default:
      throw notFound(request);
  }
}

async function serialLog(request: Request, { context }: Routing, options: ArmOptions): Promise<Answer> {
  const machine = consoleMachine(request.path, request.query, context);
  if (machine === undefined || request.method !== "GET") {
    throw new ArmError(
      403,
      "AuthenticationFailed",
      "Server failed to authenticate the request. The signature of this URL is wrong or too old: ask retrieveBootDiagnosticsData for another.",
    );
  }
  if (!context.store.get(machine))
    throw new ArmError(404, "BlobNotFound", "The specified blob does not exist: the machine was deleted.");
  return { status: 200, body: await options.effects.serialLog(machine) };
}
