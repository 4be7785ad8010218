/** What clients ask before they log in: cloud metadata, OpenID configuration, instance discovery. */
import { storageSuffix, vaultSuffix } from "../../serviceNames.ts";

export function openidConfiguration(tenant: string, origin: string): object {
  const base = `${origin}/${tenant}`;
  return {
    issuer: `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    response_types_supported: ["code", "token"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid"],
    tenant_region_scope: "EU",
    cloud_instance_name: new URL(origin).host,
  };
}

export function instanceDiscovery(tenant: string, origin: string): object {
  const { host } = new URL(origin);
  return {
    tenant_discovery_endpoint: `${origin}/${tenant}/v2.0/.well-known/openid-configuration`,
    "api-version": "1.1",
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}

/** `/metadata/endpoints`: an object since 2022-09-01, a list of one cloud in older versions. */
export function cloudMetadata(version: string, origin: string): unknown {
  const { host } = new URL(origin);
  const cloud = {
    portal: origin,
    authentication: {
      loginEndpoint: origin,
      audiences: [origin, `${origin}/`],
      // As in Azure's public clouds: clients take a cloud that names another tenant for Azure Stack.
      tenant: "common",
      identityProvider: "AAD",
    },
    media: origin,
    graphAudience: origin,
    graph: origin,
    name: "PlatformLab",
    suffixes: {
      acrLoginServer: `azurecr.${host}`,
      keyVaultDns: vaultSuffix,
      storage: storageSuffix,
      sqlServerHostname: `database.${host}`,
    },
    batch: origin,
    resourceManager: origin,
    vmImageAliasDoc: `${origin}/aliases.json`,
    activeDirectoryDataLake: origin,
    sqlManagement: origin,
    microsoftGraphResourceId: origin,
    appInsightsResourceId: origin,
    appInsightsTelemetryChannelResourceId: origin,
    attestationResourceId: origin,
    synapseAnalyticsResourceId: origin,
    logAnalyticsResourceId: origin,
    ossrDbmsResourceId: origin,
  };
  return version === "2022-09-01" ? cloud : [cloud];
}
