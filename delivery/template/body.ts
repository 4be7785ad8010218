/**
 * From azure-native's inputs to what stands in an ARM template: azure-native lets `properties` of a resource and of its
 * named parts stand beside `name`, and spells some names in another way. Pure.
 */
import { unversioned } from "./armType.ts";

export type Properties = Record<string, unknown>;

/** What stands beside `properties`. */
const outerOfResource = ["location", "tags", "sku", "identity", "zones", "kind", "plan", "extendedLocation", "etag"];
const outerOfPart = ["name", "id", "zones", "tags", "sku"];

/** Lists whose items are parts with `properties` of their own, by type; a part may have parts. */
interface Parts {
  readonly [field: string]: Parts;
}

const none: Parts = {};
const parts: Readonly<Record<string, Parts>> = {
  "azure-native:network:VirtualNetwork": { subnets: none, virtualNetworkPeerings: none },
  "azure-native:network:NetworkSecurityGroup": { securityRules: none },
  "azure-native:network:LoadBalancer": {
    frontendIPConfigurations: none,
    backendAddressPools: none,
    probes: none,
    loadBalancingRules: none,
    inboundNatRules: none,
    inboundNatPools: none,
    outboundRules: none,
  },
  "azure-native:compute:VirtualMachineScaleSet": {
    networkInterfaceConfigurations: { ipConfigurations: { publicIPAddressConfiguration: none } },
    extensions: none,
  },
};

/** azure-native's names that ARM spells in another way. */
const spellings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "azure-native:storage:StorageAccount": {
    networkRuleSet: "networkAcls",
    enableHttpsTrafficOnly: "supportsHttpsTrafficOnly",
    iPAddressOrRange: "value",
    virtualNetworkResourceId: "id",
  },
  "azure-native:dns:RecordSet": { ttl: "TTL", aRecords: "ARecords" },
};

/** Whatever stands in these is the user's own. */
const opaque = ["tags", "metadata", "settings", "protectedSettings"];

/** A resource's fields besides type, name and API version, of its inputs besides those in its ID. */
export function bodyOf(type: string, inputs: Properties): Properties {
  const token = unversioned(type);
  const fields = shaped(inputs, parts[token] ?? none, spellings[token] ?? {}) as Properties;
  const body = "properties" in inputs ? fields : apart(fields, outerOfResource);
  return withIdentityKeys(body);
}

function shaped(value: unknown, known: Parts, names: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map((item) => shaped(item, known, names));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, item]) => {
      if (opaque.includes(field)) return [field, item as unknown];
      const part = known[field];
      const inner = shaped(item, part ?? known, names);
      return [names[field] ?? field, part === undefined ? inner : asPart(inner)];
    }),
  );
}

function asPart(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asPart);
  return typeof value === "object" && value !== null ? apart(value as Properties, outerOfPart) : value;
}

/** Everything but the outer fields goes under `properties`. */
function apart(fields: Properties, outer: readonly string[]): Properties {
  const entries = Object.entries(fields);
  const inner = entries.filter(([field]) => !outer.includes(field));
  return {
    ...Object.fromEntries(entries.filter(([field]) => outer.includes(field))),
    ...(inner.length > 0 ? { properties: Object.fromEntries(inner) } : {}),
  };
}

/** Identities are a list of IDs to azure-native, and keys of an object to ARM. */
function withIdentityKeys(body: Properties): Properties {
  const { identity } = body as { identity?: Properties };
  const ids = identity?.["userAssignedIdentities"];
  if (!Array.isArray(ids)) return body;
  const keys = Object.fromEntries(ids.map((id) => [String(id), {}]));
  return { ...body, identity: { ...identity, userAssignedIdentities: keys } };
}
