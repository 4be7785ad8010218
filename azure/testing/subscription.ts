/**
 * A subscription as ARM answers for it, for tests: bodies of the form that Azure documents, shortened where nothing is
 * read. It changes nothing, and knows each path by the api-version that it was written down for.
 */
import type { ComputeManagementClientOptionalParams } from "@azure/arm-compute";
import { createComputeManagement, type ComputeManagementContext } from "@azure/arm-compute/api";

export const subscriptionId = "00000000-0000-0000-0000-000000000001";

/** What a test can change. Keys of records are what the paths end with. */
export interface Subscription {
  skus: Sku[];
  usages: { unit: string; currentValue: number; limit: number; name: { value: string; localizedValue: string } }[];
  /** Bodies by version. */
  images: Record<string, { properties: Record<string, unknown> }>;
  /** Registration states by namespace. */
  providers: Record<string, string>;
  /** States by feature of Microsoft.Compute. */
  features: Record<string, string>;
  permissions: object[];
  /** Permissions in the resource group; none while it does not exist. */
  groupPermissions?: object[];
  /** Names of vaults: those that stand in the group with their secrets, those in soft delete, those of others. */
  vaults: Record<string, string[]>;
  deletedVaults: string[];
  taken: string[];
  /** Storage accounts that stand in the group. */
  accounts: string[];
  /** Answers in the place of others: by the end of a path, status and body. */
  errors: Record<string, [status: number, body: object]>;
}

export interface Sku {
  resourceType: string;
  name: string;
  family?: string;
  locations: string[];
  locationInfo: { location: string; zones: string[]; zoneDetails: object[] }[];
  capabilities: { name: string; value: string }[];
  restrictions: object[];
}

/** A size with two vCPUs, as Resource SKUs list it. */
export function sku(name: string, family: string, capabilities: Record<string, string> = {}): Sku {
  const all = {
    MaxResourceVolumeMB: "0",
    OSVhdSizeMB: "1047552",
    vCPUs: "2",
    HyperVGenerations: "V1,V2",
    MemoryGB: "4",
    MaxDataDiskCount: "4",
    CpuArchitectureType: "x64",
    PremiumIO: "True",
    EncryptionAtHostSupported: "True",
    AcceleratedNetworkingEnabled: "True",
    ...capabilities,
  };
  return {
    resourceType: "virtualMachines",
    name,
    family,
    locations: ["westeurope"],
    locationInfo: [{ location: "westeurope", zones: ["3", "1", "2"], zoneDetails: [] }],
    capabilities: Object.entries(all).map(([key, value]) => ({ name: key, value })),
    restrictions: [],
  };
}

/** Zones in which a subscription cannot have a size. */
export function zoneRestriction(...zones: string[]): object {
  return {
    type: "Zone",
    values: ["westeurope"],
    restrictionInfo: { locations: ["westeurope"], zones },
    reasonCode: "NotAvailableForSubscription",
  };
}

/** A size that a subscription cannot have in a region. */
export const locationRestriction = {
  type: "Location",
  values: ["westeurope"],
  restrictionInfo: { locations: ["westeurope"] },
  reasonCode: "NotAvailableForSubscription",
};

export function usage(value: string, localizedValue: string, currentValue: number, limit: number) {
  return { unit: "Count", currentValue, limit, name: { value, localizedValue } };
}

