/** The official Azure SDKs' clients: loaded when they are needed, since each takes a good part of a second. */
import module from "node:module";
import type { PipelinePolicy } from "@azure/core-rest-pipeline";
import type { Cloud } from "./cloud.ts";

export type ClientName =
  | "resources"
  | "network"
  | "compute"
  | "monitor"
  | "dns"
  | "privatedns"
  | "managedidentity"
  | "authorization"
  | "keyvault"
  | "storage";

/** A group of an SDK client's operations, for example `client.subnets`. */
export type Operations = Record<string, (...args: unknown[]) => unknown>;

type Client = Record<string, Operations>;

export interface ClientSettings {
  cloud: Cloud;
  subscriptionId: string;
  apiVersion: string;
}

/** Options for every client; exported for tests, which put a transport of their own in. */
export function clientOptions({ cloud, apiVersion }: ClientSettings) {
  return {
    endpoint: cloud.endpoint,
    credentials: { scopes: [`${cloud.audience}/.default`] },
    credentialScopes: [`${cloud.audience}/.default`],
    // While the lab's daemon is started again, calls wait for it instead of failing at once.
    retryOptions: { maxRetries: 6, retryDelayInMs: 250, maxRetryDelayInMs: 4000 },
    additionalPolicies: [{ policy: apiVersionPolicy(apiVersion), position: "perCall" as const }],
  };
}

// The SDKs fix the newest API version; azure-native uses older ones, and versions behave differently in ARM.
function apiVersionPolicy(apiVersion: string): PipelinePolicy {
  return {
    name: "apiVersion",
    sendRequest(request, next) {
      const url = new URL(request.url);
      url.searchParams.set("api-version", apiVersion);
      request.url = url.toString();
      return next(request);
    },
  };
}

export async function createClient(name: ClientName, settings: ClientSettings, extra: object = {}): Promise<Client> {
  const {
    cloud: { credential },
    subscriptionId,
  } = settings;
  const options = { ...clientOptions(settings), ...extra };
  const load: Record<ClientName, () => Promise<object>> = {
    resources: async () =>
      new (await import("@azure/arm-resources")).ResourceManagementClient(credential, subscriptionId, options),
    network: async () =>
      new (await import("@azure/arm-network")).NetworkManagementClient(credential, subscriptionId, options),
    compute: async () =>
      new (await import("@azure/arm-compute")).ComputeManagementClient(credential, subscriptionId, options),
    monitor: async () => new (await import("@azure/arm-monitor")).MonitorClient(credential, subscriptionId, options),
    dns: async () => new (await import("@azure/arm-dns")).DnsManagementClient(credential, subscriptionId, options),
    privatedns: async () =>
      new (await import("@azure/arm-privatedns")).PrivateDnsManagementClient(credential, subscriptionId, options),
    managedidentity: async () =>
      new (await import("@azure/arm-msi")).ManagedServiceIdentityClient(credential, subscriptionId, options),
    authorization: async () =>
      new (await import("@azure/arm-authorization")).AuthorizationManagementClient(credential, subscriptionId, options),
    keyvault: async () =>
      new (await import("@azure/arm-keyvault")).KeyVaultManagementClient(credential, subscriptionId, options),
    storage: async () =>
      new (await import("@azure/arm-storage")).StorageManagementClient(credential, subscriptionId, options),
  };
  const client = (await load[name]()) as unknown as Client;
  // For the next start: see `serve`.
  setTimeout(() => module.flushCompileCache(), 500).unref();
  return client;
}
