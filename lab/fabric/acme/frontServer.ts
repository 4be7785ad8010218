/**
 * The front of the certificate authority. Pebble does not count days that are shorter than others, so what it says of
 * renewals is said here; and nobody trusts its root, so a certificate's chain goes on to the lab's authority.
 */
import { X509Certificate } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request, type Server } from "node:https";
import { buffer, text } from "node:stream/consumers";
import { orderOf, type Order } from "./orderLog.ts";
import { renewalInfo, retryAfterSeconds } from "./window.ts";

export interface FrontOptions {
  tls: { cert: string; key: string };
  /** Pebble's ports of 127.0.0.1: the authority's, and the one that tells of certificates. */
  pebblePort: number;
  managementPort: number;
  /** Of now. */
  daySeconds: () => number;
  /** A certificate of an authority that clients trust, for this root. */
  endorse: (root: string) => string;
  /** Called for each order that the authority takes. */
  ordered: (order: Order) => void;
}

/** Length of a day outside of the lab. */
const realDaySeconds = 86_400;
/** Where Pebble takes orders; its directory says so. */
const newOrderPath = "/order-plz";

export function acmeFront(options: FrontOptions): Server {
  return createServer(options.tls, (question, response) => {
    answer(question, response, options).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(502, { "content-type": "text/plain" });
      response.end(`${String(error)}\n`);
    });
  });
}

async function answer(question: IncomingMessage, response: ServerResponse, options: FrontOptions): Promise<void> {
  const daySeconds = options.daySeconds();
  const serial = /\/renewalInfo\/[\w-]+\.([\w-]+)$/.exec(question.url ?? "")?.[1];
  if (question.method === "GET" && serial !== undefined && daySeconds !== realDaySeconds) {
    const validity = await validityOf(Buffer.from(serial, "base64url"), options);
    if (validity) {
      response.writeHead(200, {
        "content-type": "application/json",
        "retry-after": String(retryAfterSeconds(daySeconds)),
      });
      response.end(JSON.stringify(renewalInfo(validity, daySeconds)));
      return;
    }
  }
  const { method, url, headers } = question;
  const body = await buffer(question);
  const found = await ask(options.pebblePort, { method, path: url, headers }, body);
  if (method === "POST" && url === newOrderPath && found.statusCode === 201) options.ordered(orderOf(body));
  const isChain = found.headers["content-type"]?.startsWith("application/pem-certificate-chain");
  const own = isChain ? Buffer.from(await endorsed(await text(found), options)) : await buffer(found);
  const kept = Object.fromEntries(Object.entries(found.headers).filter(([name]) => !ofConnection.includes(name)));
  response.writeHead(found.statusCode ?? 502, { ...kept, ...(method !== "HEAD" && { "content-length": own.length }) });
  response.end(own);
}

/** Headers about the connection to Pebble. */
const ofConnection = ["connection", "keep-alive", "transfer-encoding"];

/** Undefined where the certificate is unknown, or revoked: Pebble knows what to say then. */
async function validityOf(serial: Buffer, options: FrontOptions): Promise<{ from: Date; to: Date } | undefined> {
  const path = `/cert-status-by-serial/${BigInt(`0x${serial.toString("hex") || "0"}`).toString(16)}`;
  const found = await ask(options.managementPort, { method: "GET", path });
  const body = await text(found);
  if (found.statusCode !== 200) return undefined;
  const { Status: status, Certificate: pem } = JSON.parse(body) as { Status?: string; Certificate?: string };
  if (status !== "Valid" || pem === undefined) return undefined;
  const { validFromDate, validToDate } = new X509Certificate(pem);
  return { from: validFromDate, to: validToDate };
}

/** The chain with one more certificate, of the authority that endorses the chain's root. */
async function endorsed(chain: string, options: FrontOptions): Promise<string> {
  const root = await text(await ask(options.managementPort, { method: "GET", path: "/roots/0" }));
  return `${chain.trimEnd()}\n${options.endorse(root)}`;
}

interface Asked {
  method?: string;
  path?: string;
  headers?: IncomingMessage["headers"];
}

/** Nobody else is in this namespace. */
function ask(port: number, asked: Asked, body?: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...asked, host: "127.0.0.1", port, rejectUnauthorized: false, agent: false }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}
