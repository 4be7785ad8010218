/** Which Azure a stack is built in, by the settings that its provider has. */
import { z } from "zod";

/** Where the services of a cloud are. */
export interface Endpoints {
  /** ARM: `https://management.azure.com`. */
  resourceManager: string;
  /** What follows the name of a vault in its address: `vault.azure.net`. */
  vaultSuffix: string;
  /** What follows the name of a storage account's service: `core.windows.net`. */
  storageSuffix: string;
  /** Where tokens are had: `https://login.microsoftonline.com`, unless it is another. */
  login?: string;
}

/** The clouds, by the names that the provider documents. */
const clouds = {
  public: {
    resourceManager: "https://management.azure.com",
    vaultSuffix: "vault.azure.net",
    storageSuffix: "core.windows.net",
  },
  usgovernment: {
    resourceManager: "https://management.usgovcloudapi.net",
    vaultSuffix: "vault.usgovcloudapi.net",
    storageSuffix: "core.usgovcloudapi.net",
    login: "https://login.microsoftonline.us",
  },
  china: {
    resourceManager: "https://management.chinacloudapi.cn",
    vaultSuffix: "vault.azure.cn",
    storageSuffix: "core.chinacloudapi.cn",
    login: "https://login.chinacloudapi.cn",
  },
} satisfies Record<string, Endpoints>;

const names = Object.keys(clouds) as (keyof typeof clouds)[];

/** The value of `azure-native:environment`. */
export const cloudSchema = z
  .enum(names, { error: `one of ${names.join(", ")}; also ARM_ENVIRONMENT says it, where the stack does not` })
  .default("public")
  .describe("Azure's cloud: public, or a national one. Without effect beside a metadataHost");

/** A region as ARM writes it: `West Europe` is `westeurope`. */
export function regionName(location: string): string {
  return location.toLowerCase().replaceAll(/\s/g, "");
}

/** Where a cloud's services are: known, or told by a host. */
export type Cloud = Endpoints | { metadataHost: string };

/** The blob service of a storage account: `https://<account>.blob.core.windows.net`. */
export const blobService = (account: string, { storageSuffix }: Pick<Endpoints, "storageSuffix">): string =>
  `https://${account}.blob.${storageSuffix}`;

/** The cloud of a checked name, unless a metadata host describes another: the provider prefers that one too. */
export function cloudOf(name: z.output<typeof cloudSchema>, metadataHost: string | undefined): Cloud {
  return metadataHost === undefined ? clouds[name] : { metadataHost };
}
