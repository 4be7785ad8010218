/** Where the artifacts of a stack are, and a login there: from its file, without Pulumi. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TokenCredential } from "@azure/core-auth";
import { ContainerClient } from "@azure/storage-blob";
import { load } from "js-yaml";
import { z } from "zod";
import { endpointsOf } from "../../azure/arm.ts";
import { blobService, cloudOf, cloudSchema, type Cloud, type Endpoints } from "../../environment/cloud.ts";
import { accountName } from "../../environment/names.ts";
import { asObject } from "../../environment/untyped.ts";
import { container } from "./release.ts";

/** What a stack's file says of it. */
export interface StackStore {
  /** Name of the environment, for example `development`. */
  environment: string;
  account: string;
  /** Applications of its tiers. */
  applications: string[];
  cloud: Cloud;
  /** A setting of the provider, `azure-native:<name>`, or else the variable that the provider looks for. */
  setting: (name: string, ...variables: string[]) => string | undefined;
}

const environmentSchema = z.object({
  name: z.string(),
  domain: z.string(),
  storage: z.object({ name: z.string().optional() }).optional(),
  tiers: z.record(z.string(), z.object({ applications: z.array(z.object({ name: z.string() })).optional() })),
});

/**
 * Reads what the file of a stack says of its store.
 *
 * @param project Folder of the stack files.
 * @throws Error that names the file.
 */
export async function stackStore(
  project: string,
  stack: string,
  variables: NodeJS.ProcessEnv = process.env,
): Promise<StackStore> {
  const file = join(project, `Pulumi.${stack}.yaml`);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error(`--stack: given ${stack}, which has no file ${file}`, { cause });
  });
  const config = asObject(asObject(load(text))["config"]);
  // `pulumi config set` writes structured values as JSON in a string.
  const given = config["platform:environment"];
  const found = environmentSchema.safeParse(typeof given === "string" ? JSON.parse(given) : given);
  if (!found.success)
    throw new Error(
      `${file}: platform:environment lacks what says where artifacts are\n${z.prettifyError(found.error)}`,
    );
  const { name, domain, storage, tiers } = found.data;
  const setting: StackStore["setting"] = (key, ...names) => {
    const value = config[`azure-native:${key}`];
    return [typeof value === "string" ? value : undefined, ...names.map((one) => variables[one])].find(Boolean);
  };
  return {
    environment: name,
    account: storage?.name ?? accountName.default(stack, domain),
    applications: Object.values(tiers).flatMap(({ applications }) => (applications ?? []).map((one) => one.name)),
    cloud: cloudOf(
      cloudSchema.parse(setting("environment", "ARM_ENVIRONMENT", "AZURE_ENVIRONMENT")),
      setting("metadataHost", "ARM_METADATA_HOSTNAME"),
    ),
    setting,
  };
}

/** A client of the stack's container of artifacts. */
export async function containerOf(stack: StackStore): Promise<ContainerClient> {
  const endpoints = await endpointsOf(stack.cloud);
  const credential = await credentialOf(stack, endpoints);
  return new ContainerClient(`${blobService(stack.account, endpoints)}/${container}`, credential, {
    retryOptions: { maxTries: 4, tryTimeoutInMs: 300_000 },
  });
}

/**
 * A login as the provider logs in: a token of OpenID Connect, a client's secret, a managed identity, the Azure CLI.
 * https://www.pulumi.com/registry/packages/azure-native/installation-configuration
 */
async function credentialOf({ setting, cloud }: StackStore, { login }: Endpoints): Promise<TokenCredential> {
  const identity = await import("@azure/identity");
  const options = {
    ...(login === undefined ? {} : { authorityHost: login }),
    // Only Azure's own clouds take part in the discovery of where tokens are had.
    disableInstanceDiscovery: "metadataHost" in cloud,
  };
  const client = setting("clientId", "ARM_CLIENT_ID");
  const tenant = setting("tenantId", "ARM_TENANT_ID");
  const secret = setting("clientSecret", "ARM_CLIENT_SECRET");
  if (isOn(setting("useOidc", "ARM_USE_OIDC")) && client && tenant)
    return new identity.ClientAssertionCredential(tenant, client, () => assertion(setting), options);
  if (secret && client && tenant) return new identity.ClientSecretCredential(tenant, client, secret, options);
  if (isOn(setting("useMsi", "ARM_USE_MSI")))
    return new identity.ManagedIdentityCredential(client ? { clientId: client } : {});
  return new identity.AzureCliCredential(tenant ? { tenantId: tenant } : {});
}

const isOn = (value: string | undefined): boolean => value === "true" || value === "1";

/** Read anew each time: a file may be written anew. */
async function assertion(setting: StackStore["setting"]): Promise<string> {
  const token = setting("oidcToken", "ARM_OIDC_TOKEN");
  const file = setting("oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH");
  if (token) return token;
  if (file) return (await readFile(file, "utf8")).trim();
  throw new Error("login: given ARM_USE_OIDC, allowed with ARM_OIDC_TOKEN or ARM_OIDC_TOKEN_FILE_PATH");
}
