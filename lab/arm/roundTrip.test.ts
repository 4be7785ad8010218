import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { subscription, TestLab } from "./testing/testLab.ts";

const lab = new TestLab();
const location = "westeurope";
const group = `/subscriptions/${subscription}/resourceGroups/rg`;
const id = (path: string): string => `${group}/providers/${path}`;
const vnet = id("Microsoft.Network/virtualNetworks/vnet");
const subnet = `${vnet}/subnets/snet`;
const versions: [RegExp, string][] = [
  [/\/providers\/Microsoft\.Compute/i, "2024-11-01"],
  [/\/privateDnsZones/i, "2024-06-01"],
  [/\/dnsZones/i, "2018-05-01"],
  [/autoscaleSettings/i, "2022-10-01"],
  [/\/providers\/Microsoft\.Network/i, "2024-05-01"],
];
const versioned = (path: string): string =>
  `${path}?api-version=${versions.find(([pattern]) => pattern.test(path))?.[1] ?? "2024-03-01"}`;

/** `status code` of a request's refusal. */
async function outcome(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<string> {
  const answer = await lab.call(method, path.includes("?") ? path : versioned(path), body, headers);
  const refused = (answer.body || {}) as { code?: string; error?: { code: string } };
  const code = refused.error?.code ?? (answer.status >= 400 ? refused.code : undefined);
  return `${answer.status}${code === undefined ? "" : ` ${code}`}`;
}

const frontEnd = (properties: object, name = "front"): object => ({ name, properties });
const balancer = (properties: object, sku = "Standard"): object => ({ location, sku: { name: sku }, properties });

const extension = (properties: object): object => ({
  name: "x",
  properties: {
    publisher: "Microsoft.ManagedServices",
    type: "ApplicationHealthLinux",
    typeHandlerVersion: "2.0",
    settings: { protocol: "http", port: 8999, requestPath: "/health" },
    ...properties,
  },
});
interface Parts {
  set?: object;
  profile?: object;
  os?: object;
  image?: object;
  extensions?: object[];
  sku?: object;
  envelope?: object;
}
const scaleSet = (parts: Parts = {}): object => ({
  location,
  sku: { name: "Standard_B2s", capacity: 0, ...parts.sku },
  ...parts.envelope,
  properties: {
    orchestrationMode: "Flexible",
    platformFaultDomainCount: 1,
    virtualMachineProfile: {
      osProfile: {
        computerNamePrefix: "a",
        adminUsername: "platform",
        linuxConfiguration: { ssh: { publicKeys: [{ keyData: "ssh-ed25519 AAAA" }] } },
        ...parts.os,
      },
      storageProfile: {
        imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest", ...parts.image },
        osDisk: { createOption: "FromImage" },
      },
      networkProfile: {
        networkApiVersion: "2022-11-01",
        networkInterfaceConfigurations: [
          {
            name: "nic",
            properties: { primary: true, ipConfigurations: [{ name: "ip", properties: { subnet: { id: subnet } } }] },
          },
        ],
      },
      ...(parts.extensions && { extensionProfile: { extensions: parts.extensions } }),
      ...parts.profile,
    },
    ...parts.set,
  },
});

beforeAll(async () => {
  await lab.start();
  await lab.call("PUT", versioned(group), { location });
  await lab.call("PUT", versioned(id("Microsoft.Network/networkSecurityGroups/nsg")), { location, properties: {} });
  await lab.call("PUT", versioned(id("Microsoft.Network/publicIPAddresses/pip")), {
    location,
    sku: { name: "Standard" },
    properties: { publicIPAllocationMethod: "Static" },
  });
  await lab.call("PUT", versioned(id("Microsoft.Network/natGateways/ng")), {
    location,
    properties: { publicIpAddresses: [{ id: id("Microsoft.Network/publicIPAddresses/pip") }] },
  });
  const networkSecurityGroup = { id: id("Microsoft.Network/networkSecurityGroups/nsg") };
  const natGateway = { id: id("Microsoft.Network/natGateways/ng") };
  await lab.call("PUT", versioned(vnet), {
    location,
    properties: {
      addressSpace: { addressPrefixes: ["10.0.0.0/16"] },
      subnets: [{ name: "snet", properties: { addressPrefix: "10.0.1.0/24", networkSecurityGroup, natGateway } }],
    },
  });
  await lab.call(
    "PUT",
    versioned(id("Microsoft.Network/loadBalancers/lb")),
    balancer({
      frontendIPConfigurations: [
        frontEnd({ subnet: { id: subnet }, privateIPAddress: "10.0.1.254", privateIPAllocationMethod: "Static" }),
      ],
      backendAddressPools: [{ name: "pool" }],
    }),
  );
  await lab.call("PUT", versioned(id("Microsoft.Network/dnsZones/dev.example")), { location: "global" });
  await lab.call("PUT", versioned(id("Microsoft.Network/privateDnsZones/dev.internal")), { location: "global" });
  await lab.call("PUT", versioned(id("Microsoft.Network/privateDnsZones/dev.internal/virtualNetworkLinks/link")), {
    location: "global",
    properties: { virtualNetwork: { id: vnet }, registrationEnabled: false },
  });
  await lab.call(
    "PUT",
    versioned(id("Microsoft.Compute/virtualMachineScaleSets/vmss")),
    scaleSet({
      extensions: [extension({})],
      set: { automaticRepairsPolicy: { enabled: true, gracePeriod: "PT30M" } },
      envelope: { zones: ["1", "2"] },
    }),
  );
  const target = id("Microsoft.Compute/virtualMachineScaleSets/vmss");
  await lab.call("PUT", versioned(id("Microsoft.Insights/autoscaleSettings/cpu")), {
    location,
    properties: {
      targetResourceUri: target,
      enabled: true,
      profiles: [{ name: "cpu", capacity: { minimum: "0", maximum: "2", default: "0" }, rules: [] }],
    },
  });
  await lab.call("PUT", versioned(id("Microsoft.Network/virtualNetworks/peer")), {
    location,
    properties: { addressSpace: { addressPrefixes: ["10.8.0.0/16"] } },
  });
  await lab.call("PUT", versioned(`${vnet}/virtualNetworkPeerings/to-peer`), {
    properties: { remoteVirtualNetwork: { id: id("Microsoft.Network/virtualNetworks/peer") } },
  });
  await lab.call("PUT", versioned(id("Microsoft.Network/networkInterfaces/nic")), {
    location,
    properties: { ipConfigurations: [{ name: "ip", properties: { subnet: { id: subnet } } }] },
  });
  await lab.call("PUT", versioned(id("Microsoft.Network/dnsZones/dev.example/A/www")), {
    properties: { TTL: 60, ARecords: [{ ipv4Address: "198.51.100.32" }] },
  });
});
afterAll(() => lab.stop());

describe("requests that Azure refuses, and its codes", () => {
  test.for<[string, string, string, string, unknown?]>([
    ["an unknown api-version of a group", "400 InvalidApiVersionParameter", "GET", `${group}?api-version=2012-01-01`],
    [
      "another subscription",
      "404 SubscriptionNotFound",
      "GET",
      "/subscriptions/11111111-1111-4111-8111-111111111111?api-version=2022-12-01",
    ],
    [
      "a group before it is created",
      "404 ResourceGroupNotFound",
      "GET",
      `/subscriptions/${subscription}/resourceGroups/none`,
    ],
    [
      "a public address used twice",
      "400 PublicIPAddressInUse",
      "PUT",
      id("Microsoft.Network/natGateways/ng2"),
      { location, properties: { publicIpAddresses: [{ id: id("Microsoft.Network/publicIPAddresses/pip") }] } },
    ],
    [
      "a scale set in Uniform mode",
      "400 NotImplementedByLab",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ set: { orchestrationMode: "Uniform" } }),
    ],
    [
      "a scale set without fault domains",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ set: { platformFaultDomainCount: undefined } }),
    ],
    [
      "a machine size that is none",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ sku: { name: "Standard_Z9" } }),
    ],
    [
      "an image that is none",
      "404 PlatformImageNotFound",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ image: { offer: "debian-99" } }),
    ],
    [
      "custom data above 65535 bytes",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ os: { customData: Buffer.alloc(65_536).toString("base64") } }),
    ],
    [
      "custom data that is no Base64",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ os: { customData: "#cloud-config" } }),
    ],
    [
      "a machine without a key or password",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ os: { linuxConfiguration: {} } }),
    ],
    [
      "an administrator named root",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ os: { adminUsername: "root" } }),
    ],
    [
      "repairs without a health extension",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ set: { automaticRepairsPolicy: { enabled: true, gracePeriod: "PT10M" } } }),
    ],
    [
      "a grace period of five minutes",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({
        extensions: [extension({})],
        set: { automaticRepairsPolicy: { enabled: true, gracePeriod: "PT5M" } },
      }),
    ],
    [
      "a load balancer probe as health of a Flexible set",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ profile: { networkProfile: { healthProbe: { id: "/subscriptions/x" } } } }),
    ],
    [
      "health settings that are wrong",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ extensions: [extension({ settings: { protocol: "http", port: 8999 } })] }),
    ],
    [
      "an unknown property of a scale set",
      "400 BadRequest",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ set: { capacity: 3 } }),
    ],
    [
      "a scale set in a zone that is none",
      "400 InvalidAvailabilityZone",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ envelope: { zones: ["4"] } }),
    ],
    [
      "a balance of zones with one zone",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ envelope: { zones: ["1"] }, set: { zoneBalance: false } }),
    ],
    [
      "a balance of zones without zones",
      "400 InvalidParameter",
      "PUT",
      id("Microsoft.Compute/virtualMachineScaleSets/x"),
      scaleSet({ set: { zoneBalance: true } }),
    ],
    [
      "a CNAME beside an A record",
      "409 Conflict",
      "PUT",
      id("Microsoft.Network/dnsZones/dev.example/CNAME/www"),
      { properties: { TTL: 60, CNAMERecord: { cname: "x.example" } } },
    ],
    [
      "a record without a TTL",
      "400 BadRequest",
      "PUT",
      id("Microsoft.Network/dnsZones/dev.example/A/x"),
      { properties: { ARecords: [] } },
    ],
    [
      "an A record with a name as its address",
      "400 BadRequest",
      "PUT",
      id("Microsoft.Network/dnsZones/dev.example/A/x"),
      { properties: { TTL: 60, ARecords: [{ ipv4Address: "x" }] } },
    ],
    [
      "the deletion of the name servers of a zone",
      "400 BadRequest",
      "DELETE",
      id("Microsoft.Network/dnsZones/dev.example/NS/@"),
    ],
    [
      "a zone in a region",
      "400 LocationNotAvailableForResourceType",
      "PUT",
      id("Microsoft.Network/dnsZones/x.example"),
      { location },
    ],
    [
      "the deletion of a private zone with links",
      "409 CannotDeleteResource",
      "DELETE",
      id("Microsoft.Network/privateDnsZones/dev.internal"),
    ],
    [
      "an autoscale setting with a default above its maximum",
      "400 BadRequest",
      "PUT",
      id("Microsoft.Insights/autoscaleSettings/x"),
      {
        location,
        properties: {
          targetResourceUri: vnet,
          profiles: [{ name: "p", capacity: { minimum: "1", maximum: "2", default: "3" }, rules: [] }],
        },
      },
    ],
    [
      "an autoscale setting with numbers for texts",
      "400 BadRequest",
      "PUT",
      id("Microsoft.Insights/autoscaleSettings/x"),
      {
        location,
        properties: {
          targetResourceUri: vnet,
          profiles: [{ name: "p", capacity: { minimum: 1, maximum: 2, default: 1 }, rules: [] }],
        },
      },
    ],
    ["a PATCH of more than tags", "400 OnlyTagsSupportedForPatch", "PATCH", vnet, { properties: { addressSpace: {} } }],
  ])("%s: %s", async ([, expected, method, path, body]) => {
    const before = lab.arm.world().revision;
    expect(await outcome(method, path, body)).toBe(expected);
    expect(lab.arm.world().revision).toBe(before);
  });
});

