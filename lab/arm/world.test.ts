import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect, refusal, subscription, TestLab } from "./testing/testLab.ts";

const lab = new TestLab();
const location = "westeurope";
const rg = `/subscriptions/${subscription}/resourceGroups/rg/providers`;
const vnet = (name: string): string => `${rg}/Microsoft.Network/virtualNetworks/${name}`;
const lb = `${rg}/Microsoft.Network/loadBalancers/lbe`;
const key = (id: string): string => id.toLowerCase();

beforeAll(async () => {
  await lab.start();
  const { resources, network } = lab.clients;
  await resources.resourceGroups.createOrUpdate("rg", { location });
  for (const [name, second] of [
    ["vnet-dev", 20],
    ["vnet-tools", 30],
  ] as const) {
    await network.virtualNetworks.createOrUpdate("rg", name, {
      location,
      addressSpace: { addressPrefixes: [`10.${second}.0.0/16`] },
      subnets: [{ name: "snet", addressPrefix: `10.${second}.0.0/24` }],
    });
  }
});
afterAll(() => lab.stop());

describe("peering", () => {
  test("networks are peers when both sides have said so, and not before", async () => {
    const { network } = lab.clients;
    const peers = (): string[][] => lab.arm.world().networks.map((one) => one.peers);
    const there = await network.virtualNetworkPeerings.createOrUpdate("rg", "vnet-dev", "to-tools", {
      remoteVirtualNetwork: { id: vnet("vnet-tools") },
    });
    expect(there.peeringState).toBe("Initiated");
    expect(peers()).toEqual([[], []]);
    const back = await network.virtualNetworkPeerings.createOrUpdate("rg", "vnet-tools", "to-dev", {
      remoteVirtualNetwork: { id: vnet("vnet-dev") },
    });
    expect(back.peeringState).toBe("Connected");
    expect(peers()).toEqual([[key(vnet("vnet-tools"))], [key(vnet("vnet-dev"))]]);
  });

  test("a peering without access takes the peer out of the tag VirtualNetwork of its own side, and stays connected", async () => {
    const { network } = lab.clients;
    const put = (allowVirtualNetworkAccess: boolean) =>
      network.virtualNetworkPeerings.createOrUpdate("rg", "vnet-dev", "to-tools", {
        remoteVirtualNetwork: { id: vnet("vnet-tools") },
        allowVirtualNetworkAccess,
      });
    expect((await put(false)).peeringState).toBe("Connected");
    const [dev, tools] = lab.arm.world().networks;
    expect(dev).toMatchObject({ peers: [key(vnet("vnet-tools"))], untaggedPeers: [key(vnet("vnet-tools"))] });
    expect(tools).toMatchObject({ peers: [key(vnet("vnet-dev"))] });
    expect(tools).not.toHaveProperty("untaggedPeers");
    await put(true);
    expect(lab.arm.world().networks[0]).not.toHaveProperty("untaggedPeers");
  });

  test("a network that is peered keeps its address space in the lab, and can be put again as it is", async () => {
    const put = (addressPrefixes: string[]) =>
      lab.clients.network.virtualNetworks.createOrUpdate("rg", "vnet-dev", {
        location,
        addressSpace: { addressPrefixes },
      });
    expect(await refusal(put(["10.20.0.0/16", "10.21.0.0/16"]))).toMatch(/^NotImplementedByLab: .*peered.*to-tools/);
    expect(await refusal(put(["10.20.0.0/16"]))).toBe("accepted");
  });
});

