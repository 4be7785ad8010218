/** Sizes of machines as a region offers them to a subscription: ARM's Resource SKUs. */
import type { ResourceSku } from "@azure/arm-compute";
import type { Questions } from "./questions.ts";

export interface Size {
  /** For example `Standard_B2als_v2`. */
  name: string;
  /** Whose quota its vCPUs count against, for example `standardBasv2Family`. */
  family: string;
  vCpus: number;
  /** Availability zones of the region that have it, sorted. */
  zones: string[];
  /** Why the subscription cannot have it in the region at all, for example `NotAvailableForSubscription`. */
  refused?: string;
  /** Zones that the subscription cannot use, and why. */
  refusedZones: Map<string, string>;
  /** What it can do: `HyperVGenerations` is `V1,V2`, `EncryptionAtHostSupported` is `True`. */
  capabilities: Map<string, string>;
}

/** All sizes of a region, those that the subscription is refused too: https://learn.microsoft.com/rest/api/compute/resource-skus/list */
export async function listSizes(questions: Questions, location: string): Promise<Size[]> {
  const skus = (await questions.list({
    path: `/subscriptions/${questions.subscriptionId}/providers/Microsoft.Compute/skus`,
    apiVersion: "2021-07-01",
    query: { $filter: `location eq '${location}'` },
  })) as ResourceSku[];
  return skus.filter(({ resourceType }) => resourceType === "virtualMachines").map((sku) => sizeOf(sku, location));
}

function sizeOf(sku: ResourceSku, location: string): Size {
  const here = (place: string | undefined) => place?.toLowerCase() === location;
  const capabilities = new Map((sku.capabilities ?? []).map(({ name, value }) => [name ?? "", value ?? ""]));
  const restrictions = (sku.restrictions ?? []).filter(({ restrictionInfo, values }) =>
    (restrictionInfo?.locations ?? values ?? []).some(here),
  );
  const refused = restrictions.find(({ type }) => type === "Location")?.reasonCode;
  return {
    name: sku.name ?? "",
    family: sku.family ?? "",
    vCpus: Number(capabilities.get("vCPUs") ?? 0),
    zones: (sku.locationInfo ?? []).flatMap((info) => (here(info.location) ? (info.zones ?? []) : [])).sort(),
    ...(refused === undefined ? {} : { refused }),
    refusedZones: new Map(
      restrictions
        .filter(({ type }) => type === "Zone")
        .flatMap(({ restrictionInfo, reasonCode }) =>
          (restrictionInfo?.zones ?? []).map((zone): [string, string] => [zone, reasonCode ?? "restricted"]),
        ),
    ),
    capabilities,
  };
}