describe("ETags of zones", () => {
  test("If-None-Match: * creates and never overwrites", async () => {
    const zone = id("Microsoft.Network/dnsZones/once.example");
    expect(await outcome("PUT", zone, { location: "global" }, { "if-none-match": "*" })).toBe("201");
    expect(await outcome("PUT", zone, { location: "global" }, { "if-none-match": "*" })).toBe("412 PreconditionFailed");
  });
});

test("what a GET answered can be sent back as it is, for every type", async () => {
  const all = lab.arm.resources();
  expect(new Set(all.map((resource) => resource.type)).size).toBeGreaterThan(15);
  for (const { id: path } of all) {
    if (/\/(NS|SOA)\/@$/.test(path)) continue;
    const { body } = await lab.call("GET", versioned(path));
    const { status, headers } = await lab.call("PUT", versioned(path), body);
    // Private zones and their links tell the end of a PUT by its operation only.
    const poll = status === 202 ? headers.get("azure-asyncoperation") : null;
    const end = poll === null ? undefined : await lab.call("GET", poll.slice(lab.endpoint.length));
    const told = end ? (end.body as { status: string }).status : status;
    expect(`${path} ${told}`).toBe(`${path} ${status === 202 ? "Succeeded" : 200}`);
    expect(status === 202).toBe(/\/privateDnsZones\/[^/]+(\/virtualNetworkLinks\/[^/]+)?$/.test(path));
  }
});
