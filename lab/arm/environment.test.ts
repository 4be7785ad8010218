import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect, subscription, TestLab } from "./testing/testLab.ts";

const lab = new TestLab();
const group = "rg-platform-dev";
const location = "westeurope";
const inGroup = (path: string): string => `/subscriptions/${subscription}/resourceGroups/${group}/providers/${path}`;
const network = inGroup("Microsoft.Network/virtualNetworks/vnet-dev");
const balancer = inGroup("Microsoft.Network/loadBalancers/lbi-front");
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGdfNaGmdl3gnlDHxfMqXUj2ZFnUaAZPdC2S1IbTkOiV platform";
const customData = Buffer.from("#cloud-config\n").toString("base64");

/** What a program sends for one tier behind an internal load balancer. */
export const scaleSet = (capacity: number, command = "install -m 600 /dev/null /etc/platform/secrets.json") => ({
  location,
  sku: { name: "Standard_B2s_v2", tier: "Standard", capacity },
  zones: ["1", "2", "3"],
  tags: { tier: "front" },
  orchestrationMode: "Flexible" as const,
  platformFaultDomainCount: 1,
  singlePlacementGroup: false,
  automaticRepairsPolicy: { enabled: true, gracePeriod: "PT10M", repairAction: "Replace" as const },
  virtualMachineProfile: {
    osProfile: {
      computerNamePrefix: "front",
      adminUsername: "platform",
      customData,
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        ssh: { publicKeys: [{ path: "/home/platform/.ssh/authorized_keys", keyData: key }] },
      },
    },
    storageProfile: {
      imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" },
      osDisk: {
        createOption: "FromImage" as const,
        caching: "ReadWrite" as const,
        managedDisk: { storageAccountType: "StandardSSD_LRS" as const },
      },
    },
    diagnosticsProfile: { bootDiagnostics: { enabled: true } },
    networkProfile: {
      networkApiVersion: "2022-11-01" as const,
      networkInterfaceConfigurations: [
        {
          name: "nic-front",
          primary: true,
          deleteOption: "Delete" as const,
          ipConfigurations: [
            {
              name: "primary",
              primary: true,
              subnet: { id: `${network}/subnets/snet-front` },
              loadBalancerBackendAddressPools: [{ id: `${balancer}/backendAddressPools/servers` }],
            },
          ],
        },
      ],
    },
    extensionProfile: {
      extensions: [
        {
          name: "health",
          publisher: "Microsoft.ManagedServices",
          typePropertiesType: "ApplicationHealthLinux",
          typeHandlerVersion: "2.0",
          autoUpgradeMinorVersion: true,
          settings: {
            protocol: "http",
            port: 8999,
            requestPath: "/health",
            intervalInSeconds: 5,
            numberOfProbes: 2,
            gracePeriod: 600,
          },
        },
        {
          name: "secrets",
          publisher: "Microsoft.Azure.Extensions",
          typePropertiesType: "CustomScript",
          typeHandlerVersion: "2.1",
          protectedSettings: { commandToExecute: command },
        },
      ],
    },
  },
});

