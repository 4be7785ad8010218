/** The Unix socket on which the fabric hands in what machines ask of the metadata service. */
import { existsSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { metadataHeaders } from "../../world.ts";
import type { Answer } from "../http.ts";
import type { Context } from "../types.ts";
import { answerMetadata } from "./service.ts";

/** More than any list of events has. */
const largestBody = 64 * 1024;

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
    return answerMetadata(
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
    if (text.length > largestBody) throw new Error("a machine sent more than the metadata service takes");
  }
  return text;
}
