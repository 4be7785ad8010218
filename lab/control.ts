/** What the daemon answers `bin/lab` on its socket. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { text } from "node:stream/consumers";

export interface ControlParts {
  status(): object;
  /** What the machine wrote to its console. */
  serialLog(machineId: string): Promise<string>;
  /** The subscription's limits, after the change where one is given. Throws where it is not valid. */
  limits(change?: unknown): object;
  /** Takes over what was kept of domains and of the host from before. */
  take(): Promise<void>;
}

/** Paths: `/status`, `/serial/{machine ID}`, `/limits`, `/take`. A failure is answered as text. */
export function controlServer(parts: ControlParts): Server {
  return createServer((request, response) => {
    answer(request, parts).then(
      ({ status, body }) => {
        response.statusCode = status;
        if (typeof body === "object") response.setHeader("content-type", "application/json");
        response.end(typeof body === "object" ? JSON.stringify(body) : body);
      },
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? error.message : String(error));
      },
    );
  });
}

async function answer(
  request: IncomingMessage,
  parts: ControlParts,
): Promise<{ status: number; body: object | string }> {
  const { url = "", method } = request;
  if (url === "/status") return { status: 200, body: parts.status() };
  if (url === "/limits") {
    const change: unknown = method === "POST" ? JSON.parse(await text(request)) : undefined;
    return { status: 200, body: parts.limits(change) };
  }
  if (url === "/take" && method === "POST") return { status: 200, body: await parts.take().then(() => "") };
  if (url.startsWith("/serial/"))
    return { status: 200, body: await parts.serialLog(decodeURIComponent(url.slice("/serial/".length))) };
  return { status: 404, body: "" };
}