describe("an environment made with Azure's own clients", () => {
  beforeAll(async () => {
    await lab.start();
    const { resources, network: networks } = lab.clients;
    await resources.resourceGroups.createOrUpdate(group, { location: "West Europe", tags: { environment: "dev" } });
    await networks.networkSecurityGroups.createOrUpdate(group, "nsg-front", {
      location,
      securityRules: [
        {
          name: "AllowProbe",
          priority: 200,
          direction: "Inbound",
          access: "Allow",
          protocol: "*",
          sourceAddressPrefix: "AzureLoadBalancer",
          sourcePortRange: "*",
          destinationAddressPrefix: "*",
          destinationPortRange: "*",
        },
        {
          name: "AllowHttp",
          priority: 100,
          direction: "Inbound",
          access: "Allow",
          protocol: "Tcp",
          sourceAddressPrefixes: ["10.20.0.0/24"],
          sourcePortRange: "*",
          destinationAddressPrefix: "10.20.1.0/24",
          destinationPortRanges: ["3000"],
        },
      ],
    });
    await networks.publicIPAddresses.createOrUpdate(group, "pip-ng", {
      location,
      sku: { name: "Standard" },
      publicIPAllocationMethod: "Static",
    });
    await networks.natGateways.createOrUpdate(group, "ng-dev", {
      location,
      sku: { name: "Standard" },
      publicIpAddresses: [{ id: inGroup("Microsoft.Network/publicIPAddresses/pip-ng") }],
    });
    await networks.virtualNetworks.createOrUpdate(group, "vnet-dev", {
      location,
      addressSpace: { addressPrefixes: ["10.20.0.0/16"] },
    });
    await networks.subnets.createOrUpdate(group, "vnet-dev", "snet-front", {
      addressPrefix: "10.20.1.0/24",
      defaultOutboundAccess: false,
      natGateway: { id: inGroup("Microsoft.Network/natGateways/ng-dev") },
      networkSecurityGroup: { id: inGroup("Microsoft.Network/networkSecurityGroups/nsg-front") },
    });
    await networks.loadBalancers.createOrUpdate(group, "lbi-front", {
      location,
      sku: { name: "Standard" },
      frontendIPConfigurations: [
        {
          name: "private",
          privateIPAddress: "10.20.1.254",
          privateIPAllocationMethod: "Static",
          subnet: { id: `${network}/subnets/snet-front` },
        },
      ],
      backendAddressPools: [{ name: "servers" }],
      probes: [
        {
          name: "health",
          protocol: "Http",
          port: 8999,
          requestPath: "/health",
          intervalInSeconds: 5,
          probeThreshold: 2,
        },
      ],
      loadBalancingRules: [
        {
          name: "service",
          protocol: "Tcp",
          frontendPort: 3000,
          backendPort: 3000,
          frontendIPConfiguration: { id: `${balancer}/frontendIPConfigurations/private` },
          backendAddressPool: { id: `${balancer}/backendAddressPools/servers` },
          probe: { id: `${balancer}/probes/health` },
        },
      ],
    });
    await lab.clients.compute.virtualMachineScaleSets.createOrUpdate(group, "vmss-front", scaleSet(2));
  }, 20_000);

  afterAll(() => lab.stop());

  test("its network has the subnet with its rules in the order in which they are tried, and Azure's own below them", () => {
    const [planned] = lab.arm.world().networks;
    expect(planned).toMatchObject({ name: "vnet-dev", prefixes: ["10.20.0.0/16"], peers: [] });
    expect(planned!.subnets).toHaveLength(1);
    expect(planned!.subnets[0]).toMatchObject({
      name: "snet-front",
      prefix: "10.20.1.0/24",
      natAddress: "198.51.100.32",
    });
    const rules = planned!.subnets[0]!.rules!.filter((rule) => rule.direction === "Inbound").map(
      (rule) => `${rule.priority} ${rule.access} ${rule.name}`,
    );
    expect(rules).toEqual([
      "100 Allow AllowHttp",
      "200 Allow AllowProbe",
      "65000 Allow AllowVnetInBound",
      "65001 Allow AllowAzureLoadBalancerInBound",
      "65500 Deny DenyAllInBound",
    ]);
  });

  test("its machines have the lowest free addresses, keys, custom data, health and script of their scale set", () => {
    const { machines } = lab.arm.world();
    expect(machines.map((machine) => machine.address)).toEqual(["10.20.1.4", "10.20.1.5"]);
    expect(machines[0]!.name).toMatch(/^vmss-front_[0-9a-f]{8}$/);
    expect(machines[0]).toMatchObject({
      adminUser: "platform",
      sshKeys: [key],
      customData,
      cpus: 2,
      memory: 8192,
      powered: true,
      tags: { tier: "front" },
      health: { protocol: "http", port: 8999, path: "/health", interval: 5, probes: 2, grace: 600, rich: true },
    });
    expect(machines[0]!.scripts.map((script) => script.command)).toEqual([
      "install -m 600 /dev/null /etc/platform/secrets.json",
    ]);
  });

  test("its scale set is in the world, with its capacity and the state of its repairs", () => {
    const { scaleSets, machines } = lab.arm.world();
    expect(scaleSets).toMatchObject([{ name: "vmss-front", tags: { tier: "front" }, capacity: 2, repairs: "Running" }]);
    expect(machines.map((machine) => machine.scaleSetId)).toEqual([scaleSets[0]!.id, scaleSets[0]!.id]);
  });

  test("its load balancer sends to both machines and probes them", () => {
    const { loadBalancers, machines } = lab.arm.world();
    expect(loadBalancers[0]!.rules[0]).toMatchObject({
      address: "10.20.1.254",
      public: false,
      port: 3000,
      backendPort: 3000,
      protocol: "tcp",
      members: machines.map((machine) => machine.id),
      probe: { protocol: "http", port: 8999, path: "/health", interval: 5, threshold: 2 },
    });
  });

  test("the members are listed by the filter on their scale set, with their network interfaces' addresses", async () => {
    const { compute, network: networks } = lab.clients;
    const filter = `'virtualMachineScaleSet/id' eq '${inGroup("Microsoft.Compute/virtualMachineScaleSets/vmss-front")}'`;
    const machines = await collect(compute.virtualMachines.list(group, { filter }));
    expect(machines.map((machine) => machine.zones)).toEqual([["1"], ["2"]]);
    const nic = machines[0]!.networkProfile!.networkInterfaces![0]!.id!.split("/").at(-1)!;
    const found = await networks.networkInterfaces.get(group, nic);
    expect(found.ipConfigurations![0]!.privateIPAddress).toBe("10.20.1.4");
    expect(found.virtualMachine!.id).toBe(machines[0]!.id);
  });

  test("no answer holds custom data or protected settings", async () => {
    const { compute } = lab.clients;
    const answers = JSON.stringify([
      await compute.virtualMachineScaleSets.get(group, "vmss-front"),
      await collect(compute.virtualMachines.listAll()),
    ]);
    expect(answers).toContain("vmss-front");
    expect(answers).not.toContain(customData);
    expect(answers).not.toContain("secrets.json");
  });

  test("scaling removes the newest member and frees its address, and leaves the others alone", async () => {
    const { compute } = lab.clients;
    const before = lab.arm.world().machines.map((machine) => machine.name);
    await compute.virtualMachineScaleSets.createOrUpdate(group, "vmss-front", scaleSet(3));
    expect(lab.arm.world().machines.map((machine) => machine.address)).toEqual(["10.20.1.4", "10.20.1.5", "10.20.1.6"]);
    await compute.virtualMachineScaleSets.update(group, "vmss-front", {
      sku: { name: "Standard_B2s_v2", capacity: 2 },
    });
    expect(lab.arm.world().machines.map((machine) => machine.name)).toEqual(before);
  });

  test("a deleted group takes everything with it", async () => {
    const { resources } = lab.clients;
    await resources.resourceGroups.delete(group);
    expect(lab.arm.resources()).toEqual([]);
    expect(lab.arm.world()).toMatchObject({
      networks: [],
      machines: [],
      loadBalancers: [],
      publicAddresses: [],
      zones: [],
    });
  }, 10_000);
});