/** A subscription in which the committed stacks can be built. */
export function roomySubscription(): Subscription {
  return {
    skus: [
      { ...sku("Premium_LRS", ""), resourceType: "disks", capabilities: [] },
      sku("Standard_B2als_v2", "standardBasv2Family"),
      sku("Standard_B2s", "standardBSFamily"),
      sku("Standard_D2s_v5", "standardDSv5Family"),
      sku("Standard_D4s_v5", "standardDSv5Family", { vCPUs: "4" }),
    ],
    usages: [
      usage("availabilitySets", "Availability Sets", 0, 2500),
      usage("cores", "Total Regional vCPUs", 4, 200),
      usage("virtualMachines", "Virtual Machines", 2, 25000),
      // Azure writes families here with other capitals than in its SKUs.
      usage("StandardBasv2Family", "Standard Basv2 Family vCPUs", 4, 100),
      usage("standardBSFamily", "Standard BS Family vCPUs", 0, 100),
      usage("standardDSv5Family", "Standard DSv5 Family vCPUs", 0, 100),
    ],
    images: { "0.20250814.2204": image(), "0.20251001.1": image(), "0.20250911.2232": image() },
    providers: {
      "Microsoft.Compute": "Registered",
      "Microsoft.Insights": "Registered",
      "Microsoft.KeyVault": "Registered",
      "Microsoft.ManagedIdentity": "Registered",
      "Microsoft.Network": "Registered",
      "Microsoft.Storage": "Registered",
    },
    features: { EncryptionAtHost: "Registered" },
    permissions: [{ actions: ["*"], notActions: [], dataActions: [], notDataActions: [] }],
    vaults: {},
    deletedVaults: [],
    taken: [],
    accounts: [],
    errors: {},
  };
}

/** A version of Debian's image. */
export function image(change: Record<string, unknown> = {}): { properties: Record<string, unknown> } {
  return {
    properties: {
      hyperVGeneration: "V2",
      architecture: "x64",
      osDiskImage: { operatingSystem: "Linux", sizeInGb: 31 },
      dataDiskImages: [],
      automaticOSUpgradeProperties: { automaticOSUpgradeSupported: false },
      features: [
        { name: "SecurityType", value: "TrustedLaunchSupported" },
        { name: "IsAcceleratedNetworkSupported", value: "True" },
        { name: "DiskControllerTypes", value: "SCSI, NVMe" },
      ],
      ...change,
    },
  };
}

type Client = NonNullable<ComputeManagementClientOptionalParams["httpClient"]>;
type Answer = Awaited<ReturnType<Client["sendRequest"]>>;

/**
 * A client's own way to an ARM that answers so, with one attempt for each question.
 *
 * @param respond Told the method, the address and the login.
 */
export function restTo(
  respond: (request: {
    method: string;
    url: URL;
    authorization: string | undefined;
    body: string;
  }) => Response | Promise<Response>,
  options: ComputeManagementClientOptionalParams = { retryOptions: { maxRetries: 0 } },
): ComputeManagementContext {
  const httpClient: Client = {
    async sendRequest(request) {
      const { method, url, headers } = request;
      const body = typeof request.body === "string" ? request.body : "";
      const authorization = headers.get("authorization");
      const response = await respond({ method, url: new URL(url), authorization, body });
      const toJSON = () => Object.fromEntries(response.headers);
      return {
        request,
        status: response.status,
        headers: Object.assign(response.headers, { toJSON }) as unknown as Answer["headers"],
        bodyAsText: await response.text(),
      };
    },
  };
  const credential = { getToken: () => Promise.resolve({ token: "a-token", expiresOnTimestamp: Date.now() + 3.6e6 }) };
  return createComputeManagement(credential, subscriptionId, { endpoint: "https://arm.test", httpClient, ...options });
}

/** The way to a subscription, and what is asked: methods, and addresses without the host. */
export function restOf(subscription: Subscription): { rest: ComputeManagementContext; asked: string[] } {
  const asked: string[] = [];
  const rest = restTo(({ method, url: { pathname, search, searchParams }, body }) => {
    asked.push(`${method} ${decodeURIComponent(pathname + search).replaceAll("+", " ")}`);
    return respond(subscription, pathname, searchParams, body);
  });
  return { rest, asked };
}

const versionsPath = "/publishers/Debian/artifacttypes/vmimage/offers/debian-13/skus/13-gen2/versions";

