/** The container of artifacts of a stack's environment, and a login there: from the stack's file, without Pulumi. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  AzureCliCredential,
  ClientAssertionCredential,
  ClientSecretCredential,
  type TokenCredential,
} from "@azure/identity";
import { ContainerClient } from "@azure/storage-blob";
import { load } from "js-yaml";
import { accountName } from "../../environment/names.ts";
import { asObject } from "../../environment/untyped.ts";

export interface StackStore {
  /** Name of the environment, for example `development`. */
  environment: string;
  account: string;
  /** A setting of the provider, `azure-native:<name>`, or else the variable that the provider looks for. */
  setting: (name: string, variable: string) => string | undefined;
}

/** @param project Folder of the stack files. */
export async function stackStore(project: string, stack: string): Promise<StackStore> {
  const file = join(project, `Pulumi.${stack}.yaml`);
  const config = asObject(asObject(await Promise.resolve(load(readFileSync(file, "utf8"))))["config"]);
  const { name, domain, storage } = asObject(config["platform:environment"]);
  if (typeof name !== "string" || typeof domain !== "string")
    throw new Error(`${file}: platform:environment has no name and no domain`);
  const given = asObject(storage)["name"];
  return {
    environment: name,
    account: typeof given === "string" ? given : accountName.default(stack, domain),
    setting: (key, variable) => {
      const value = config[`azure-native:${key}`];
      return (typeof value === "string" && value !== "" ? value : process.env[variable]) || undefined;
    },
  };
}

export async function containerOf({ account, setting }: StackStore): Promise<ContainerClient> {
  const { login, suffix } = await cloudAt(setting("metadataHost", "ARM_METADATA_HOSTNAME"));
  return new ContainerClient(`https://${account}.blob.${suffix}/artifacts`, credentialOf(setting, login));
}

/** Azure's public cloud, or what a metadata host tells. */
async function cloudAt(metadataHost: string | undefined): Promise<{ login?: string; suffix: string }> {
  if (metadataHost === undefined) return { suffix: "core.windows.net" };
  const answer = await fetch(`https://${metadataHost}/metadata/endpoints?api-version=2022-09-01`);
  const { authentication, suffixes } = asObject(await answer.json());
  const suffix = asObject(suffixes)["storage"];
  if (typeof suffix !== "string") throw new Error(`${metadataHost} names no suffixes.storage`);
  return { login: String(asObject(authentication)["loginEndpoint"]), suffix };
}

function credentialOf(setting: StackStore["setting"], login: string | undefined): TokenCredential {
  const options = login === undefined ? {} : { authorityHost: login, disableInstanceDiscovery: true };
  const tenant = setting("tenantId", "ARM_TENANT_ID");
  const client = setting("clientId", "ARM_CLIENT_ID");
  const secret = setting("clientSecret", "ARM_CLIENT_SECRET");
  if (tenant === undefined || client === undefined) return new AzureCliCredential();
  if (secret !== undefined) return new ClientSecretCredential(tenant, client, secret, options);
  return new ClientAssertionCredential(tenant, client, () => Promise.resolve(assertion()), options);
}

/** The token of the pipeline. It is read anew each time, since a file may be written anew. */
function assertion(): string {
  const { ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH } = process.env;
  if (ARM_OIDC_TOKEN) return ARM_OIDC_TOKEN;
  if (ARM_OIDC_TOKEN_FILE_PATH) return readFileSync(ARM_OIDC_TOKEN_FILE_PATH, "utf8").trim();
  throw new Error("ARM_CLIENT_ID is set, and neither ARM_CLIENT_SECRET nor ARM_OIDC_TOKEN(_FILE_PATH)");
}
