/** Azure Resource Manager, asked directly for what azure-native has no function for. */
import type { ComputeManagementClient } from "@azure/arm-compute";
import type { ComputeManagementContext } from "@azure/arm-compute/api";
import type { NetworkManagementClient } from "@azure/arm-network";
import type { TokenCredential } from "@azure/core-auth";
import type * as pulumi from "@pulumi/pulumi";
import type { Cloud, Endpoints } from "../environment/cloud.ts";
import { callSeconds, deadline, within } from "./deadline.ts";

/** Where and how ARM is asked. */
export interface Login {
  /** For example `https://management.azure.com`. */
  endpoint: string;
  subscriptionId: string;
  credential: TokenCredential;
}

export interface Arm {
  compute: ComputeManagementClient;
  network: NetworkManagementClient;
}

/** The clients, and their way to ARM for questions that none of them asks. */
export interface Connection extends Arm {
  rest: ComputeManagementContext;
}

/**
 * Clients that log in as the azure-native provider does, at the same Azure.
 *
 * @param cloud Where ARM is.
 * @param opts Parent or provider of the invokes.
 */
export async function connect(cloud: Cloud, opts: pulumi.InvokeOptions): Promise<Connection> {
  return connectAs(await logIn(cloud, opts));
}

/** Clients with any login. */
export async function connectAs({ endpoint, subscriptionId, credential }: Login): Promise<Connection> {
  const [{ ComputeManagementClient }, { createComputeManagement }, { NetworkManagementClient }] = await Promise.all([
    import("@azure/arm-compute"),
    import("@azure/arm-compute/api"),
    import("@azure/arm-network"),
  ]);
  return {
    compute: new ComputeManagementClient(credential, subscriptionId, { endpoint, ...deadline() }),
    network: new NetworkManagementClient(credential, subscriptionId, { endpoint, ...deadline() }),
    rest: createComputeManagement(credential, subscriptionId, { endpoint, ...deadline() }),
  };
}

/** The azure-native provider's own login, for other questions than its. Arguments as of `connect`. */
async function logIn(cloud: Cloud, opts: pulumi.InvokeOptions): Promise<Login> {
  // Only what asks by Pulumi loads its provider.
  const [{ getClientConfig }, { getClientToken }] = await Promise.all([
    import("@pulumi/azure-native/authorization/getClientConfig.js"),
    import("@pulumi/azure-native/authorization/getClientToken.js"),
  ]);
  const [{ resourceManager: endpoint }, { subscriptionId }] = await Promise.all([
    endpointsOf(cloud),
    getClientConfig(opts),
  ]);
  return { endpoint, subscriptionId, credential: providerCredential(() => getClientToken({}, opts)) };
}

/**
 * The endpoints of a cloud: its own, or those that a metadata host names.
 *
 * @param seconds Time that a metadata host has to answer.
 * @throws Error that names the setting, where the host does not tell.
 */
export async function endpointsOf(cloud: Cloud, seconds = callSeconds): Promise<Endpoints> {
  if ("resourceManager" in cloud) return cloud;
  const { metadataHost } = cloud;
  const url = `https://${metadataHost}/metadata/endpoints?api-version=2022-09-01`;
  const wrong = (given: string, cause?: unknown) =>
    new Error(
      `azure-native:metadataHost: given ${metadataHost}, whose ${url} ${given}; allowed is a host that answers there ` +
        "with `resourceManager`, `suffixes.keyVaultDns` and `suffixes.storage`, over TLS that this machine trusts. Change it in the stack's file",
      { cause },
    );
  let answer: { status: number; body: string };
  try {
    answer = await within(seconds, "it", async (signal) => {
      const response = await fetch(url, { signal });
      return { status: response.status, body: await response.text() };
    });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw wrong(`cannot be reached (${String(cause)})`, error);
  }
  if (answer.status !== 200) throw wrong(`answers ${answer.status}`);
  const { resourceManager, suffixes, authentication } = metadataIn(answer.body);
  if (!resourceManager) throw wrong("names no resourceManager");
  if (!suffixes?.keyVaultDns) throw wrong("names no suffixes.keyVaultDns");
  if (!suffixes.storage) throw wrong("names no suffixes.storage");
  return {
    resourceManager,
    vaultSuffix: suffixes.keyVaultDns.replace(/^\./, ""),
    storageSuffix: suffixes.storage.replace(/^\./, ""),
    ...(authentication?.loginEndpoint ? { login: authentication.loginEndpoint } : {}),
  };
}

/** What is read of a metadata host's answer. */
interface Metadata {
  resourceManager?: string;
  suffixes?: { keyVaultDns?: string; storage?: string };
  authentication?: { loginEndpoint?: string };
}

function metadataIn(body: string): Metadata {
  try {
    return (JSON.parse(body) as Metadata | null) ?? {};
  } catch {
    return {};
  }
}

/** The provider's own login. It is asked again every few minutes, since a run may outlast a token. */
function providerCredential(ask: () => Promise<{ token: string }>): TokenCredential {
  const validity = 5 * 60 * 1000;
  let current: { token: string; expiresOnTimestamp: number } | undefined;
  return {
    async getToken() {
      if (!current || current.expiresOnTimestamp < Date.now() + 1000) {
        const { token } = await ask();
        current = { token, expiresOnTimestamp: Date.now() + validity };
      }
      return current;
    },
  };
}