function respond(given: Subscription, pathname: string, query: URLSearchParams, body: string): Response {
  const root = `/subscriptions/${subscriptionId}`;
  const path = pathname.startsWith(root) ? pathname.slice(root.length) : pathname;
  const failure = Object.entries(given.errors).find(([end]) => path.endsWith(end))?.[1];
  if (failure) return Response.json(failure[1], { status: failure[0] });
  const compute = "/providers/Microsoft.Compute";
  const here = `${compute}/locations/westeurope`;
  const group = "/resourceGroups/rg-platform-dev";
  const last = path.slice(path.lastIndexOf("/") + 1);
  const routes: [path: string, apiVersion: string, answer: () => Response][] = [
    [
      `${compute}/skus`,
      "2021-07-01",
      () => page(query.get("$filter") === "location eq 'westeurope'" ? given.skus : []),
    ],
    [`${here}/usages`, "2024-11-01", () => page(given.usages)],
    [
      `${here}${versionsPath}`,
      "2024-11-01",
      () => Response.json(Object.keys(given.images).map((name) => ({ location: "westeurope", name }))),
    ],
    [
      `${here}${versionsPath}/${last}`,
      "2024-11-01",
      () => one(given.images[last], "NotFound", "Artifact: VMImage was not found."),
    ],
    [
      `/providers/${last}`,
      "2021-04-01",
      () =>
        one(
          given.providers[last] && { namespace: last, registrationState: given.providers[last] },
          "InvalidResourceNamespace",
          `The resource namespace '${last}' is invalid.`,
        ),
    ],
    [
      `/providers/Microsoft.Features/providers/Microsoft.Compute/features/${last}`,
      "2021-07-01",
      () =>
        one(
          given.features[last] && { name: `Microsoft.Compute/${last}`, properties: { state: given.features[last] } },
          "FeatureNotFound",
          `The feature '${last}' could not be found.`,
        ),
    ],
    ...storesOf(given, group, body),
    ["/providers/Microsoft.Authorization/permissions", "2022-04-01", () => page(given.permissions)],
    [
      `${group}/providers/Microsoft.Authorization/permissions`,
      "2022-04-01",
      () => (given.groupPermissions ? page(given.groupPermissions) : noGroup()),
    ],
  ];
  const route = routes.find(([known, apiVersion]) => known === path && apiVersion === query.get("api-version"));
  return route ? route[2]() : error(404, "InvalidResourceType", `No resource of ${path} by ${String(query)}`);
}

/** Vaults, secrets, storage accounts, and whether names of them are free. */
function storesOf(given: Subscription, group: string, body: string): [string, string, () => Response][] {
  const vaults = `${group}/providers/Microsoft.KeyVault/vaults`;
  const available = (type: string) => () => {
    const { name, type: asked } = JSON.parse(body) as { name: string; type: string };
    if (asked !== type) return error(400, "InvalidType", asked);
    return Response.json(
      given.taken.includes(name)
        ? { nameAvailable: false, reason: "AlreadyExists", message: `The name '${name}' is already in use.` }
        : { nameAvailable: true },
    );
  };
  return [
    ...Object.entries(given.vaults).flatMap(([name, secrets]): [string, string, () => Response][] => [
      [`${vaults}/${name}`, "2024-11-01", () => Response.json({ name })],
      ...secrets.map((secret): [string, string, () => Response] => [
        `${vaults}/${name}/secrets/${secret}`,
        "2024-11-01",
        () => Response.json({ name: secret, properties: { secretUri: "" } }),
      ]),
    ]),
    ...given.deletedVaults.map((name): [string, string, () => Response] => [
      `/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/${name}`,
      "2024-11-01",
      () => Response.json({ name }),
    ]),
    ...given.accounts.map((name): [string, string, () => Response] => [
      `${group}/providers/Microsoft.Storage/storageAccounts/${name}`,
      "2024-01-01",
      () => Response.json({ name }),
    ]),
    ["/providers/Microsoft.KeyVault/checkNameAvailability", "2024-11-01", available("Microsoft.KeyVault/vaults")],
    [
      "/providers/Microsoft.Storage/checkNameAvailability",
      "2024-01-01",
      available("Microsoft.Storage/storageAccounts"),
    ],
  ];
}

const page = (value: object[]) => Response.json({ value });
const one = (body: object | string | undefined, code: string, message: string) =>
  body ? Response.json(body) : error(404, code, message);
const noGroup = () => error(404, "ResourceGroupNotFound", "Resource group 'rg-platform-dev' could not be found.");

/** An error in Azure's form. */
export function error(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status });
}
