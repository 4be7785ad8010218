/** What an environment costs an hour on Azure, roughly. */
import { machineGroups, type Plan } from "../environment/plan.ts";

/**
 * US dollars per hour, rounded list prices in the US of 2025; what is not here costs nothing by itself or next to nothing.
 * They are an estimate for the question before a run, not more: see azure.microsoft.com/pricing.
 */
export const dollarsPerHour: Readonly<Record<string, number>> = {
  "Microsoft.Network/publicIPAddresses": 0.005,
  "Microsoft.Network/natGateways": 0.045,
  "Microsoft.Network/loadBalancers": 0.025,
  "Microsoft.Network/dnsZones": 0.001,
  "Microsoft.Network/privateDnsZones": 0.001,
};

/** Of one machine of a size that the table of sizes does not have. */
const dollarsPerMachine = 0.1;

const machineDollars: Readonly<Record<string, number>> = {
  Standard_B2s: 0.042,
  Standard_B2als_v2: 0.038,
  Standard_B2s_v2: 0.083,
  Standard_D2s_v5: 0.096,
  Standard_D4s_v5: 0.192,
};

/** Of machines, by their sizes. */
export const machinesDollars = (numbers: Readonly<Record<string, number>>): number =>
  Object.entries(numbers).reduce(
    (sum, [size, number]) => sum + number * (machineDollars[size] ?? dollarsPerMachine),
    0,
  );

/** Of resources, by their types. */
export const resourcesDollars = (numbers: Readonly<Record<string, number>>): number =>
  Object.entries(numbers).reduce((sum, [type, number]) => sum + number * (dollarsPerHour[type] ?? 0), 0);

/** Machines of a plan, by their sizes. */
export function machinesBySize(plan: Plan): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const { size, instances } of machineGroups(plan)) numbers[size] = (numbers[size] ?? 0) + instances;
  return numbers;
}

/** US dollars per hour of everything in a plan that costs by the hour; disks and traffic come to it. */
export function planDollars(plan: Plan): number {
  return (
    machinesDollars(machinesBySize(plan)) +
    resourcesDollars({
      // The entry's and the NAT gateway's.
      "Microsoft.Network/publicIPAddresses": 2,
      "Microsoft.Network/natGateways": 1,
      "Microsoft.Network/loadBalancers": 1 + plan.tiers.filter(({ service }) => service).length,
      "Microsoft.Network/dnsZones": plan.publicZone ? 1 : 0,
      "Microsoft.Network/privateDnsZones": 1,
    })
  );
}
