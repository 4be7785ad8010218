/** Where an environment without a public address of its own is entered. */
import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "../environment/cloud.ts";
import { resourceName } from "../environment/names.ts";
import type { PlannedReverseProxy } from "../environment/plan.ts";
import { connect } from "./arm.ts";
import { find, questions } from "./questions.ts";
import { resourceId } from "./resourceIds.ts";

/**
 * The public address of an environment's entry; undefined where there is no entry, or it does not stand yet. Asks nothing
 * for an environment with an address of its own.
 *
 * @throws pulumi.RunError where Azure does not tell.
 */
export async function addressOfEntry(
  cloud: Cloud,
  { public: isPublic, entry }: Pick<PlannedReverseProxy, "public" | "entry">,
): Promise<string | undefined> {
  if (isPublic || !entry) return undefined;
  const asking = questions((await connect(cloud, {})).rest);
  const names = {
    resourceGroupName: resourceName("resourceGroup", entry.stack),
    publicIpAddressName: resourceName("publicAddress", entry.stack),
  };
  const path = resourceId("azure-native:network:PublicIPAddress", names, asking.subscriptionId) ?? "";
  try {
    const found = (await find(asking, { path, apiVersion: "2024-05-01" })) as
      { properties?: { ipAddress?: string } } | undefined;
    return found?.properties?.ipAddress;
  } catch (error) {
    throw new pulumi.RunError(
      `Azure does not tell the public address of ${entry.environment}, by which this environment is entered; nothing was ` +
        `changed.\n  ${(error as Error).message}\n  Every run asks for it: this identity needs to read in ` +
        `${names.resourceGroupName}, for example by the role Reader`,
    );
  }
}
