/** Which Azure a stack is built in, by the settings that its provider has. */
import { z } from "zod";

/** ARM of each cloud, by the names that the provider documents. */
const resourceManagers = {
  public: "https://management.azure.com",
  usgovernment: "https://management.usgovcloudapi.net",
  china: "https://management.chinacloudapi.cn",
};

const names = Object.keys(resourceManagers) as (keyof typeof resourceManagers)[];

/** The value of `azure-native:environment`. */
export const cloudSchema = z
  .enum(names, { error: `one of ${names.join(", ")}; also ARM_ENVIRONMENT says it, where the stack does not` })
  .default("public")
  .describe("Azure's cloud: public, or a national one. Without effect beside a metadataHost");

/** A region as ARM writes it: `West Europe` is `westeurope`. */
export function regionName(location: string): string {
  return location.toLowerCase().replaceAll(/\s/g, "");
}

/** Where ARM is: known, or told by a host. */
export type Cloud = { resourceManager: string } | { metadataHost: string };

/** The cloud of a checked name, unless a metadata host describes another: the provider prefers that one too. */
export function cloudOf(name: z.output<typeof cloudSchema>, metadataHost: string | undefined): Cloud {
  return metadataHost === undefined ? { resourceManager: resourceManagers[name] } : { metadataHost };
}
