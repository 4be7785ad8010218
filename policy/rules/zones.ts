/** What outlives a zone of a region. */
import type { Resource, Rule, StackRule } from "../rule.ts";
import { types } from "../types.ts";
import { at, isThere, items, must, mustHave, mustNot, notYetKnown, show } from "../values.ts";

/** The tag of environments that must outlive a zone; that a stack has one is a rule of its own. */
const production = "production";

/** Fewest zones, and fewest machines where their number changes by itself. */
const fewest = 2;

const isProduction = ({ inputs }: Resource) => at(inputs, "tags.environment") === production;

function zonesMistakes(value: unknown, path = "zones"): string[] {
  const zones = at(value, "zones");
  return zones === notYetKnown || (Array.isArray(zones) && zones.length >= fewest)
    ? []
    : [`${path}: given ${show(zones)}, allowed are at least ${fewest} in production`];
}

const inProduction = (described: Omit<Rule, "check">, check: Rule["check"]): Rule => ({
  ...described,
  check: (resource) => (isProduction(resource) ? check(resource) : []),
});

/** What production would lose for good, or have to build anew while nobody can work. */
const lasting: readonly string[] = [
  ...[types.resourceGroup, types.virtualNetwork, types.publicAddress, types.loadBalancer],
  ...[types.scaleSet, types.vault, types.storageAccount, types.zone],
];

export const rules: Rule[] = [
  inProduction(
    {
      name: "public-address-zones",
      asks: "In production public addresses are in several zones",
      ids: ["Azure.PublicIP.AvailabilityZone"],
      types: [types.publicAddress],
    },
    ({ inputs }) => zonesMistakes(inputs),
  ),
  inProduction(
    {
      name: "load-balancer-zones",
      asks: "In production a private load balancer's address is in several zones",
      ids: ["Azure.LB.AvailabilityZone"],
      types: [types.loadBalancer],
    },
    ({ inputs }) =>
      items(inputs, "frontendIPConfigurations")
        // A public one has the zones of its address.
        .filter((frontend) => !isThere(at(frontend, "publicIPAddress")))
        .flatMap((frontend) => zonesMistakes(frontend, `frontendIPConfigurations.${show(at(frontend, "name"))}.zones`)),
  ),
  {
    name: "zone-balance",
    asks: "Rather all machines in two zones than too few machines",
    ids: ["Azure.VMSS.ZoneBalance"],
    types: [types.scaleSet],
    check: ({ inputs }) => must(inputs, "zoneBalance", false, undefined),
  },
  inProduction(
    {
      name: "storage-replication",
      asks: "In production a storage account keeps its copies in several zones",
      ids: ["Azure.Storage.UseReplication", "CKV_AZURE_206"],
      types: [types.storageAccount],
    },
    // Without a Z, a region has all of its copies in one place.
    ({ inputs }) => must(inputs, "sku.name", "Standard_ZRS", "Standard_GZRS", "Standard_RAGZRS"),
  ),
  inProduction(
    {
      name: "autoscale-minimum",
      asks: "In production no group shrinks to one machine by itself",
      ids: [],
      types: [types.autoscale],
    },
    ({ inputs }) =>
      items(inputs, "profiles")
        .map((each) => at(each, "capacity.minimum"))
        .filter((minimum) => typeof minimum === "string" && Number(minimum) < fewest)
        .map((minimum) => `profiles.capacity.minimum: given ${show(minimum)}, allowed are at least ${fewest}`),
  ),
  {
    name: "autoscale-enabled",
    asks: "A setting of autoscale works: Azure's own default leaves it without effect",
    ids: [],
    types: [types.autoscale],
    check: ({ inputs }) => [
      ...must(inputs, "enabled", true),
      ...mustHave(inputs, "targetResourceUri", "the ID of a scale set"),
      ...mustNot(inputs, "predictiveAutoscalePolicy.scaleMode", "Disabled", "ForecastOnly"),
    ],
  },
  inProduction(
    {
      name: "protection",
      asks: "In production nothing that lasts is deleted without `protect` being taken back before",
      ids: [],
      advisory: true,
      types: lasting,
    },
    ({ protect }) => (protect ? [] : ["protect: given false, allowed is true"]),
  ),
];

export const stackRules: StackRule[] = [
  {
    name: "scale-set-zones",
    asks: "In production the machines of a group are in several zones, be it by one scale set or by one in each",
    ids: ["Azure.VMSS.AvailabilityZone"],
    checkStack: (resources) => {
      const inProduction = resources.filter((each) => each.type === types.scaleSet && isProduction(each));
      const groups = Map.groupBy(inProduction, ({ parent }) => parent);
      return [...groups.values()].flatMap((scaleSets) => {
        const values = scaleSets.map(({ inputs }) => at(inputs, "zones"));
        const zones = new Set(values.flatMap((zones) => (Array.isArray(zones) ? (zones as unknown[]) : [])));
        return values.includes(notYetKnown) || zones.size >= fewest
          ? []
          : [
              {
                of: scaleSets[0],
                message: `zones: given ${[...zones].join(", ") || "none"}, allowed are at least ${fewest}`,
              },
            ];
      });
    },
  },
];
