/** As much of an ACME client (RFC 8555) as a test of the front needs; each request may be refused for its nonce. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Asks `host`, which is at a port of this machine, and is to have a certificate of `authority`. */
export const asker =
  (host: string, port: number, authority: string) =>
  (method: string, url: string, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { pathname } = new URL(url, `https://${host}`);
      const headers = {
        host,
        "user-agent": "lab-test",
        ...(body !== undefined && { "content-type": "application/jose+json" }),
      };
      const where = { host: "127.0.0.1", port, servername: host, ca: authority, agent: false };
      const sent = request({ ...where, method, path: pathname, headers }, (found) => {
        text(found).then((body) => resolve({ status: found.statusCode ?? 0, headers: found.headers, body }), reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });

const base64url = (value: string | object): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export class AcmeClient {
  readonly #ask: ReturnType<typeof asker>;
  readonly #directory: Record<string, string>;
  readonly #key = generateKeyPairSync("ec", { namedCurve: "P-256" });
  #account = "";

  private constructor(ask: ReturnType<typeof asker>, directory: Record<string, string>) {
    this.#ask = ask;
    this.#directory = directory;
  }

  /** A client with an account. */
  static async begin(ask: ReturnType<typeof asker>): Promise<AcmeClient> {
    const client = new AcmeClient(ask, JSON.parse((await ask("GET", "/dir")).body) as Record<string, string>);
    const made = await client.#post(client.#directory.newAccount!, { termsOfServiceAgreed: true });
    client.#account = made.headers.location ?? "";
    return client;
  }

  /** Address of what the authority says of a certificate's renewal. */
  renewalUrl(id: string): string {
    return `${this.#directory.renewalInfo}/${id}`;
  }

  /** Orders a certificate for a host; returns its chain. Validations must succeed without an answer of ours. */
  async order(host: string, profile: string, directory: string): Promise<string> {
    const identifiers = [{ type: "dns", value: host }];
    const made = await this.#post(this.#directory.newOrder!, { identifiers, profile });
    const order = JSON.parse(made.body) as { authorizations: string[]; finalize: string };
    const authorization = await this.#read<{ challenges: { type: string; url: string }[] }>(order.authorizations[0]!);
    await this.#post(authorization.challenges.find(({ type }) => type === "http-01")!.url, {});
    const place = made.headers.location ?? "";
    await this.#until(place, "ready");
    const key = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      join(directory, "key.pem"),
    ];
    const csr = execFileSync(
      "openssl",
      ["req", "-new", ...key, "-subj", "/", "-addext", `subjectAltName=DNS:${host}`, "-outform", "DER"],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    await this.#post(order.finalize, { csr: csr.toString("base64url") });
    const { certificate } = await this.#until(place, "valid");
    return (await this.#post(certificate!, "")).body;
  }

  async #until(url: string, wanted: string): Promise<{ certificate?: string }> {
    for (let tries = 0; tries < 100; tries += 1) {
      const found = await this.#read<{ status: string; certificate?: string }>(url);
      if (found.status === wanted) return found;
      if (found.status === "invalid") throw new Error(JSON.stringify(found));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${url} is not ${wanted}`);
  }

  async #read<T>(url: string): Promise<T> {
    return JSON.parse((await this.#post(url, "")).body) as T;
  }

  async #post(url: string, payload: object | ""): Promise<Answer> {
    const nonce = (await this.#ask("HEAD", this.#directory.newNonce!)).headers["replay-nonce"];
    const { kty, crv, x, y } = this.#key.publicKey.export({ format: "jwk" });
    const who = this.#account === "" ? { jwk: { kty, crv, x, y } } : { kid: this.#account };
    const head = base64url({ alg: "ES256", nonce, url, ...who });
    const body = base64url(payload);
    const signature = sign("sha256", Buffer.from(`${head}.${body}`), {
      key: this.#key.privateKey,
      dsaEncoding: "ieee-p1363",
    }).toString("base64url");
    const answer = await this.#ask("POST", url, JSON.stringify({ protected: head, payload: body, signature }));
    if (answer.body.includes("acme:error:badNonce")) return this.#post(url, payload);
    if (answer.status >= 400) throw new Error(`${url}: ${answer.status} ${answer.body}`);
    return answer;
  }
}

/** The name of a certificate in questions about its renewal (RFC 9773, section 4.1). */
export function renewalId(certificate: string): string {
  const shown = execFileSync("openssl", ["x509", "-noout", "-serial", "-ext", "authorityKeyIdentifier"], {
    input: certificate,
    encoding: "utf8",
  });
  const serial = /serial=([0-9A-F]+)/.exec(shown)?.[1] ?? "";
  const authority = /(?:keyid:)?\s*((?:[0-9A-F]{2}:){19}[0-9A-F]{2})/.exec(shown)?.[1]?.replaceAll(":", "") ?? "";
  // A number whose first bit is set has a zero before it, as in DER.
  const padded = Number.parseInt(serial.slice(0, 2), 16) > 127 ? `00${serial}` : serial;
  return [authority, padded].map((hex) => Buffer.from(hex, "hex").toString("base64url")).join(".");
}
