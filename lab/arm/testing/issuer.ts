/** For the tests: an issuer of ID tokens on this machine, such as GitLab is for its jobs. */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, SignJWT } from "jose";

export const tokenExchange = "api://AzureADTokenExchange";

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

/** What GitLab knows of a job. */
export interface Job {
  /** Of the project whose code runs: in a pipeline of a merge request from a fork, the fork. */
  project: string;
  refType?: "branch" | "tag";
  ref: string;
  /** False in pipelines of merge requests, unless the project protects those between protected branches. */
  refProtected: boolean;
  environment?: { protected: boolean; tier: string };
}

/** What a project's ID tokens are made of, as `bin/azure-state` has it. */
const safeComponents = ["project_path", "ref_type", "ref_protected", "environment_protected", "deployment_tier"];

/**
 * The subject of a job's ID token, made of the components that the project names; those that a job lacks are left out.
 * https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload
 */
export function gitlabSubject(job: Job, components: readonly string[] = safeComponents): string {
  const claims: Record<string, string | undefined> = {
    project_path: job.project,
    ref_type: job.refType ?? "branch",
    ref: job.ref,
    ref_protected: String(job.refProtected),
    environment_protected: job.environment && String(job.environment.protected),
    deployment_tier: job.environment?.tier,
  };
  return components.flatMap((name) => (claims[name] === undefined ? [] : [name, claims[name]])).join(":");
}
