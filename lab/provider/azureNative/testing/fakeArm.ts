/** ARM's side of the wire in memory, put under the real SDKs as their transport. */
import type { HttpClient, PipelineRequest, PipelineResponse } from "@azure/core-rest-pipeline";
import { createHttpHeaders } from "@azure/core-rest-pipeline";
import { Arm } from "../arm.ts";
import { readSettings } from "../settings.ts";

interface Sent {
  method: string;
  path: string;
  apiVersion: string | null;
  body: unknown;
}

type Answer = { status: number; body?: unknown; headers?: Record<string, string> };

export class FakeArm implements HttpClient {
  readonly sent: Sent[] = [];
  readonly store = new Map<string, Record<string, unknown>>();
  /** Answers instead of the store, once each, to requests with this method. */
  readonly instead: { method: string; answer: Answer | Error }[] = [];

  sendRequest(request: PipelineRequest): Promise<PipelineResponse> {
    return new Promise((resolve) => resolve(this.#respond(request)));
  }

  #respond(request: PipelineRequest): PipelineResponse {
    const url = new URL(request.url);
    const path = decodeURIComponent(url.pathname);
    const body: unknown = typeof request.body === "string" ? JSON.parse(request.body) : undefined;
    this.sent.push({ method: request.method, path, apiVersion: url.searchParams.get("api-version"), body });
    const index = this.instead.findIndex(({ method }) => method === request.method);
    const answer = index < 0 ? this.#answer(request.method, path, body) : this.instead.splice(index, 1)[0]!.answer;
    if (answer instanceof Error) throw answer;
    return {
      request,
      status: answer.status,
      headers: createHttpHeaders({ "content-type": "application/json", ...answer.headers }),
      bodyAsText: answer.body === undefined ? "" : JSON.stringify(answer.body),
    };
  }

  #answer(method: string, path: string, body: unknown): Answer {
    const key = path.toLowerCase();
    if (method === "PUT") {
      const put = body as Record<string, unknown>;
      const properties = { ...(put["properties"] as object | undefined), provisioningState: "Succeeded" };
      const stored = {
        ...put,
        id: path,
        name: path.split("/").at(-1)!,
        type: "Some.Provider/type",
        etag: `W/"${this.sent.length}"`,
        properties,
      };
      // A management policy is made by 200, and its SDK takes no other answer.
      const status = this.store.has(key) || key.includes("/managementpolicies/") ? 200 : 201;
      this.store.set(key, stored);
      return { status, body: stored };
    }
    const found = this.store.get(key);
    if (method === "DELETE") {
      this.store.delete(key);
      return { status: found ? 200 : 204 };
    }
    if (found) return { status: 200, body: found };
    return {
      status: 404,
      body: { error: { code: "ResourceNotFound", message: `The Resource '${path}' was not found.` } },
    };
  }
}

/** An `Arm` on top of the fake one. */
export function fakeArm(fake: FakeArm, location?: string): Arm {
  const settings = readSettings(
    {
      metadataHost: "arm.test",
      subscriptionId: "sub",
      tenantId: "tenant",
      clientId: "client",
      clientSecret: "secret",
      ...(location !== undefined && { location }),
    },
    {},
  );
  const credential = {
    getToken: () => Promise.resolve({ token: "token", expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  const cloud = { endpoint: "https://arm.test", audience: "https://arm.test", credential };
  return new Arm(settings, cloud, { httpClient: fake, retryOptions: { maxRetries: 0 } });
}
