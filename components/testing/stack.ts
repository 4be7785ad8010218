/** Arguments that the components' tests share. */
import { planOf } from "../../environment/testing/stacks.ts";
import { resourceGroupId } from "./recorder.ts";

export const plan = planOf("dev");

/** What every component is told. */
export const common = {
  stack: "test",
  environment: "development",
  administrators: plan.administrators,
  zones: ["1", "2", "3"],
  imageVersion: plan.imageVersion,
  resourceGroupName: "rg-platform-test",
  resourceGroupId,
  identityId: `${resourceGroupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id`,
};

export const subnetId = `${resourceGroupId}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/snet`;

/** A tier of the committed dev stack. */
export function tier(name: string) {
  const found = plan.tiers.find((candidate) => candidate.name === name);
  if (!found?.service) throw new RangeError(`tier: given ${name}, allowed are dev's tiers with a port`);
  return { ...found, service: found.service };
}
