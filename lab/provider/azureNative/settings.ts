/** The plugin's settings: `azure-native:*` of the stack's configuration, else ARM_* variables, like the real one. */

export interface Settings {
  /** Host, with port if need be, that answers /metadata/endpoints. */
  metadataHost: string;
  environment: string;
  subscriptionId: string;
  tenantId: string;
  clientId: string;
  clientSecret: string;
  /** Where resources go that name no place. */
  location: string | undefined;
}

const sources = {
  metadataHost: ["ARM_METADATA_HOSTNAME", "ARM_METADATA_HOST"],
  environment: ["ARM_ENVIRONMENT", "AZURE_ENVIRONMENT"],
  subscriptionId: ["ARM_SUBSCRIPTION_ID"],
  tenantId: ["ARM_TENANT_ID"],
  clientId: ["ARM_CLIENT_ID"],
  clientSecret: ["ARM_CLIENT_SECRET"],
  location: ["ARM_LOCATION"],
} as const;

export function readSettings(variables: Record<string, string>, environment: NodeJS.ProcessEnv): Settings {
  const read = (name: keyof typeof sources) => {
    const values = [variables[name], ...sources[name].map((variable) => environment[variable])];
    return values.find((value) => value !== undefined && value !== "");
  };
  const required = ["metadataHost", "subscriptionId", "tenantId", "clientId", "clientSecret"] as const;
  const missing = required.filter((name) => read(name) === undefined);
  if (missing.length > 0) {
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
    clientSecret: read("clientSecret")!,
    location: read("location"),
  };
}
