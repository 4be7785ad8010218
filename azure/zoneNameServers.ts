/** The name servers of other environments' public zones, before anything is changed. */
import * as pulumi from "@pulumi/pulumi";
import type { Cloud } from "../environment/cloud.ts";
import { resourceName } from "../environment/names.ts";
import type { SubZone } from "../environment/zones/subZones.ts";
import { connect } from "./arm.ts";
import { find, questions } from "./questions.ts";
import { resourceId } from "./resourceIds.ts";

/**
 * Name servers by the zone's domain; a zone that does not stand is left out. Asks nothing where there are none.
 * https://learn.microsoft.com/rest/api/dns/zones/get
 *
 * @throws pulumi.RunError where Azure does not tell.
 */
export async function zoneNameServers(cloud: Cloud, zones: readonly SubZone[]): Promise<Record<string, string[]>> {
  if (zones.length === 0) return {};
  const asking = questions((await connect(cloud, {})).rest);
  const found = await Promise.all(
    zones.map(async ({ domain, environment, stack }) => {
      const resourceGroupName = resourceName("resourceGroup", stack);
      const names = { resourceGroupName, zoneName: domain };
      const path = resourceId("azure-native:dns:Zone", names, asking.subscriptionId) ?? "";
      try {
        const zone = (await find(asking, { path, apiVersion: "2018-05-01" })) as
          { properties?: { nameServers?: string[] } } | undefined;
        return zone?.properties?.nameServers ? [[domain, zone.properties.nameServers] as const] : [];
      } catch (error) {
        throw new pulumi.RunError(
          `Azure does not tell the name servers of ${domain}, the zone of ${environment}; nothing was changed.\n` +
            `  ${(error as Error).message}\n  Every run of a stack whose zone is above asks for them: this identity ` +
            `needs to read in ${resourceGroupName}, for example by the role Reader`,
        );
      }
    }),
  );
  return Object.fromEntries(found.flat());
}
