/** For the tests: a network, a load balancer, and a scale set whose members are as healthy as the test says. */
import { request } from "node:http";
import type { VirtualMachineScaleSet } from "@azure/arm-compute";
import { metadataHeaders, type MachineStatus } from "../../world.ts";
import { subscription, TestLab } from "./testLab.ts";

const location = "westeurope";
const network = `/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.Network`;
const pool = `${network}/loadBalancers/lbi/backendAddressPools/servers`;
const front = `${network}/loadBalancers/lbi/frontendIPConfigurations/front`;

export const setId = `/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/vmss`;

/** What a program sends; `notice`: the time that a deleted member has, if any. */
export const model = (
  capacity: number,
  change: Partial<VirtualMachineScaleSet> = {},
  notice?: string,
): VirtualMachineScaleSet => ({
  location,
  sku: { name: "Standard_B2s_v2", capacity },
  tags: { tier: "front" },
  orchestrationMode: "Flexible",
  platformFaultDomainCount: 1,
  automaticRepairsPolicy: { enabled: true, gracePeriod: "PT10M" },
  virtualMachineProfile: {
    osProfile: {
      computerNamePrefix: "front",
      adminUsername: "platform",
      linuxConfiguration: {
        ssh: {
          publicKeys: [{ keyData: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOk1nBhEt6ELAzYvDAD9I6/XG2OspgMM5gbC6a7qEjmj" }],
        },
      },
    },
    storageProfile: { imageReference: { publisher: "Debian", offer: "debian-13", sku: "13-gen2", version: "latest" } },
    networkProfile: {
      networkApiVersion: "2022-11-01",
      networkInterfaceConfigurations: [
        {
          name: "nic",
          ipConfigurations: [
            {
              name: "ip",
              subnet: { id: `${network}/virtualNetworks/vnet/subnets/snet` },
              loadBalancerBackendAddressPools: [{ id: pool }],
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
          settings: { protocol: "http", port: 8999, requestPath: "/health" },
        },
      ],
    },
    ...(notice !== undefined && {
      scheduledEventsProfile: { terminateNotificationProfile: { enable: true, notBeforeTimeout: notice } },
    }),
  },
  ...change,
});

/** A lab with the group `rg` and its network; `put` makes the scale set. */
export class TestGroup extends TestLab {
  /** By a machine's ID; the others are `usual`. */
  readonly health = new Map<string, MachineStatus["health"]>();
  usual: MachineStatus["health"] = "Healthy";

  override async start(): Promise<void> {
    await super.start();
    this.adjust = (status) => ({
      ...status,
      machines: status.machines.map((machine) => ({ ...machine, health: this.health.get(machine.id) ?? this.usual })),
    });
    const { resources, network: networks } = this.clients;
    await resources.resourceGroups.createOrUpdate("rg", { location });
    await networks.virtualNetworks.createOrUpdate("rg", "vnet", {
      location,
      addressSpace: { addressPrefixes: ["10.20.0.0/16"] },
      subnets: [{ name: "snet", addressPrefix: "10.20.1.0/24" }],
    });
    await networks.loadBalancers.createOrUpdate("rg", "lbi", {
      location,
      sku: { name: "Standard" },
      frontendIPConfigurations: [{ name: "front", subnet: { id: `${network}/virtualNetworks/vnet/subnets/snet` } }],
      backendAddressPools: [{ name: "servers" }],
      loadBalancingRules: [
        {
          name: "service",
          protocol: "Tcp",
          frontendPort: 3000,
          frontendIPConfiguration: { id: front },
          backendAddressPool: { id: pool },
        },
      ],
    });
  }

  /** Makes or changes the set and waits until it is there and time enough has passed for whatever may come next. */
  async put(given: VirtualMachineScaleSet): Promise<void> {
    await this.clients.compute.virtualMachineScaleSets.createOrUpdate("rg", "vmss", given);
    this.pass(25);
  }

  /** IDs of the machines in the world, oldest first. */
  get ids(): string[] {
    return this.arm.world().machines.map(({ id }) => id);
  }
}

/** What a machine of the network gets from the metadata service: a GET, or a POST of the body. */
export async function ask(
  lab: TestGroup,
  address: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { metadata: "true" },
): Promise<{ status: number; body: unknown }> {
  const who = {
    [metadataHeaders.network]: `${network}/virtualNetworks/vnet`.toLowerCase(),
    [metadataHeaders.client]: address,
  };
  const options = {
    socketPath: lab.options.metadataSocket,
    path,
    method: body === undefined ? "GET" : "POST",
    headers: { ...headers, ...who },
  };
  return new Promise((resolve, reject) => {
    const call = request(options, (response) => {
      let received = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (received += chunk));
      response.on("end", () => {
        const isJson = response.headers["content-type"]?.includes("json");
        resolve({ status: response.statusCode!, body: isJson ? JSON.parse(received) : received });
      });
    });
    call.on("error", reject);
    call.end(typeof body === "object" ? JSON.stringify(body) : body);
  });
}
