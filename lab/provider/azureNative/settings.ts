/** The plugin's settings: `azure-native:*` of the stack's configuration, else ARM_* variables, like the real one. */

export interface Settings {
  /** Host, with port if need be, that answers /metadata/endpoints. */
  metadataHost: string;
  environment: string;
  subscriptionId: string;
  tenantId: string;
  clientId: string;
  login: Login;
  /** Where resources go that name no place. */
  location: string | undefined;
}

/** What the client shows: a secret, or a token of an issuer that it trusts, which may stand in a file. */
export type Login = { clientSecret: string } | { oidcToken: string } | { oidcTokenFilePath: string };

const sources = {
  metadataHost: ["ARM_METADATA_HOSTNAME", "ARM_METADATA_HOST"],
  environment: ["ARM_ENVIRONMENT", "AZURE_ENVIRONMENT"],
  subscriptionId: ["ARM_SUBSCRIPTION_ID"],
  tenantId: ["ARM_TENANT_ID"],
  clientId: ["ARM_CLIENT_ID"],
  clientSecret: ["ARM_CLIENT_SECRET"],
  useOidc: ["ARM_USE_OIDC"],
  oidcToken: ["ARM_OIDC_TOKEN"],
  oidcTokenFilePath: ["ARM_OIDC_TOKEN_FILE_PATH"],
  location: ["ARM_LOCATION"],
} as const;

type Name = keyof typeof sources;

export function readSettings(variables: Record<string, string>, environment: NodeJS.ProcessEnv): Settings {
  const read = (name: Name) => {
    const values = [variables[name], ...sources[name].map((variable) => environment[variable])];
    return values.find((value) => value !== undefined && value !== "");
  };
  const login = loginOf(read);
  const required: Name[] = ["metadataHost", "subscriptionId", "tenantId", "clientId"];
  const missing = [
    ...required.filter((name) => read(name) === undefined),
    ...(typeof login === "string" ? [login] : []),
  ];
  if (missing.length > 0 || typeof login === "string") {
    const where = missing.map((name) => `azure-native:${name} (or ${sources[name][0]})`).join(", ");
    throw new Error(
      `The lab's azure-native plugin needs ${where}; bin/lab sets them. ` +
        "It talks to the lab's ARM only: for Azure itself, take lab/provider/bin off the PATH.",
    );
  }
  return {
    metadataHost: read("metadataHost")!,
    environment: read("environment") ?? "public",
    subscriptionId: read("subscriptionId")!,
    tenantId: read("tenantId")!,
    clientId: read("clientId")!,
    login,
    location: read("location"),
  };
}

/**
 * In the real plugin's order: a secret comes before OIDC, a token before its file. Where there is none: the setting that is
 * missing.
 */
function loginOf(read: (name: Name) => string | undefined): Login | Name {
  const clientSecret = read("clientSecret");
  if (clientSecret !== undefined) return { clientSecret };
  if (read("useOidc") !== "true") return "clientSecret";
  const oidcToken = read("oidcToken");
  if (oidcToken !== undefined) return { oidcToken };
  const oidcTokenFilePath = read("oidcTokenFilePath");
  return oidcTokenFilePath === undefined ? "oidcToken" : { oidcTokenFilePath };
}
