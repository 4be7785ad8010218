/**
 * For the tests: Azure's own names on this machine. A program that is given `environment` finds a proxy that leads
 * `login.microsoftonline.com` to the lab's ARM, every storage account to Azurite, and vaults by the lab's names for them
 * to the lab, over TLS that it trusts; the proxy knows no other names. So a client runs with the addresses and settings
 * that it has on Azure.
 */
import { mkdtempSync, rmSync } from "node:fs";
import {
  createServer as createProxy,
  request as plainRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer, request } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../../arm/testing/certificates.ts";
import { vaultSuffix } from "../../serviceNames.ts";

const login = "login.microsoftonline.com";
const blobs = "blob.core.windows.net";

interface Places {
  /** Ports. */
  arm: number;
  azurite: number;
  /** Socket of the lab's services. */
  services: string;
}

/** A request for a blob or container, as the client sent it. */
export interface Asked {
  method: string;
  /** For example `/state/.pulumi/meta.yaml`. */
  path: string;
}

export interface AzureNames {
  environment: NodeJS.ProcessEnv;
  /** Requests to storage accounts. */
  asked: Asked[];
  stop(): Promise<void>;
}

export async function startAzureNames({ arm, azurite, services }: Places): Promise<AzureNames> {
  const directory = mkdtempSync(join(tmpdir(), "azure-names-"));
  const { key, cert } = makeCertificates(directory, [`DNS:${login}`, `DNS:*.${blobs}`, `DNS:*.${vaultSuffix}`]);
  const asked: Asked[] = [];
  const front = createServer({ key, cert }, (message, response) => {
    const { hostname, pathname } = new URL(message.url ?? "/", `https://${message.headers.host}`);
    if (hostname.endsWith(`.${vaultSuffix}`)) return pass(message, response, { socketPath: services });
    const isBlob = hostname !== login;
    if (isBlob) asked.push({ method: message.method ?? "", path: decodeURIComponent(pathname) });
    pass(message, response, { port: isBlob ? azurite : arm });
  });
  const frontPort = await listen(front);
  const proxy = createProxy((_, response) => response.writeHead(502).end());
  proxy.on("connect", ({ url = "" }, client) => {
    const name = url.replace(/:443$/, "");
    if (name !== login && ![blobs, vaultSuffix].some((suffix) => name.endsWith(`.${suffix}`)))
      return client.end("HTTP/1.1 502 not here\r\n\r\n");
    const inner = connect(frontPort, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      inner.pipe(client).pipe(inner);
    });
    for (const [one, other] of [
      [inner, client],
      [client, inner],
    ] as const)
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
  });
  const proxyPort = await listen(proxy);
  return {
    environment: {
      HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
      NO_PROXY: "127.0.0.1,localhost",
      SSL_CERT_FILE: join(directory, "ca.crt"),
    },
    asked,
    async stop() {
      await Promise.all([close(front), close(proxy)]);
      rmSync(directory, { recursive: true });
    },
  };
}

/** Servers at ports have certificates of their own, which nobody looks at here. */
function pass(
  message: IncomingMessage,
  response: ServerResponse,
  place: { port: number } | { socketPath: string },
): void {
  const { method, url: path, headers } = message;
  const target = { host: "127.0.0.1", rejectUnauthorized: false, agent: false, ...place, method, path, headers };
  const answered = (answer: IncomingMessage) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  };
  const sent = "port" in place ? request(target, answered) : plainRequest(target, answered);
  sent.on("error", () => response.writeHead(502).end());
  message.pipe(sent);
}

const listen = (server: Server | ReturnType<typeof createServer>): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });

const close = (server: Server | ReturnType<typeof createServer>): Promise<void> =>
  new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
