/** Quotas of a region, and how much of them a subscription uses. */
import type { Questions } from "./questions.ts";

export interface Usage {
  /** `cores` for all vCPUs of the region, otherwise a family of sizes, for example `standardBasv2Family`. */
  name: string;
  /** As Azure's portal calls it, for example `Total Regional vCPUs`. */
  title: string;
  used: number;
  limit: number;
}

/** Quotas of Azure's compute in a region: https://learn.microsoft.com/rest/api/compute/usage/list */
export async function listUsages(questions: Questions, location: string): Promise<Usage[]> {
  const usages = (await questions.list({
    path: `/subscriptions/${questions.subscriptionId}/providers/Microsoft.Compute/locations/${location}/usages`,
    apiVersion: "2024-11-01",
  })) as { currentValue?: number; limit?: number; name?: { value?: string; localizedValue?: string } }[];
  return usages.map(({ currentValue, limit, name }) => ({
    name: name?.value ?? "",
    title: name?.localizedValue ?? name?.value ?? "",
    used: currentValue ?? 0,
    limit: limit ?? 0,
  }));
}
