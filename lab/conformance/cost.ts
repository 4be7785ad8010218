/** What a run makes on Azure, and roughly what that costs. */
import type { Case, Suite } from "./suite.ts";
import { withNeeds } from "./rules.ts";
import { isRequestStep } from "./schema.ts";
import { changesSomething } from "./groups.ts";

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

const machineDollars: Readonly<Record<string, number>> = { Standard_B2s_v2: 0.083, Standard_D2s_v5: 0.096 };

export interface Estimate {
  /** Number of resources that are made in the whole run, by type. */
  resources: Record<string, number>;
  /** Number of machines that are made in the whole run, by size. */
  machines: Record<string, number>;
  /** If all of them lived for an hour. */
  dollars: number;
}

interface Made {
  path: string;
  body: unknown;
}

/** Fixtures that cases share are counted once. */
export function estimate(cases: readonly Case[], suite: Suite): Estimate {
  const resources: Record<string, number> = {};
  const machines: Record<string, number> = {};
  const add = (counts: Record<string, number>, name: string, number = 1): void => {
    counts[name] = (counts[name] ?? 0) + number;
  };
  for (const { path, body } of madeBy(cases, suite)) {
    const type = typeOf(path, suite);
    if (type === undefined) continue;
    add(resources, type);
    const { sku } = (body ?? {}) as { sku?: { name?: string; capacity?: number } };
    if (type === "Microsoft.Compute/virtualMachineScaleSets" && typeof sku?.capacity === "number")
      add(machines, sku.name ?? "unknown size", sku.capacity);
  }
  const dollars =
    Object.entries(resources).reduce((sum, [type, number]) => sum + number * (dollarsPerHour[type] ?? 0), 0) +
    Object.entries(machines).reduce(
      (sum, [size, number]) => sum + number * (machineDollars[size] ?? dollarsPerMachine),
      0,
    );
  return { resources, machines, dollars };
}

function madeBy(cases: readonly Case[], suite: Suite): Made[] {
  const shared = new Set<string>();
  return cases.flatMap((one) => {
    const key = (one.given ?? []).join(" ");
    const isShared = !changesSomething(one);
    const fixtures = isShared && shared.has(key) ? [] : withNeeds(one.given ?? [], suite);
    if (isShared) shared.add(key);
    const times = isShared ? 1 : (one.each?.length ?? 1);
    const own = one.steps.filter(isRequestStep).flatMap(({ request, expect }): Made[] => {
      const accepted = [expect.status].flat().some((status) => typeof status === "string" || status < 400);
      return request.method === "PUT" && accepted ? [{ path: request.path, body: request.body }] : [];
    });
    return Array.from({ length: times }, () => [
      ...fixtures.flatMap((name) => suite.fixtures[name]!.put),
      ...own,
    ]).flat();
  });
}

/** Of a path such as `{net}/loadBalancers/x`; undefined for what has no type of its own, or for an existing resource. */
function typeOf(path: string, suite: Suite): string | undefined {
  const expanded = Object.entries(suite.variables).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, value),
    path,
  );
  const [, provider, type, name, child] = /\/providers\/([^/]+)\/([^/]+)\/([^/]+)(\/.+)?$/.exec(expanded) ?? [];
  return provider !== undefined && name !== undefined && child === undefined ? `${provider}/${type}` : undefined;
}

export function estimateText({ resources, machines, dollars }: Estimate): string {
  const lines = Object.entries(resources)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([type, number]) => {
      const price = dollarsPerHour[type];
      return `  ${String(number).padStart(4)} x ${type}${price ? `, about ${price} $ an hour each` : ""}`;
    });
  const sizes = Object.entries(machines).map(([size, number]) => `  ${String(number).padStart(4)} machines of ${size}`);
  return [
    "The run makes resource groups of its own, and removes them at its end. Most resources live for minutes:",
    ...lines,
    ...sizes,
    `If all of them lived for an hour at once, that hour would cost about ${dollars.toFixed(2)} US dollars (list prices of 2025).`,
  ].join("\n");
}
