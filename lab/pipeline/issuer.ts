/** What GitLab is for other clouds: an issuer of ID tokens, each for one job. */
import { generateKeyPairSync } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { exportJWK, type JWK, SignJWT } from "jose";

/** What GitLab knows of a job, whatever its author says. */
export interface TokenOf {
  project: string;
  /** Only jobs of protected branches; a pipeline of a merge request is none, whatever its branch is called. */
  refProtected: boolean;
  environment?: { tier: string };
}

/**
 * The subject of which `bin/azure-state` tells GitLab the components.
 * https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload
 */
export function subjectOf({ project, refProtected, environment }: TokenOf): string {
  return [
    ...["project_path", project],
    ...["ref_type", "branch"],
    ...["ref_protected", String(refProtected)],
    ...(environment ? ["environment_protected", "true", "deployment_tier", environment.tier] : []),
  ].join(":");
}

export const tokenAudience = "api://AzureADTokenExchange";

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

  token(url: string, of: TokenOf, seconds = 3600): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ project_path: of.project, ref_protected: String(of.refProtected) })
      .setProtectedHeader({ alg: "RS256", kid: "one", typ: "JWT" })
      .setIssuer(url)
      .setSubject(subjectOf(of))
      .setAudience(tokenAudience)
      .setNotBefore(now - 5)
      .setExpirationTime(now + seconds)
      .sign(this.#keys.privateKey);
  }
}
