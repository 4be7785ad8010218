/** What GitLab is for other clouds: an issuer of ID tokens, each for one job. */
import { generateKeyPairSync } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { exportJWK, type JWK, SignJWT } from "jose";
import { gitlabSubject, type Job, tokenExchange } from "../gitlabToken.ts";

export class Issuer {
  readonly #keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  readonly #public: Promise<JWK> = exportJWK(this.#keys.publicKey);

  /** Answers requests for its configuration and keys; true where this was one. */
  answer(url: string, request: IncomingMessage, response: ServerResponse): boolean {
    const send = (body: object) => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
      return true;
    };
    if (request.url === "/.well-known/openid-configuration")
      return send({ issuer: url, jwks_uri: `${url}/oauth/discovery/keys` });
    if (request.url !== "/oauth/discovery/keys") return false;
    void this.#public.then((key) => send({ keys: [{ ...key, kid: "one", use: "sig", alg: "RS256" }] }));
    return true;
  }

  token(url: string, of: Job): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ project_path: of.project, ref_protected: String(of.refProtected) })
      .setProtectedHeader({ alg: "RS256", kid: "one", typ: "JWT" })
      .setIssuer(url)
      .setSubject(gitlabSubject(of))
      .setAudience(tokenExchange)
      .setNotBefore(now - 5)
      .setExpirationTime(now + 3600)
      .sign(this.#keys.privateKey);
  }
}