describe("a public load balancer", () => {
  test("its public address belongs to the network of its members, and its probe has the right ID", async () => {
    const { network, compute } = lab.clients;
    const address = await network.publicIPAddresses.createOrUpdate("rg", "pip", {
      location,
      sku: { name: "Standard" },
      publicIPAllocationMethod: "Static",
    });
    expect(address.ipAddress).toBe("198.51.100.32");
    await network.loadBalancers.createOrUpdate("rg", "lbe", {
      location,
      sku: { name: "Standard" },
      frontendIPConfigurations: [{ name: "public", publicIPAddress: { id: address.id } }],
      backendAddressPools: [{ name: "proxies" }],
      probes: [{ name: "https", protocol: "Tcp", port: 443, intervalInSeconds: 5 }],
      loadBalancingRules: [
        {
          name: "https",
          protocol: "Tcp",
          frontendPort: 443,
          frontendIPConfiguration: { id: `${lb}/frontendIPConfigurations/public` },
          backendAddressPool: { id: `${lb}/backendAddressPools/proxies` },
          probe: { id: `${lb}/probes/https` },
        },
      ],
    });
    expect(lab.arm.world().loadBalancers[0]!.rules).toEqual([]);
    expect(lab.arm.world().publicAddresses[0]!.networkId).toBeUndefined();
    await compute.virtualMachineScaleSets.createOrUpdate("rg", "vmss", {
      location,
      sku: { name: "Standard_B2ts_v2", capacity: 1 },
      orchestrationMode: "Flexible",
      platformFaultDomainCount: 1,
      virtualMachineProfile: {
        osProfile: {
          computerNamePrefix: "proxy",
          adminUsername: "platform",
          linuxConfiguration: {
            ssh: {
              publicKeys: [
                { keyData: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOk1nBhEt6ELAzYvDAD9I6/XG2OspgMM5gbC6a7qEjmj" },
              ],
            },
          },
        },
        storageProfile: {
          imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
        },
        networkProfile: {
          networkApiVersion: "2022-11-01",
          networkInterfaceConfigurations: [
            {
              name: "nic",
              ipConfigurations: [
                {
                  name: "ip",
                  subnet: { id: `${vnet("vnet-dev")}/subnets/snet` },
                  loadBalancerBackendAddressPools: [{ id: `${lb}/backendAddressPools/proxies` }],
                },
              ],
            },
          ],
        },
      },
    });
    const { loadBalancers, publicAddresses, machines } = lab.arm.world();
    expect(loadBalancers[0]!.rules).toEqual([
      {
        name: "https",
        protocol: "tcp",
        address: "198.51.100.32",
        public: true,
        port: 443,
        backendPort: 443,
        networkId: key(vnet("vnet-dev")),
        members: [machines[0]!.id],
        probe: { id: key(`${lb}/probes/https`), protocol: "tcp", port: 443, interval: 5, threshold: 1 },
        distribution: "Default",
      },
    ]);
    expect(publicAddresses[0]!.networkId).toBe(key(vnet("vnet-dev")));
    const pool = await network.loadBalancerBackendAddressPools.get("rg", "lbe", "proxies");
    expect(pool.backendIPConfigurations).toHaveLength(1);
    expect(await refusal(network.loadBalancers.delete("rg", "lbe"))).toContain(
      "LoadBalancerInUseByVirtualMachineScaleSet",
    );
  });
});

describe("zones", () => {
  test("a public zone comes with its name servers, and its records are in the world", async () => {
    const { dns } = lab.clients;
    const zone = await dns.zones.createOrUpdate("rg", "dev.chatbot.example", { location: "global" });
    expect(zone.nameServers).toHaveLength(4);
    await dns.recordSets.createOrUpdate("rg", "dev.chatbot.example", "www", "A", {
      ttl: 60,
      aRecords: [{ ipv4Address: "198.51.100.32" }],
    });
    await dns.recordSets.createOrUpdate("rg", "dev.chatbot.example", "api", "CNAME", {
      ttl: 60,
      cnameRecord: { cname: "www.dev.chatbot.example" },
    });
    await dns.recordSets.createOrUpdate("rg", "dev.chatbot.example", "_note", "TXT", {
      ttl: 60,
      txtRecords: [{ value: ["a ", "b"] }],
    });
    const sets = await collect(dns.recordSets.listByDnsZone("rg", "dev.chatbot.example"));
    expect(sets.map((set) => `${set.type!.split("/")[2]} ${set.fqdn}`).sort()).toEqual([
      "A www.dev.chatbot.example.",
      "CNAME api.dev.chatbot.example.",
      "NS dev.chatbot.example.",
      "SOA dev.chatbot.example.",
      "TXT _note.dev.chatbot.example.",
    ]);
    expect(lab.arm.world().zones[0]).toEqual({
      id: key(`${rg}/Microsoft.Network/dnsZones/dev.chatbot.example`),
      name: "dev.chatbot.example",
      private: false,
      pool: 1,
      networkIds: [],
      records: [
        { name: "www", type: "A", ttl: 60, values: ["198.51.100.32"] },
        { name: "api", type: "CNAME", ttl: 60, values: ["www.dev.chatbot.example."] },
        { name: "_note", type: "TXT", ttl: 60, values: ['"a " "b"'] },
        { name: "@", type: "NS", ttl: 172800, values: zone.nameServers },
        {
          name: "@",
          type: "SOA",
          ttl: 3600,
          values: ["ns1-01.azure-dns.com. azuredns-hostmaster.microsoft.com. 1 3600 300 2419200 300"],
        },
      ],
    });
    await dns.recordSets.delete("rg", "dev.chatbot.example", "www", "A");
    expect(lab.arm.world().zones[0]!.records.map((record) => record.name)).toEqual(["api", "_note", "@", "@"]);
  });

  test("a private zone is seen by the networks it is linked with, and lists the machines of one that registers", async () => {
    const { privateDns } = lab.clients;
    await privateDns.privateZones.createOrUpdate("rg", "dev.chatbot.internal", { location: "global" });
    await privateDns.virtualNetworkLinks.createOrUpdate("rg", "dev.chatbot.internal", "dev", {
      location: "global",
      virtualNetwork: { id: vnet("vnet-dev") },
      registrationEnabled: true,
    });
    await privateDns.recordSets.createOrUpdate("rg", "dev.chatbot.internal", "A", "front", {
      ttl: 10,
      aRecords: [{ ipv4Address: "10.20.1.254" }],
    });
    const { machines, zones } = lab.arm.world();
    const zone = zones.find((one) => one.private)!;
    expect(zone.networkIds).toEqual([key(vnet("vnet-dev"))]);
    expect(zone.records).toEqual([
      { name: "front", type: "A", ttl: 10, values: ["10.20.1.254"] },
      { name: machines[0]!.hostName.toLowerCase(), type: "A", ttl: 10, values: ["10.20.0.4"] },
    ]);
  });
});

describe("lists and other questions", () => {
  test("resources are listed by group and by subscription, filtered by type and tag", async () => {
    const { resources, network } = lab.clients;
    await network.virtualNetworks.updateTags("rg", "vnet-dev", { tags: { environment: "dev" } });
    const names = async (filter: string): Promise<string[]> =>
      (await collect(resources.resources.listByResourceGroup("rg", { filter }))).map((one) => one.name!);
    expect(await names("resourceType eq 'Microsoft.Network/virtualNetworks'")).toEqual(["vnet-dev", "vnet-tools"]);
    expect(await names("tagName eq 'environment' and tagValue eq 'dev'")).toEqual(["vnet-dev"]);
    expect((await collect(resources.resources.list())).length).toBeGreaterThan(5);
    expect((await collect(network.networkInterfaces.listAll())).length).toBe(1);
    expect(await resources.resourceGroups.checkExistence("rg")).toBeTruthy();
  });

  test("the providers of all types are registered", async () => {
    const { resources } = lab.clients;
    const provider = await resources.providers.get("Microsoft.Compute");
    expect(provider.registrationState).toBe("Registered");
    expect(provider.resourceTypes!.map((type) => type.resourceType)).toEqual([
      "virtualMachineScaleSets",
      "virtualMachines",
    ]);
  });

  test("an autoscale setting is stored as it was sent, and a resource has only one", async () => {
    const { monitor } = lab.clients;
    const target = `${rg}/Microsoft.Compute/virtualMachineScaleSets/vmss`;
    const rule = (operator: "GreaterThan" | "LessThan", threshold: number, direction: "Increase" | "Decrease") => ({
      metricTrigger: {
        metricName: "Percentage CPU",
        metricResourceUri: target,
        timeGrain: "PT1M",
        statistic: "Average" as const,
        timeWindow: "PT5M",
        timeAggregation: "Average" as const,
        operator,
        threshold,
      },
      scaleAction: { direction, type: "ChangeCount" as const, value: "1", cooldown: "PT5M" },
    });
    const setting = {
      location,
      targetResourceUri: target,
      enabled: true,
      profiles: [
        {
          name: "cpu",
          capacity: { minimum: "1", maximum: "3", default: "1" },
          rules: [rule("GreaterThan", 70, "Increase"), rule("LessThan", 30, "Decrease")],
        },
      ],
    };
    const made = await monitor.autoscaleSettings.createOrUpdate("rg", "as-cpu", setting);
    expect(made.profiles[0]!.rules).toHaveLength(2);
    expect(await refusal(monitor.autoscaleSettings.createOrUpdate("rg", "as-2", setting))).toContain(
      "already has an autoscale setting",
    );
    await monitor.autoscaleSettings.delete("rg", "as-cpu");
    expect(await refusal(monitor.autoscaleSettings.get("rg", "as-cpu"))).toContain("ResourceNotFound");
  });
});
