/** What the host from before answers: that it is the one, and how it was asked. */
import { readFileSync } from "node:fs";
import type { IncomingMessage, RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import { text } from "node:stream/consumers";
import { createSecureContext, type TLSSocket } from "node:tls";

export interface HostCertificate {
  /** Host name, or `*.` and one. */
  name: string;
  certFile: string;
  keyFile: string;
}

/** Exact names before wildcards, of one label more. */
function ofName<T extends { name: string }>(all: readonly T[], name: string): T | undefined {
  const lower = name.toLowerCase();
  return all.find((one) => one.name === lower) ?? all.find((one) => one.name === lower.replace(/^[^.]+/, "*"));
}

/** HTTPS. A name without a certificate gets no handshake, nor does a client that names none. */
export function oldHostServer(certificates: readonly HostCertificate[]): Server {
  const contexts = certificates.map(({ name, certFile, keyFile }) => ({
    name,
    context: createSecureContext({ cert: readFileSync(certFile), key: readFileSync(keyFile) }),
  }));
  return createServer(
    {
      SNICallback: (name, done) => {
        const found = ofName(contexts, name);
        done(found ? null : new Error(`the old host has no certificate for ${name}`), found?.context);
      },
    },
    oldHostAnswer(certificates),
  );
}

/** The answer to every request to one of the names, with 421 to others. Bodies are read and told. */
export function oldHostAnswer(certificates: readonly Pick<HostCertificate, "name">[]): RequestListener {
  return (request, response) => {
    const host = (request.headers.host ?? "").replace(/:\d+$/, "");
    void text(request)
      .then((body) => {
        response.writeHead(ofName(certificates, host) ? 200 : 421, {
          "content-type": "application/json",
          "x-answered-by": service,
        });
        response.end(`${JSON.stringify({ service, machine: service, ...asked(request, host), body })}\n`);
      })
      .catch(() => response.destroy());
  };
}

const service = "old-host";

function asked({ method, url, headers, socket }: IncomingMessage, host: string): object {
  const one = (name: string) => headers[name] ?? null;
  return {
    scheme: (socket as TLSSocket).encrypted ? "https" : "http",
    host,
    method,
    path: url,
    client: socket.remoteAddress,
    forwardedFor: one("x-forwarded-for"),
    forwardedProto: one("x-forwarded-proto"),
    cookie: one("cookie"),
  };
}
