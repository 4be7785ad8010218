/** Stands in for the engine in tests and records what is registered. It does not prove that Azure accepts any of it. */
import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registered it. */
export interface Recorded {
  type: string;
  name: string;
  custom: boolean;
  /** Name of the parent; undefined for the stack itself. */
  parent: string | undefined;
  inputs: Record<string, unknown>;
  /** The inputs as they reach the engine: secrets and unknown values are marked. */
  wire: Record<string, unknown>;
  /** Names of the resources of whose outputs an input is made, by input. */
  madeOf: Record<string, string[]>;
  /** Inputs whose change replaces the resource; and whether the old one is deleted before the new one is made. */
  replaceOnChanges: string[];
  deleteBeforeReplace: boolean;
  /** Value whose change replaces the resource, too. */
  replacementTrigger: unknown;
  protect: boolean;
  /** Only forgotten where it is no longer wanted. */
  retainOnDelete: boolean;
  /** Names of the resources that must exist before. */
  dependencies: string[];
  secretOutputs: string[];
}

/** The part of the engine's request that is of interest here. */
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getParent(): string;
  getObject(): Parameters<typeof pulumi.runtime.deserializeProperties>[0] & { toJavaScript(): Record<string, unknown> };
  getPropertydependenciesMap(): { entries(): Iterable<[input: string, on: { getUrnsList(): string[] }]> };
  getReplaceonchangesList(): string[];
  getDeletebeforereplace(): boolean;
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getDependenciesList(): string[];
  getAdditionalsecretoutputsList(): string[];
}

export interface RecorderOptions {
  stack?: string;
  /** Configuration by full key. */
  config?: Record<string, string>;
  preview?: boolean;
  /** Types of resources that a preview would make, so that it does not know their IDs. */
  toCome?: string[];
  /** Answers of functions, by token. */
  functions?: Record<string, Record<string, unknown>>;
}

const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

/** Resource group and subscription in which the recorded resources seem to be. */
export const resourceGroupId = "/subscriptions/0000/resourceGroups/rg-platform-test";

/** Records the resources that are made from now on, until `settle`. */
export class Recorder {
  readonly resources: Recorded[] = [];

  static async start(options: RecorderOptions = {}): Promise<Recorder> {
    const recorder = new Recorder();
    pulumi.runtime.setAllConfig(options.config ?? {});
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => ({ id: options.toCome?.includes(args.type) ? "" : idOf(args), state: stateOf(args) }),
        call: ({ token }) => {
          const answer = options.functions?.[token];
          if (!answer) throw new Error(`function: given ${token}, allowed are those that the test answers`);
          return answer;
        },
      },
      "platform",
      options.stack ?? "test",
      options.preview ?? false,
    );
    recorder.watch();
    return recorder;
  }

  /** Waits until everything that the program registered is recorded. */
  async settle(): Promise<void> {
    await pulumi.runtime.disconnect();
  }

  /** The one resource of a type, or of a type and name. */
  one(type: string, name?: string): Recorded {
    const found = this.resources.filter(
      (resource) => resource.type === type && (name === undefined || resource.name === name),
    );
    const [resource] = found;
    if (!resource || found.length > 1) {
      throw new Error(
        `${found.length} resources of type ${type}${name ? ` named ${name}` : ""}; there are ` +
          this.resources.map((other) => `${other.type} ${other.name}`).join(", "),
      );
    }
    return resource;
  }

  /** Types and names of the children of a resource, sorted. */
  children(parent: string): string[] {
    return this.resources
      .filter((resource) => resource.parent === parent)
      .map(({ type, name }) => `${type} ${name}`)
      .sort();
  }

  /** Mocks are told neither parents nor options; the request to the engine has them. */
  private watch(): void {
    type Call = (request: RegisterRequest, ...rest: unknown[]) => unknown;
    const monitor = pulumi.runtime.getMonitor() as unknown as Record<string, Call>;
    const register = monitor["registerResource"]?.bind(monitor);
    monitor["registerResource"] = (request, ...rest) => {
      this.resources.push({
        type: request.getType(),
        name: request.getName(),
        custom: request.getCustom(),
        parent: request.getParent() === "" ? undefined : nameOf(request.getParent()),
        inputs: pulumi.runtime.deserializeProperties(request.getObject()),
        wire: request.getObject().toJavaScript(),
        madeOf: Object.fromEntries(
          [...request.getPropertydependenciesMap().entries()].map(([input, on]) => [
            input,
            on.getUrnsList().map(nameOf),
          ]),
        ),
        replaceOnChanges: request.getReplaceonchangesList(),
        deleteBeforeReplace: request.getDeletebeforereplace(),
        replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
        protect: request.getProtect(),
        retainOnDelete: request.getRetainondelete(),
        dependencies: request.getDependenciesList().map(nameOf),
        secretOutputs: request.getAdditionalsecretoutputsList(),
      });
      return register?.(request, ...rest);
    };
  }
}

/** Value of an output, so that a test can await it. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => void output.apply(resolve));
}

const kinds: Record<string, [provider: string, input: string]> = {
  "azure-native:network:VirtualNetwork": ["Microsoft.Network/virtualNetworks", "virtualNetworkName"],
  "azure-native:network:NetworkSecurityGroup": ["Microsoft.Network/networkSecurityGroups", "networkSecurityGroupName"],
  "azure-native:network:PublicIPAddress": ["Microsoft.Network/publicIPAddresses", "publicIpAddressName"],
  "azure-native:network:NatGateway": ["Microsoft.Network/natGateways", "natGatewayName"],
  "azure-native:network:LoadBalancer": ["Microsoft.Network/loadBalancers", "loadBalancerName"],
  "azure-native:network:Subnet": ["Microsoft.Network/subnets", "subnetName"],
  "azure-native:compute:VirtualMachineScaleSet": ["Microsoft.Compute/virtualMachineScaleSets", "vmScaleSetName"],
  "azure-native:managedidentity:UserAssignedIdentity": [
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "resourceName",
  ],
  "azure-native:keyvault:Vault": ["Microsoft.KeyVault/vaults", "vaultName"],
  "azure-native:storage:StorageAccount": ["Microsoft.Storage/storageAccounts", "accountName"],
  "azure-native:dns:Zone": ["Microsoft.Network/dnsZones", "zoneName"],
  "azure-native:privatedns:PrivateZone": ["Microsoft.Network/privateDnsZones", "privateZoneName"],
};

/** The name that Azure would know the resource by. */
function azureName({ type, name, inputs }: pulumi.runtime.MockResourceArgs): string {
  const values = inputs as Record<string, string>;
  return values[kinds[type]?.[1] ?? "resourceGroupName"] ?? name;
}

function idOf(args: pulumi.runtime.MockResourceArgs): string {
  if (args.type === "azure-native:resources:ResourceGroup") return resourceGroupId;
  return `${resourceGroupId}/providers/${kinds[args.type]?.[0] ?? args.type}/${azureName(args)}`;
}

/** Inputs, and what Azure adds to them. */
function stateOf(args: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
  return {
    ...(args.inputs as Record<string, unknown>),
    ...(args.custom ? { name: azureName(args) } : {}),
    ...(args.type.endsWith(":UserAssignedIdentity")
      ? { clientId: `client-${azureName(args)}`, principalId: `principal-${azureName(args)}` }
      : {}),
    ...(args.type.endsWith(":PublicIPAddress") ? { ipAddress: "198.51.100.32" } : {}),
    ...(args.type.endsWith("dns:Zone") ? { nameServers: ["ns1.example.", "ns2.example."] } : {}),
  };
}
