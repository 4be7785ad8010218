/** For the tests: an issuer of ID tokens on this machine, such as GitLab is for its jobs. */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, SignJWT } from "jose";
import { tokenExchange } from "../../gitlabToken.ts";

const keyPair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
/** Of all issuers here: to make one takes a good part of a second. */
const [own, others] = [keyPair(), keyPair()];

interface Token {
  subject: string;
  audience?: string;
  /** Seconds from now until it ends; before now for one that has ended. */
  expires?: number;
  /** Seconds from now until it begins. */
  begins?: number;
  /** Signed by somebody else who claims to be the issuer. */
  forged?: true;
}

export class TestIssuer {
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request.url ?? "").then((body) => {
      response.writeHead(body ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify(body ?? {}));
    });
  });

  start(): Promise<void> {
    // Nobody has to stop it for a process to end.
    return new Promise((resolve) => void this.#server.listen(0, "127.0.0.1", resolve).unref());
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(path: string): Promise<object | undefined> {
    if (path === "/.well-known/openid-configuration") return { issuer: this.url, jwks_uri: `${this.url}/keys` };
    if (path !== "/keys") return undefined;
    return { keys: [{ ...(await exportJWK(own.publicKey)), kid: "one", use: "sig", alg: "RS256" }] };
  }

  token({ subject, audience = tokenExchange, expires = 300, begins = -5, forged }: Token): Promise<string> {
    const nowSeconds = Math.floor(Date.now() / 1000);
    return new SignJWT({})
      .setProtectedHeader({ alg: "RS256", kid: "one", typ: "JWT" })
      .setIssuer(this.url)
      .setSubject(subject)
      .setAudience(audience)
      .setNotBefore(nowSeconds + begins)
      .setExpirationTime(nowSeconds + expires)
      .sign((forged ? others : own).privateKey);
  }
}
