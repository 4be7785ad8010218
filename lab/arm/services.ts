/**
 * Azure's services beside Resource Manager. The front in the lab's Internet ends TLS and hands in each request at a Unix
 * socket, with the host that it was sent to, and the sender's address (`serviceHeaders`).
 */
import { existsSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { managementHost, storageSuffix, vaultSuffix } from "../serviceNames.ts";
import type { Answer, Request } from "./http.ts";
import { answerVault } from "./keyvault/dataPlane.ts";
import { notFound } from "./paths.ts";
import { answering, route, type ServerParts } from "./server.ts";
import { answerBlobCheck } from "./storage/blobCheck.ts";

export async function serveServices(socket: string, parts: ServerParts): Promise<Server> {
  if (existsSync(socket)) rmSync(socket);
  const server = createServer(answering(parts, routeByHost));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socket, resolve));
  return server;
}

function routeByHost(request: Request, parts: ServerParts): Answer | Promise<Answer> {
  const { hostname } = new URL(request.origin);
  const { context } = parts.routing(request.origin);
  if (hostname === managementHost) return route(request, parts);
  if (hostname.endsWith(`.${vaultSuffix}`)) return answerVault(request, context);
  if (hostname.endsWith(`.blob.${storageSuffix}`)) return answerBlobCheck(request, context);
  throw notFound(request);
}
