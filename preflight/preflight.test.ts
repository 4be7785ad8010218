import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  image,
  locationRestriction,
  restOf,
  restTo,
  roomySubscription,
  sku,
  subscriptionId,
  usage,
  zoneRestriction,
  type Subscription,
} from "../azure/testing/subscription.ts";
import type { Plan } from "../environment/plan.ts";
import type { PreflightSettings } from "../environment/preflight.ts";
import { noZoneFile } from "../environment/zones/zoneFile.ts";
import type { Stack } from "../environment/read.ts";
import { dev } from "../environment/testing/mistakes.ts";
import { planOf } from "../environment/testing/stacks.ts";
import { preflight } from "./preflight.ts";
import type { StandingScaleSets } from "./needs.ts";
import { devPlan, size, standingAs, wishing } from "./testing/plans.ts";

const azure = vi.hoisted((): { rest: unknown } => ({ rest: undefined }));
vi.mock("../azure/arm.ts", () => ({ connect: () => Promise.resolve({ rest: azure.rest }) }));

let told: string[];
beforeEach(() => {
  told = [];
  for (const kind of ["warn", "info"] as const) {
    vi.spyOn(pulumi.log, kind).mockImplementation((text) => {
      told.push(`${kind}: ${text}`);
      return Promise.resolve();
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

interface Given {
  plan?: Plan;
  standing?: StandingScaleSets;
  preview?: boolean;
  location?: string | undefined;
  /** Names of secrets that Pulumi has. */
  secrets?: string[];
  /** In the place of the subscription. */
  answer?: () => Promise<Response>;
  settings?: Partial<PreflightSettings>;
}

/** What a run is told that begins on this subscription: nothing where it may go on. */
async function run(subscription: Subscription, given: Given = {}): Promise<{ error: string; asked: string[] }> {
  const { rest, asked } = restOf(subscription);
  azure.rest = given.answer ? restTo(given.answer) : rest;
  vi.spyOn(pulumi.runtime, "isDryRun").mockReturnValue(given.preview ?? false);
  const settings: Stack = {
    planWith: () => ({ plan: given.plan ?? devPlan(), mistakes: [] }),
    stack: "dev",
    secrets: Object.fromEntries((given.secrets ?? []).map((name) => [name, pulumi.output("a value")])),
    cloud: { resourceManager: "https://arm.test", vaultSuffix: "vault.test", storageSuffix: "core.test" },
    location: "location" in given ? given.location : "westeurope",
    preflight: { enabled: true, exampleNames: "allow", spares: "required", ...given.settings },
    zoneFile: noZoneFile,
    file: "Pulumi.dev.yaml",
  };
  const error = await preflight(settings, Promise.resolve({ scaleSets: given.standing ?? new Map() })).then(
    (texts) => texts.join("\n"),
    (thrown: unknown) => {
      expect(pulumi.RunError.isInstance(thrown)).toBe(true);
      return (thrown as Error).message;
    },
  );
  return { error, asked };
}

/** The one obstacle of a run, without its heading. */
async function obstacle(subscription: Subscription, given: Given = {}): Promise<string> {
  const { error } = await run(subscription, given);
  const [heading, ...lines] = error.split("\n");
  expect(heading).toBe("1 obstacle at Azure for Pulumi.dev.yaml; nothing was changed.");
  return lines.join("\n");
}

const roomy = (change: Partial<Subscription> = {}): Subscription => ({ ...roomySubscription(), ...change });

test("where Azure has everything the run goes on, and nothing but questions were asked", async () => {
  const { error, asked } = await run(roomy());
  expect(error).toBe("");
  expect(told).toEqual([]);
  const compute = `/subscriptions/${subscriptionId}/providers/Microsoft.Compute`;
  expect(asked).toContain(`GET ${compute}/skus?api-version=2021-07-01&$filter=location eq 'westeurope'`);
  const root = `/subscriptions/${subscriptionId}/providers`;
  expect(asked.filter((line) => !line.startsWith("GET ")).sort()).toEqual([
    `POST ${root}/Microsoft.KeyVault/checkNameAvailability?api-version=2024-11-01`,
    `POST ${root}/Microsoft.Storage/checkNameAvailability?api-version=2024-01-01`,
  ]);
  expect(asked).toHaveLength(16);
});

test("dev with the defaults is judged with its own image and wishes", async () => {
  const plan = planOf(
    "dev",
    dev((given) => {
      delete given["trustedLaunch"];
    }),
  );
  expect(plan.imageVersion).toMatch(/^\d/);
  expect(plan.reverseProxy.trustedLaunch).toBe(true);
  const images = (change = {}) => ({ images: { [plan.imageVersion]: image(change) } });
  expect((await run(roomy(images()), { plan })).error).toBe("");
  expect(told).toEqual([]);
  expect(await obstacle(roomy(images({ features: [] })), { plan })).toContain("given:   trustedLaunch with an image");
  const skus = [sku(plan.reverseProxy.size, "standardBasv2Family", { AcceleratedNetworkingEnabled: "False" })];
  expect(await obstacle(roomy({ ...images(), skus }), { plan })).toContain("with acceleratedNetworking\n");
  expect(await obstacle(roomy({ images: { "0.1.1": image() } }), { plan })).toContain(
    `  image Debian:debian-13:13-gen2:${plan.imageVersion}\n`,
  );
});

test("a region may be written as the portal shows it", async () => {
  expect((await run(roomy(), { location: "West Europe" })).error).toBe("");
});

const allPlaces =
  "platform:environment.tiers.back.size (also balancers.size, tiers.data.size, tiers.front.size, " +
  "tiers.machine-learning.size, reverseProxy.size)";

test("a size that the region does not have is told with those of its series", async () => {
  const skus = roomySubscription().skus.filter(({ name }) => name !== size);
  expect(await obstacle(roomy({ skus }))).toBe(
    `  ${allPlaces}
    given:   Standard_B2als_v2
    allowed: a size that westeurope has, for example Standard_B2s
    change:  \`size\` in Pulumi.dev.yaml, or azure-native:location`,
  );
});

const withSize = (change: object): Partial<Subscription> => ({
  skus: roomySubscription().skus.map((one) => (one.name === size ? { ...one, ...change } : one)),
});

test("a size that the subscription is refused is told with the reason", async () => {
  expect(await obstacle(roomy(withSize({ restrictions: [locationRestriction] })))).toContain(
    "allowed: a size that westeurope has; this one is refused to the subscription (NotAvailableForSubscription), " +
      "for example Standard_B2s\n",
  );
});

test("a zone in which the subscription cannot have a size is told", async () => {
  expect(await obstacle(roomy(withSize({ restrictions: [zoneRestriction("3")] })))).toBe(
    `  ${allPlaces}
    given:   Standard_B2als_v2 in zones 1, 2, 3 of westeurope
    allowed: zones 1, 2: zone 3 is refused to the subscription (NotAvailableForSubscription)
    change:  \`size\` or \`zones\` in Pulumi.dev.yaml; zones of a stack that stands cannot be changed`,
  );
});

test("a zone that does not have a size is told, and a stack without that zone goes on", async () => {
  const skus = withSize({ locationInfo: [{ location: "westeurope", zones: ["2", "1"], zoneDetails: [] }] });
  expect(await obstacle(roomy(skus))).toContain("allowed: zones 1, 2: zone 3 does not have it");
  const plan = devPlan((environment) => {
    environment["zones"] = ["1", "2"];
  });
  expect((await run(roomy(skus), { plan })).error).toBe("");
});

const cores = (used: number, limit: number, family = usage("standardBasv2Family", "Standard Basv2 vCPUs", 0, 100)) => [
  usage("cores", "Total Regional vCPUs", used, limit),
  family,
];

test("a new subscription's quota has no room for repairs: dev is 20 vCPUs, and 10 for spare machines", async () => {
  expect(await obstacle(roomy({ usages: cores(0, 20) }))).toBe(
    `  quota of vCPUs in westeurope
    given:   Total Regional vCPUs: 20 and 10 for spare machines, which repairs make before they delete
    allowed: Total Regional vCPUs: 20 (the limit is 20, in use are 0)
    change:  higher limits (Azure's portal, Quotas), or fewer \`instances\`, a lower \`autoscale.maximum\` or another \
\`size\` in Pulumi.dev.yaml; to go on without room for spare machines: pulumi config set --path \
platform:preflight.spares warned`,
  );
  expect(await run(roomy({ usages: cores(0, 29) }))).not.toMatchObject({ error: "" });
  expect(await run(roomy({ usages: cores(0, 30) }))).toMatchObject({ error: "" });
  expect(await run(roomy({ usages: cores(5, 34) }))).not.toMatchObject({ error: "" });
});

test("room for spare machines can be done without, room for the machines cannot", async () => {
  const settings = { spares: "warned" } as const;
  expect((await run(roomy({ usages: cores(0, 20) }), { settings })).error).toBe("");
  expect(told).toEqual([expect.stringContaining("given Total Regional vCPUs: 20 and 10 for spare machines, ")]);
  const text = await obstacle(roomy({ usages: cores(0, 19) }), { settings });
  expect(text).toContain("allowed: Total Regional vCPUs: 19 (");
  expect(text).not.toContain("platform:preflight.spares");
  const plan = devPlan(({ tiers }) => {
    tiers["front"] = { ...tiers["front"], autoscale: { minimum: 2, maximum: 9 } };
  });
  expect((await run(roomy({ usages: cores(0, 20) }), { settings, plan })).error).toBe("");
  expect(await obstacle(roomy({ usages: cores(0, 19) }), { plan })).toContain(
    "Total Regional vCPUs: 34 (20 of them at once) and 10 for spare machines",
  );
});

test("every scale set of a group is repaired by a spare machine of its own", async () => {
  const plan = devPlan((environment) => {
    environment["zones"] = ["1", "2", "3"];
    environment.tiers["front"] = { ...environment.tiers["front"], instances: 3, scaleSetPerZone: true };
  });
  // Eleven machines, and two spare ones more.
  expect(await obstacle(roomy({ usages: cores(0, 35) }), { plan })).toContain("22 and 14 for spare machines");
  expect((await run(roomy({ usages: cores(0, 36) }), { plan })).error).toBe("");
});

test("families of sizes have quotas of their own", async () => {
  const family = usage("StandardBasv2Family", "Standard Basv2 Family vCPUs", 0, 10);
  expect(await obstacle(roomy({ usages: cores(0, 100, family) }))).toContain(
    "allowed: Standard Basv2 Family vCPUs: 10 (the limit is 10, in use are 0)\n",
  );
  expect(await obstacle(roomy({ usages: cores(0, 20, family) }))).toContain(
    "allowed: Total Regional vCPUs: 20 (the limit is 20, in use are 0); Standard Basv2 Family vCPUs: 10 (",
  );
});

test("autoscale counts with its maximum", async () => {
  const plan = devPlan(({ tiers }) => {
    tiers["front"] = { ...tiers["front"], autoscale: { minimum: 2, maximum: 9 } };
  });
  expect(await run(roomy({ usages: cores(0, 43) }), { plan })).not.toMatchObject({ error: "" });
  expect(await run(roomy({ usages: cores(0, 44) }), { plan })).toMatchObject({ error: "" });
});

const group: Partial<Subscription> = { groupPermissions: [{ actions: ["*"], notActions: [] }] };
const standing = standingAs(devPlan());

/** Dev with one machine more in front. */
const grown = devPlan(({ tiers }) => {
  tiers["front"] = { ...tiers["front"], instances: 3 };
});

test("a standing stack passes by what it has, also where its spare machines have no room: that is a warning", async () => {
  expect((await run(roomy({ ...group, usages: cores(20, 30) }), { standing })).error).toBe("");
  expect(told).toEqual([]);
  // With one machine in repair: nine of ten count.
  for (const used of [20, 18]) {
    expect((await run(roomy({ ...group, usages: cores(used, 20) }), { standing })).error).toBe("");
    expect(told.splice(0)).toEqual([
      expect.stringMatching(
        /^warn: quota of vCPUs in westeurope: given Total Regional vCPUs: 0 more and 10 for spare machines, /,
      ),
    ]);
  }
});

test("a standing stack that grows counts what is added", async () => {
  expect(await obstacle(roomy({ ...group, usages: cores(20, 31) }), { standing, plan: grown })).toContain(
    "Total Regional vCPUs: 2 more and 10 for spare machines, which repairs make before they delete\n",
  );
  expect((await run(roomy({ ...group, usages: cores(20, 32) }), { standing, plan: grown })).error).toBe("");
});

test("a group that shrinks gives its room to none that grows before it has shrunk", async () => {
  const more = standingAs(devPlan(), { back: 9 });
  expect(await obstacle(roomy({ ...group, usages: cores(34, 34) }), { standing: more, plan: grown })).toContain(
    "Total Regional vCPUs: 2 more and",
  );
});

test("a size that Azure gives no more does not stop a stack that stands, but a group that grows", async () => {
  const zoneLost = withSize({ restrictions: [zoneRestriction("3")] });
  expect((await run(roomy({ ...group, ...zoneLost }), { standing })).error).toBe("");
  expect(told).toEqual([
    expect.stringMatching(
      /^warn: platform:environment\.tiers\.back\.size .*: given Standard_B2als_v2 in zones 1, 2, 3/,
    ),
  ]);
  const text = await obstacle(roomy({ ...group, ...zoneLost }), { standing, plan: grown });
  expect(text).toContain("  platform:environment.tiers.front.size\n");
  expect(text).toContain("zone 3 is refused to the subscription");
});

test("a standing stack of another size is warned only: its machines keep the one that they have", async () => {
  const small = usage("standardBasv2Family", "Standard Basv2 vCPUs", 0, 4);
  const change = { ...withSize({ restrictions: [zoneRestriction("3")] }), usages: cores(20, 200, small) };
  expect((await run(roomy({ ...group, ...change }), { standing })).error).toBe("");
  expect(told).toEqual([
    expect.stringContaining("zone 3 is refused"),
    expect.stringContaining("given Standard Basv2 vCPUs: 0 more and 10 for spare machines"),
  ]);
});

test("a version of the image that is not there is told with those that are", async () => {
  const plan = wishing(devPlan(), { imageVersion: "0.20240101.1" });
  expect(await obstacle(roomy(), { plan })).toBe(
    `  image Debian:debian-13:13-gen2:0.20240101.1
    given:   version 0.20240101.1 in westeurope
    allowed: a version there: 0.20251001.1, 0.20250911.2232, 0.20250814.2204
    change:  \`imageVersion\` in Pulumi.dev.yaml`,
  );
  expect((await run(roomy(), { plan: wishing(devPlan(), { imageVersion: "0.20250814.2204" }) })).error).toBe("");
});

test("a version that Azure took away, and what a size cannot do, stop groups that grow only", async () => {
  const wished = { imageVersion: "0.20240101.1", encryptionAtHost: true };
  const skus = [sku(size, "standardBasv2Family", { EncryptionAtHostSupported: "False" })];
  expect((await run(roomy({ ...group, skus }), { standing, plan: wishing(devPlan(), wished) })).error).toBe("");
  expect(told).toEqual([
    expect.stringContaining("given Standard_B2als_v2 with encryptionAtHost"),
    expect.stringContaining("given version 0.20240101.1 in westeurope"),
  ]);
  told = [];
  const { error } = await run(roomy({ ...group, skus }), { standing, plan: wishing(grown, wished) });
  expect(error.split("\n").filter((line) => /^ {2}\S|^\S/.test(line))).toEqual([
    "2 obstacles at Azure for Pulumi.dev.yaml; nothing was changed.",
    "  platform:environment.tiers.front.size",
    "  image Debian:debian-13:13-gen2:0.20240101.1",
  ]);
  expect(told).toEqual([expect.stringMatching(/^warn: platform:environment\.tiers\.back\.size \(also balancers/)]);
});

test("a region without the image is told", async () => {
  expect(await obstacle(roomy({ images: {} }))).toContain("allowed: a region that has this image\n");
});

test.each([
  [{ hyperVGeneration: "V1" }, {}, "generation V1 on Standard_B2als_v2", { HyperVGenerations: "V2" }],
  [{ architecture: "Arm64" }, {}, "architecture Arm64 on Standard_B2als_v2", {}],
  [
    { features: [{ name: "DiskControllerTypes", value: "SCSI" }] },
    {},
    "disks by SCSI on Standard_B2als_v2",
    { DiskControllerTypes: "NVMe" },
  ],
  [
    { plan: { publisher: "debian", product: "debian-13", name: "hardened" } },
    {},
    "an image with a plan (debian debian-13 hardened)",
    {},
  ],
  [{ features: [] }, { trustedLaunch: true }, "trustedLaunch with an image for which Azure says SecurityType none", {}],
  [
    { features: [{ name: "IsAcceleratedNetworkSupported", value: "False" }] },
    { acceleratedNetworking: true },
    "acceleratedNetworking with an image for which Azure says IsAcceleratedNetworkSupported False",
    {},
  ],
])("an image that does not fit is told (%j)", async (change, wishes, given, capabilities) => {
  const images = { "0.20251001.1": image(change) };
  const skus = [sku(size, "standardBasv2Family", capabilities)];
  expect(await obstacle(roomy({ images, skus }), { plan: wishing(devPlan(), wishes) })).toContain(
    `given:   ${given}\n`,
  );
});

test.each([
  ["encryptionAtHost", { EncryptionAtHostSupported: "False" }],
  ["acceleratedNetworking", { AcceleratedNetworkingEnabled: "False" }],
  ["trustedLaunch", { TrustedLaunchDisabled: "True" }],
])("a size that cannot do %s is told where it is wanted", async (wish, capabilities) => {
  const skus = [sku(size, "standardBasv2Family", capabilities)];
  expect((await run(roomy({ skus }))).error).toBe("");
  const plan = wishing(devPlan(), { [wish]: true });
  expect(await obstacle(roomy({ skus }), { plan })).toContain(`given:   Standard_B2als_v2 with ${wish}\n`);
  expect((await run(roomy(), { plan })).error).toBe("");
});

test("encryption at host needs its feature registered", async () => {
  const plan = wishing(devPlan(), { encryptionAtHost: true });
  expect(await obstacle(roomy({ features: { EncryptionAtHost: "NotRegistered" } }), { plan })).toContain(
    "given:   true, with the feature Microsoft.Compute/EncryptionAtHost NotRegistered\n",
  );
});

test("a provider that is not registered is told once, though it refuses other questions too", async () => {
  const refusal = {
    error: {
      code: "MissingSubscriptionRegistration",
      message: "The subscription is not registered to use namespace 'Microsoft.Compute'.",
    },
  };
  const providers = { ...roomySubscription().providers, "Microsoft.Compute": "NotRegistered" };
  const ends = ["/skus", "/usages", "/versions"];
  const errors = Object.fromEntries(ends.map((end) => [end, [409, refusal]])) as Subscription["errors"];
  expect(await obstacle(roomy({ providers, errors }))).toBe(
    `  resource provider Microsoft.Compute
    given:   NotRegistered
    allowed: Registered
    change:  az provider register --wait --namespace Microsoft.Compute`,
  );
});

test("only the providers count whose resources the stack has", async () => {
  const providers = { ...roomySubscription().providers, "Microsoft.Insights": "NotRegistered" };
  expect((await run(roomy({ providers }))).error).toBe("");
  const plan = devPlan(({ tiers }) => {
    tiers["front"] = { ...tiers["front"], autoscale: { minimum: 2, maximum: 4 } };
  });
  expect(await obstacle(roomy({ providers }), { plan })).toContain("resource provider Microsoft.Insights\n");
});

const reader = [{ actions: ["*/read"], notActions: [] }];
const denied = "Microsoft.Compute/virtualMachineScaleSets/write";

test("an up needs the rights to write, each of them; a preview only tells that they are missing", async () => {
  const permissions = [{ actions: ["*"], notActions: [denied] }];
  expect(await obstacle(roomy({ permissions }))).toBe(
    `  rights of this identity in /subscriptions/${subscriptionId}
    given:   not ${denied}
    allowed: an identity that has all that the stack needs, for example by the role Contributor
    change:  az role assignment create --role Contributor --scope /subscriptions/${subscriptionId} --assignee <identity>`,
  );
  expect((await run(roomy({ permissions: reader }), { preview: true })).error).toBe("");
  expect(told).toEqual([
    expect.stringMatching(/^info: pulumi up will need: rights of this identity in .*: not .*\/action/),
    expect.stringMatching(/: not Microsoft\.Authorization\/roleAssignments\/write;/),
    expect.stringMatching(/^info: pulumi up will need: rights of this identity in .*: not .*\/delete/),
    expect.stringMatching(/: not Microsoft\.Authorization\/roleAssignments\/delete,/),
  ]);
});

test("an identity that may not delete is warned in an up; it may make everything", async () => {
  const permissions = [{ actions: ["*"], notActions: ["*/delete"] }];
  expect((await run(roomy({ permissions }))).error).toBe("");
  expect(told).toEqual([
    expect.stringMatching(
      /^warn: rights of this identity in .*: given not Microsoft\.Compute\/virtualMachineScaleSets\/delete.*half-way;/,
    ),
    expect.stringMatching(/given not Microsoft\.Authorization\/roleAssignments\/delete, without which/),
  ]);
});

test("a resource group that stands needs nobody who may make or delete one", async () => {
  const deny = "Microsoft.Resources/subscriptions/resourceGroups/";
  const least = [{ actions: ["*"], notActions: [`${deny}write`, `${deny}delete`] }];
  expect((await run(roomy({ groupPermissions: least }), { standing })).error).toBe("");
  expect(told).toEqual([]);
  expect(await obstacle(roomy({ permissions: least }))).toContain(`given:   not ${deny}write\n`);
});

test("where the resource group is, its rights count: those of the subscription may be none", async () => {
  const errors: Subscription["errors"] = {};
  const inGroup = { ...group, permissions: [] };
  expect((await run(roomy({ ...inGroup, errors }))).error).toBe("");
  const { error } = await run(roomy({ ...inGroup, groupPermissions: reader }));
  expect(error).toContain(
    `rights of this identity in /subscriptions/${subscriptionId}/resourceGroups/rg-platform-dev\n`,
  );
  expect(error).not.toContain(`rights of this identity in /subscriptions/${subscriptionId}\n`);
});

const peered = (makes: boolean): Plan => ({
  ...devPlan(),
  peers: [
    {
      ...{ environment: "tools", stack: "tools", network: "10.30.0.0/16", privateDomain: "tools.chatbot.internal" },
      ...{ makes, reaches: [], admits: [] },
    },
  ],
});

/** Permissions in the resource group of tools. */
const inTools = (permissions: object[]): Subscription["errors"] => ({
  "/resourceGroups/rg-platform-tools/providers/Microsoft.Authorization/permissions": [200, { value: permissions }],
});

test("a stack that makes a peering needs rights in the other environment's group, once that stands", async () => {
  const plan = peered(true);
  expect((await run(roomy({ errors: inTools([{ actions: ["*"], notActions: [] }]) }), { plan })).error).toBe("");
  const lacking = await obstacle(roomy({ errors: inTools(reader) }), { plan });
  expect(lacking).toContain(
    `rights of this identity in /subscriptions/${subscriptionId}/resourceGroups/rg-platform-tools\n`,
  );
  expect(lacking).toContain(
    `    given:   not Microsoft.Network/privateDnsZones/virtualNetworkLinks/write, \
Microsoft.Network/virtualNetworks/join/action, Microsoft.Network/virtualNetworks/peer/action, \
Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write\n`,
  );
  // That it does not stand is told by what asks for its network.
  expect((await run(roomy(), { plan })).error).toBe("");
  const { error, asked } = await run(roomy({ errors: inTools(reader) }), { plan: peered(false) });
  expect(error).toBe("");
  expect(asked.filter((line) => line.includes("rg-platform-tools"))).toEqual([]);
});

test("a stack behind an entry needs to read the entry's jump hosts and their consoles, once they stand", async () => {
  const { reverseProxy } = devPlan();
  const entry = { environment: "tools", stack: "tools", domain: "tools.chatbot.example" };
  const plan = { ...devPlan(), reverseProxy: { ...reverseProxy, public: false, entry } };
  expect((await run(roomy({ errors: inTools([{ actions: ["*"], notActions: [] }]) }), { plan })).error).toBe("");
  expect(await obstacle(roomy({ errors: inTools(reader) }), { plan })).toContain(
    "rg-platform-tools\n    given:   not Microsoft.Compute/virtualMachines/retrieveBootDiagnosticsData/action\n",
  );
  expect((await run(roomy(), { plan })).error).toBe("");
});

test.each<[string, (plan: Plan) => Partial<Plan>]>([
  ["NS", () => ({ subZones: [{ environment: "x", stack: "x", domain: "x.dev.chatbot.example", name: "x" }] })],
  [
    "TXT",
    ({ identities }) => ({
      identities: [...identities, { group: "x", name: "x", rights: [{ role: "DNS Zone Contributor", label: "x" }] }],
    }),
  ],
  [
    "CNAME",
    ({ reverseProxy }) => ({
      reverseProxy: {
        ...reverseProxy,
        entry: { environment: "tools", stack: "tools", domain: "tools.chatbot.example" },
      },
    }),
  ],
])("only a plan that makes %s records needs the right to write them", async (type, change) => {
  const action = `Microsoft.Network/dnsZones/${type}/write`;
  const permissions = [{ actions: ["*"], notActions: [action] }];
  expect((await run(roomy({ permissions }), { plan: devPlan() })).error).toBe("");
  const plan = { ...devPlan(), ...change(devPlan()) };
  expect(await obstacle(roomy({ permissions }), { plan })).toContain(`given:   not ${action}\n`);
});

test("only a stack that makes a peering needs the right to peer its own network", async () => {
  const permissions = [{ actions: ["*"], notActions: ["*/peer/action"] }];
  expect((await run(roomy({ permissions }), { plan: peered(false) })).error).toBe("");
  expect(await obstacle(roomy({ permissions }), { plan: peered(true) })).toContain(
    "given:   not Microsoft.Network/virtualNetworks/peer/action\n",
  );
});

test("a question that Azure refuses is an obstacle, and hides no other", async () => {
  const message = "The client does not have authorization to perform action 'Microsoft.Compute/locations/usages/read'";
  const errors: Subscription["errors"] = { "/usages": [403, { error: { code: "AuthorizationFailed", message } }] };
  const { error } = await run(roomy({ errors, ...withSize({ restrictions: [locationRestriction] }) }));
  expect(error).toMatch(/^2 obstacles at Azure/);
  expect(error).toContain(
    `  question /subscriptions/${subscriptionId}/providers/Microsoft.Compute/locations/westeurope/usages
    given:   403 AuthorizationFailed ${message}
    allowed: an identity that may read there, for example by the role Reader
    change:  its roles on the subscription, or to go on without asking pulumi config set --path \
platform:preflight.enabled false`,
  );
});

test("a region that nobody has, and none at all, are told", async () => {
  expect(await obstacle(roomy(), { location: "Middle Earth" })).toContain(
    "  azure-native:location\n    given:   middleearth\n",
  );
  expect(await obstacle(roomy(), { location: undefined })).toContain(
    "  azure-native:location\n    given:   (nothing)\n",
  );
});

test("everything that is wrong is said at once", async () => {
  const { error } = await run(
    roomy({
      usages: cores(0, 20),
      ...withSize({ restrictions: [zoneRestriction("3")] }),
      providers: { ...roomySubscription().providers, "Microsoft.Network": "Unregistered" },
      permissions: [{ actions: ["*"], notActions: [denied] }],
    }),
  );
  expect(error.split("\n").filter((line) => /^ {2}\S|^\S/.test(line))).toEqual([
    "4 obstacles at Azure for Pulumi.dev.yaml; nothing was changed.",
    "  resource provider Microsoft.Network",
    `  ${allPlaces}`,
    "  quota of vCPUs in westeurope",
    `  rights of this identity in /subscriptions/${subscriptionId}`,
  ]);
});

test("an unedited stack file is refused, each name of it, before a machine looks for its repository", async () => {
  const { error } = await run(roomy(), { settings: { exampleNames: "refuse" } });
  expect(error.split("\n").filter((line) => /^ {2}\S|^\S/.test(line))).toEqual([
    "6 obstacles at Azure for Pulumi.dev.yaml; nothing was changed.",
    "  platform:environment.domain",
    "  platform:environment.tiers.back.applications[0].repository",
    "  platform:environment.tiers.front.applications[0].repository",
    "  platform:environment.tiers.machine-learning.applications[0].repository",
    "  platform:environment.reverseProxy.routes[0].host",
    "  platform:environment.reverseProxy.routes[1].host",
  ]);
});

test("an Azure that does not answer ends the run, and says how to go on without it", async () => {
  const answer = () => Promise.reject(new Error("connect ECONNREFUSED 192.0.2.1:443"));
  const { error } = await run(roomy(), { answer });
  expect(error.replace(/GET \S+:/, "GET /x:")).toBe(
    `Azure could not be asked whether Pulumi.dev.yaml can be built; nothing was changed.
  GET /x: no answer (connect ECONNREFUSED 192.0.2.1:443)
  To go on without asking: pulumi config set --path platform:preflight.enabled false`,
  );
});

test.each([
  [401, "ExpiredAuthenticationToken"],
  [404, "SubscriptionNotFound"],
  [500, "InternalServerError"],
])("an Azure that answers %s %s told nothing", async (status, code) => {
  const errors: Subscription["errors"] = { "/skus": [status, { error: { code, message: "?" } }] };
  expect((await run(roomy({ errors }))).error).toMatch(
    new RegExp(`^Azure could not be asked .*\n  GET .*/skus: ${status} ${code} `),
  );
});

test("switched off, nothing is asked and nothing is refused", async () => {
  const { error, asked } = await run(roomy({ skus: [] }), { settings: { enabled: false, exampleNames: "refuse" } });
  expect([error, asked]).toEqual(["", []]);
});

const { name: vault } = planOf("dev").vault;
const { name: account } = planOf("dev").storage;

test("a name of a vault or a storage account that somebody has is told with Azure's words, both at once", async () => {
  const { error } = await run(roomy({ taken: [vault, account] }));
  expect(error).toBe(`2 obstacles at Azure for Pulumi.dev.yaml; nothing was changed.
  platform:environment.vault.name
    given:   ${vault} (The name '${vault}' is already in use.)
    allowed: a name that nobody has, in all of Azure
    change:  \`vault.name\` in Pulumi.dev.yaml
  platform:environment.storage.name
    given:   ${account} (The name '${account}' is already in use.)
    allowed: a name that nobody has, in all of Azure
    change:  \`storage.name\` in Pulumi.dev.yaml`);
});

test("names of those that stand already are no matter", async () => {
  const standing = { vaults: { [vault]: ["databaseLogin"] }, accounts: [account], taken: [vault, account] };
  expect((await run(roomy(standing))).error).toBe("");
});

test("a vault that lies in soft delete is told with the ways out, and is no matter where it is taken back", async () => {
  const subscription = roomy({ deletedVaults: [vault], taken: [vault] });
  const given = `  platform:environment.vault.name
    given:   ${vault}, which was deleted and lies in soft delete
    allowed: a vault that is taken back, or another name; Azure gives no name away for 90 days
    change:  another name, or platform:environment.vault.recover: true in Pulumi.dev.yaml`;
  expect(await obstacle(subscription)).toBe(given);
  const secrets = ["databaseLogin"];
  expect(await obstacle(subscription, { secrets })).toBe(
    `${given}, and, since the vault has its secrets then: pulumi config rm platform:databaseLogin`,
  );
  const plan = devPlan((environment) => {
    environment["vault"] = { recover: true };
  });
  expect((await run(subscription, { plan })).error).toBe("");
  expect(await obstacle(subscription, { plan, secrets })).toBe(
    `  platform:environment.vault.recover
    given:   true, and values of databaseLogin
    allowed: a vault that is taken back has the secrets that it had, and Pulumi makes none that is there
    change:  pulumi config rm platform:databaseLogin`,
  );
  expect((await run(roomy({ vaults: { [vault]: [] } }), { plan, secrets })).error).toBe("");
});

test("a secret that nobody set in a vault that stands is told with the commands that set it", async () => {
  const subscription = roomy({ vaults: { [vault]: [] } });
  expect(await obstacle(subscription)).toBe(
    `  secret databaseLogin in the vault ${vault}
    given:   (nothing)
    allowed: a value, since application back of tier back asks for it
    change:  read -rs value; printf %s "$value" | az keyvault secret set --vault-name ${vault} --name databaseLogin --file \
/dev/stdin   # {"password":"…","user":"…"}
      or: pulumi config set --secret platform:databaseLogin   # {"password":"…","user":"…"}
      or, where it was deleted: az keyvault secret recover --vault-name ${vault} --name databaseLogin`,
  );
  expect((await run(subscription, { secrets: ["databaseLogin"] })).error).toBe("");
  expect((await run(roomy({ vaults: {} }))).error).toBe("");
});

test("where Azure does not tell of the vault, that is told", async () => {
  const errors: Subscription["errors"] = {
    [`/vaults/${vault}`]: [403, { error: { code: "AuthorizationFailed", message: "no" } }],
  };
  expect(await obstacle(roomy({ errors }))).toContain("given:   403 AuthorizationFailed no\n");
});

test("an identity that may not give rights is told of the role that lets it, and of Contributor only where that lacks", async () => {
  const contributor = {
    actions: ["*"],
    notActions: ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"],
  };
  const scope = `/subscriptions/${subscriptionId}`;
  expect(await obstacle(roomy({ permissions: [contributor] }))).toBe(
    `  rights of this identity in ${scope}
    given:   not Microsoft.Authorization/roleAssignments/write
    allowed: an identity that has all that the stack needs, for example by the role Role Based Access Control Administrator
    change:  az role assignment create --role "Role Based Access Control Administrator" --scope ${scope} --assignee \
<identity>`,
  );
  const { error } = await run(roomy({ permissions: [] }));
  expect(error).toMatch(/^2 obstacles /);
  expect(error).toContain("--role Contributor ");
});

test("an environment without secrets and applications needs nobody who gives rights", async () => {
  const contributor = { actions: ["*"], notActions: ["Microsoft.Authorization/*"] };
  const plan = devPlan();
  const none = { ...plan, vault: { ...plan.vault, secrets: [] }, identities: [] };
  expect((await run(roomy({ permissions: [contributor] }), { plan: none })).error).toBe("");
});
