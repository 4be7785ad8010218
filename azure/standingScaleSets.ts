/** The scale sets that an environment has already, before anything is changed. */
import type { Cloud } from "../environment/cloud.ts";
import { connect } from "./arm.ts";

/** What is asked of a scale set that exists; undefined where ARM does not tell. */
export interface StandingScaleSet {
  /** Number of machines that it should have. */
  capacity: number | undefined;
  /** Availability zones, sorted; none where it has none. */
  zones: string[];
  /** User name on its machines. */
  user: string | undefined;
  trustedLaunch: boolean;
  /** Of the first network interface of its machines. */
  acceleratedNetworking: boolean;
  /** What repairs do, while they are on. */
  repairAction: string | undefined;
}

/** The scale sets of a resource group by their names. */
export async function standingScaleSets(
  cloud: Cloud,
  resourceGroup: string,
): Promise<ReadonlyMap<string, StandingScaleSet>> {
  const { compute } = await connect(cloud, {});
  const found = new Map<string, StandingScaleSet>();
  for await (const scaleSet of compute.virtualMachineScaleSets.list(resourceGroup)) {
    const { name, sku, zones, automaticRepairsPolicy: repairs, virtualMachineProfile: profile } = scaleSet;
    if (name === undefined) continue;
    const interfaces = profile?.networkProfile?.networkInterfaceConfigurations ?? [];
    found.set(name, {
      capacity: sku?.capacity,
      zones: [...(zones ?? [])].sort(),
      user: profile?.osProfile?.adminUsername,
      trustedLaunch: profile?.securityProfile?.securityType === "TrustedLaunch",
      acceleratedNetworking: interfaces.some(({ primary, enableAcceleratedNetworking }) =>
        Boolean(primary && enableAcceleratedNetworking),
      ),
      repairAction: repairs?.enabled ? repairs.repairAction : undefined,
    });
  }
  return found;
}
