import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import * as pulumi from "@pulumi/pulumi";
import { afterEach, expect, test, vi } from "vitest";
import { resourceId } from "./azure/resourceIds.ts";
import { Recorder, valueOf } from "./components/testing/recorder.ts";
import { loadBalancer } from "./azure/testing/arm.ts";
import { roomySubscription, usage } from "./azure/testing/subscription.ts";
import { resourceTypes } from "./preflight/resourceTypes.ts";
import { configuration, functions, mockAzure, runPreview } from "./testing/program.ts";

/** One preview for each stack: loading the program takes a second. */
const previews = new Map<string, ReturnType<typeof runPreview>>();

/** What the program makes of a stack. */
function preview(stack: string): ReturnType<typeof runPreview> {
  const known = previews.get(stack) ?? runPreview(stack);
  previews.set(stack, known);
  return known;
}

afterEach(() => {
  vi.doUnmock("./azure/arm.ts");
});

test("dev is built of a network, a group and a load balancer for each kind, a reverse proxy and names", async () => {
  const { recorder } = await preview("dev");
  expect(
    recorder.resources
      .filter(({ parent, type }) => parent === undefined && type.startsWith("platform:"))
      .map(({ type, name }) => `${type.split(":")[2]} ${name}`)
      .sort(),
  ).toEqual([
    "ChallengeRecords challenges",
    "DnsZone private-dns",
    "DnsZone public-dns",
    "Identities identities",
    "Network network",
    "Playbook configuration",
    "PrivateLB back-load-balancer",
    "PrivateLB data-load-balancer",
    "PrivateLB front-load-balancer",
    "PrivateLB machine-learning-load-balancer",
    "ReverseProxy reverse-proxy",
    "Storage storage",
    "TierHAG back",
    "TierHAG data",
    "TierHAG front",
    "TierHAG machine-learning",
    "Vault vault",
  ]);
});

const roots = (recorder: Recorder) =>
  recorder.resources
    .filter(({ parent }) => parent === undefined)
    .map(({ name }) => name)
    .filter((name) => name !== "platform-test")
    .sort();

test.each([
  [
    "prod",
    [
      "back",
      "back-load-balancer",
      "data",
      "data-load-balancer",
      "front",
      "front-load-balancer",
      "machine-learning",
      "machine-learning-load-balancer",
      "peering-tools",
    ],
    7,
  ],
  ["tools", ["gitlab", "gitlab-load-balancer", "peering-dev", "runner"], 3],
])("%s is built of its own kinds", async (stack, tiers, scaleSets) => {
  const { recorder } = await preview(stack);
  const shared = [
    ...[
      "challenges",
      "configuration",
      "identities",
      "network",
      "private-dns",
      "public-dns",
      "resource-group",
      "reverse-proxy",
    ],
    ...["storage", "vault"],
  ];
  expect(roots(recorder)).toEqual([...shared, ...tiers].sort());
  expect(recorder.resources.filter(({ type }) => type.endsWith(":VirtualMachineScaleSet"))).toHaveLength(scaleSets);
});

test("a group that autoscale has grown keeps its machines, another one has the stack's number", async () => {
  const { recorder } = await preview("prod");
  const capacity = (name: string) =>
    recorder.one("azure-native:compute:VirtualMachineScaleSet", `${name}-vmss`).inputs["sku"];
  expect(capacity("front")).toMatchObject({ capacity: 5 });
  expect(capacity("data")).toMatchObject({ capacity: 1 });
});

test("everything that has tags carries environment, tier and who manages it, a private load balancer its rule, too", async () => {
  const { recorder } = await preview("dev");
  const untagged = recorder.resources.filter(
    ({ custom, type, inputs }) =>
      custom && type.startsWith("azure-native:") && !("tags" in inputs) && !("metadata" in inputs),
  );
  expect([...new Set(untagged.map(({ type }) => type))].sort()).toEqual([
    "azure-native:authorization:RoleAssignment",
    "azure-native:network:Subnet",
    "azure-native:storage:BlobContainer",
    "azure-native:storage:BlobServiceProperties",
    "azure-native:storage:ManagementPolicy",
  ]);
  for (const { inputs, name } of recorder.resources) {
    const tags = inputs["tags"] ?? inputs["metadata"];
    const rule = name.endsWith("-load-balancer-lbi") ? ["balance"] : [];
    if (tags) expect(Object.keys(tags).sort(), name).toEqual([...rule, "environment", "managed-by", "tier"]);
  }
});

test("a person is told the address, the URLs, and how to run Ansible and SSH", async () => {
  const { program, machines, publicAddress } = await preview("dev");
  expect(publicAddress).toBe("198.51.100.32");
  expect(program.urls).toEqual(["http://www.dev.chatbot.example/", "http://api.dev.chatbot.example/"]);
  const addresses = Object.entries(program.loadBalancers).map(
    async ([tier, address]) => [tier, await valueOf(address)] as const,
  );
  expect(Object.fromEntries(await Promise.all(addresses))).toEqual({
    back: "10.20.2.254",
    data: "10.20.4.254",
    front: "10.20.1.254",
    "machine-learning": "10.20.3.254",
  });
  expect(machines).toEqual({ "front0a1b2c.dev": "10.20.1.4" });
  expect(program.inventory).toBe("ansible/inventory/dev.yml");
  expect(program.byHand).toEqual({
    ansible: "cd ansible && ansible-playbook -i inventory/dev.yml playbooks/site.yml",
    ssh: "ssh -F ansible/inventory/dev.ssh_config <machine>",
  });
});

test("production is peered with tools, whose network it knows again, after all that is in its own network", async () => {
  const { recorder } = await preview("prod");
  const halves = recorder.resources.filter(({ type }) => type.endsWith(":VirtualNetworkPeering"));
  expect(halves.map(({ inputs, replacementTrigger }) => [inputs["virtualNetworkName"], replacementTrigger])).toEqual([
    ["vnet-platform-prod", "guid-of-tools"],
    ["vnet-platform-tools", "guid-of-tools"],
  ]);
  const made = recorder.children("peering-tools").map((each) => each.split(" ")[1] ?? "");
  const dependencies = (name: string) => recorder.resources.find((each) => each.name === name)?.dependencies;
  for (const name of made.filter((each) => each !== "peering-tools-there")) {
    expect(dependencies(name), name).toEqual(
      expect.arrayContaining(["private-dns-link", "front-vmss", "data-load-balancer-lbi", "reverse-proxy-lbi"]),
    );
  }
  expect(recorder.one("command:local:Command").dependencies).toEqual(expect.arrayContaining(made));
});

test("an environment that does not stand is named with the command that builds it, before a resource is made", async () => {
  vi.resetModules();
  mockAzure();
  const recorder = await Recorder.start({ stack: "prod", config: configuration("prod"), functions });
  await expect(import("./index.ts")).rejects.toThrow(
    /^1 obstacle at Azure for Pulumi\.prod\.yaml; .*environment tools \(stack tools\).* pulumi up --stack tools, then/s,
  );
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});

test("other environments find a reverse proxy by name, at its address inside", async () => {
  const { recorder, program } = await preview("dev");
  expect(recorder.one("azure-native:privatedns:PrivateRecordSet", "private-dns-reverse-proxy").inputs).toMatchObject({
    relativeRecordSetName: "reverse-proxy",
    aRecords: [{ ipv4Address: "10.20.0.254" }],
  });
  expect(program.internalAddress && (await valueOf(program.internalAddress))).toBe("10.20.0.254");
});

test("an environment behind an entry has no public address and no name that leads to one, and is entered there", async () => {
  const { recorder, program } = await preview("tools");
  expect(program.publicAddress).toBeUndefined();
  expect(program.entryAddress).toBe("198.51.100.9");
  expect(program.urls).toEqual(["https://gitlab.tools.chatbot.example/"]);
  expect(recorder.resources.map(({ name }) => name)).not.toContain("reverse-proxy-lbe");
  const addresses = recorder.resources.filter(({ type }) => type.endsWith(":PublicIPAddress"));
  expect(addresses.map(({ name }) => name)).toEqual(["network-nat-address"]);
  // Names at a public address; those that lead to the entry are no A records.
  const named = recorder.resources.filter(({ type, inputs }) => type.endsWith("dns:RecordSet") && inputs["aRecords"]);
  expect(named).toEqual([]);
});

test.each([
  ["dev", ["80", "443"], ["80", "443", "22"]],
  ["prod", ["80", "443"], ["80", "443", "22"]],
  ["tools", [], []],
])(
  "HTTPS comes in by %s's load balancer and security group where it has a public address",
  async (stack, web, passed) => {
    const { recorder } = await preview(stack);
    const group = recorder.one("azure-native:network:NetworkSecurityGroup", "network-reverse-proxy-nsg");
    const fromInternet = (group.inputs["securityRules"] as Record<string, unknown>[]).filter(
      ({ sourceAddressPrefix }) => sourceAddressPrefix === "Internet",
    );
    expect(fromInternet.flatMap(({ destinationPortRanges }) => destinationPortRanges)).toEqual(web);
    const rules = recorder.resources
      .filter(({ name }) => name === "reverse-proxy-lbe")
      .flatMap(({ inputs }) => inputs["loadBalancingRules"] as Record<string, unknown>[]);
    expect(rules.map(({ frontendPort }) => `${String(frontendPort)}`)).toEqual(passed);
  },
);

test("a preview writes nothing", async () => {
  const directory = join(import.meta.dirname, "ansible", "inventory");
  const files = () =>
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [name, readFileSync(join(directory, name), "utf8")]);
  const before = files();
  await runPreview("dev");
  expect(files()).toEqual(before);
});

test("where a stack is protected everything is, but for the run of Ansible, secrets, rights and public records, which come and go", async () => {
  const { recorder, program } = await preview("prod");
  const others = recorder.resources.filter(({ protect }) => !protect).map(({ type, name }) => `${type} ${name}`);
  expect(others.sort()).toEqual([
    "azure-native:authorization:RoleAssignment storage-back-artifacts",
    "azure-native:authorization:RoleAssignment storage-front-artifacts",
    "azure-native:authorization:RoleAssignment storage-machine-learning-artifacts",
    "azure-native:authorization:RoleAssignment storage-reverse-proxy-certificates",
    "azure-native:authorization:RoleAssignment vault-back-databaseLogin",
    "azure-native:authorization:RoleAssignment vault-data-databaseLogin",
    "azure-native:authorization:RoleAssignment vault-reverse-proxy-acme-account",
    "azure-native:authorization:RoleAssignment vault-reverse-proxy-certificate-api-chatbot-example-0c445e21",
    "azure-native:authorization:RoleAssignment vault-reverse-proxy-certificate-gitlab-tools-chatbot-example-1201ea25",
    "azure-native:authorization:RoleAssignment vault-reverse-proxy-certificate-www-chatbot-example-975e026f",
    "azure-native:dns:RecordSet public-dns-api",
    "azure-native:dns:RecordSet public-dns-entry",
    "azure-native:dns:RecordSet public-dns-www",
    "azure-native:keyvault:Secret vault-databaseLogin",
    "command:local:Command configuration-ansible",
  ]);
  expect(recorder.resources.length).toBeGreaterThan(50);
  expect(program.protection).toContain("pulumi config set -s prod --path 'platform:environment.protect' false");
});

test.each(["prod", "dev"])(
  "the ID of everything of %s on Azure is known, to take up what a killed up had begun",
  async (stack) => {
    const { recorder } = await preview(stack);
    const ofAzure = recorder.resources.filter(({ type }) => type.startsWith("azure-native:"));
    expect(ofAzure.length).toBeGreaterThan(30);
    for (const { type, inputs } of ofAzure) expect(resourceId(type, inputs, "s"), type).toBeDefined();
  },
);

test("a stack that is not protected has nothing that is", async () => {
  const { recorder, program } = await preview("dev");
  expect(recorder.resources.filter(({ protect }) => protect)).toEqual([]);
  expect(program.protection).toBe("Nothing is protected: pulumi destroy deletes everything");
});

test("what refers to the network is made after the last subnet, and the network after none of it", async () => {
  const { recorder } = await preview("dev");
  const subnets = recorder.resources.filter(({ type }) => type.endsWith(":Subnet")).map(({ name }) => name);
  const users = recorder.resources.filter(
    ({ parent, inputs }) =>
      parent !== "network" &&
      /\/(subnets|virtualNetworks)\//.test(
        JSON.stringify(pulumi.runtime.unwrapRpcSecret(inputs["virtualMachineProfile"]) ?? inputs),
      ),
  );
  expect(users.map(({ type }) => type.split(":")[2]).sort()).toEqual([
    ...Array<string>(5).fill("LoadBalancer"),
    "StorageAccount",
    "Vault",
    ...Array<string>(6).fill("VirtualMachineScaleSet"),
    "VirtualNetworkLink",
  ]);
  expect(subnets).toHaveLength(6);
  for (const { name, dependencies } of users) expect(dependencies, name).toEqual(expect.arrayContaining(subnets));
});

test("Ansible runs after everything that machines need is there", async () => {
  const { recorder } = await preview("dev");
  const { dependencies } = recorder.one("command:local:Command");
  expect(dependencies).toEqual(expect.arrayContaining(["front-vmss", "back-load-balancer-lbi", "private-dns-front"]));
});

test("the machines of every tier join their load balancer's pool for members, HAProxy's the one for balancers", async () => {
  const { recorder } = await preview("dev");
  const pools = recorder.resources
    .filter(({ type }) => type.endsWith(":VirtualMachineScaleSet"))
    .map(({ name, inputs }) => {
      const profile: unknown = pulumi.runtime.unwrapRpcSecret(inputs["virtualMachineProfile"]);
      const ids = JSON.stringify(profile).matchAll(/loadBalancers\/([a-z-]+)\/backendAddressPools\/([a-z]+)/g);
      return [name, ...[...ids].map(([, loadBalancer, pool]) => `${loadBalancer} ${pool}`)];
    });
  expect(pools.sort()).toEqual([
    ["back-load-balancer-balancers-vmss", "lbi-platform-dev-back balancers"],
    ["back-vmss", "lbi-platform-dev-back members"],
    ["data-vmss", "lbi-platform-dev-data members"],
    ["front-vmss", "lbi-platform-dev-front members"],
    ["machine-learning-vmss", "lbi-platform-dev-machine-learning members"],
    ["reverse-proxy-machines-vmss", "lbe-platform-dev members", "lbi-platform-dev-reverse-proxy members"],
  ]);
});

test("a port that the load balancer has not yet is opened beside the one that stands, on the whole way", async () => {
  const { recorder, program } = await runPreview("dev", [
    loadBalancer("lbi-platform-dev-back", { 4100: "service" }, {}),
  ]);
  const { inputs } = recorder.one("azure-native:network:LoadBalancer", "back-load-balancer-lbi");
  expect(inputs["loadBalancingRules"]).toMatchObject([
    { name: "service-4000", frontendPort: 4000 },
    { name: "service", frontendPort: 4100 },
  ]);
  expect(inputs["tags"]).toMatchObject({ port: "to 4000" });
  for (const [subnet, rule] of [
    ["back", "allow-service"],
    ["balancer", "allow-back"],
  ]) {
    const group = recorder.one("azure-native:network:NetworkSecurityGroup", `network-${subnet}-nsg`);
    const rules = group.inputs["securityRules"] as { name: string }[];
    expect(rules.find(({ name }) => name === rule)).toMatchObject({ destinationPortRanges: ["4000", "4100"] });
  }
  for (const name of ["back-vmss", "back-load-balancer-balancers-vmss"]) {
    const { inputs: scaleSetInputs } = recorder.one("azure-native:compute:VirtualMachineScaleSet", name);
    const profile = pulumi.runtime.unwrapRpcSecret(scaleSetInputs["virtualMachineProfile"]) as {
      osProfile: { customData: string };
    };
    const cloudConfig = gunzipSync(Buffer.from(profile.osProfile.customData, "base64")).toString();
    expect(cloudConfig, name).toMatch(/platform_ports:\n +- besides:\n +- 4100\n/);
  }
  expect(await valueOf(program.movedPorts)).toEqual({ back: "moves to 4000; still serves 4100" });
});

test("an application of its own at the port that the tier is leaving is refused before a resource is made", async () => {
  vi.resetModules();
  const config = configuration("dev");
  const environment = JSON.parse(config["platform:environment"] ?? "") as { tiers: Record<string, object> };
  const application = { name: "admin", repository: "https://git.chatbot.example/admin.git", port: 4100 };
  const { applications } = environment.tiers["back"] as { applications: object[] };
  environment.tiers["back"] = { ...environment.tiers["back"], applications: [...applications, application] };
  config["platform:environment"] = JSON.stringify(environment);
  mockAzure([loadBalancer("lbi-platform-dev-back", { 4100: "service" }, {})]);
  const recorder = await Recorder.start({ stack: "dev", config, preview: true });
  await expect(import("./index.ts")).rejects.toThrow(/tiers\.back\.applications\[1\]\.port\n +given: +4100\n/);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});

test("machines are made after the rights to read their secrets and artifacts, with the identity of their group", async () => {
  const { recorder } = await preview("dev");
  const scaleSets = recorder.resources.filter(({ type }) => type.endsWith(":VirtualMachineScaleSet"));
  expect(scaleSets).toHaveLength(6);
  for (const { name, dependencies, inputs } of scaleSets) {
    expect(dependencies, name).toEqual(
      expect.arrayContaining([
        ...["vault-databaseLogin", "vault-back-databaseLogin", "vault-data-databaseLogin"],
        ...["storage-back-artifacts", "storage-front-artifacts", "storage-machine-learning-artifacts"],
      ]),
    );
    const { userAssignedIdentities } = inputs["identity"] as { userAssignedIdentities: string[] };
    const group = name
      .replace(/-vmss$/, "")
      .replace("-machines", "")
      .replace("back-load-balancer-balancers", "back-balancer");
    expect(userAssignedIdentities).toEqual([
      expect.stringMatching(`/userAssignedIdentities/id-platform-dev-${group}$`),
    ]);
  }
});

test("a machine is born with the addresses of vault and storage, and the client ID of its group's identity", async () => {
  const { recorder } = await preview("dev");
  const { inputs } = recorder.one("azure-native:compute:VirtualMachineScaleSet", "data-vmss");
  const { osProfile } = inputs["virtualMachineProfile"] as { osProfile: { customData: string } };
  const cloudConfig = gunzipSync(Buffer.from(osProfile.customData, "base64")).toString();
  expect(cloudConfig).toMatch(
    /platform_vault:\n +refresh_seconds: 60\n +uri: https:\/\/kv-dev-\w{8}\.vault\.azure\.net\//,
  );
  expect(cloudConfig).toMatch(/platform_store:\n +url: https:\/\/stdev\w{8}\.blob\.core\.windows\.net\n/);
  expect(cloudConfig).toContain("platform_identity: client-id-platform-dev-data\n");
});

test("a person is told where the vault and the storage account are", async () => {
  const { program } = await preview("dev");
  expect(await valueOf(program.vaultUri)).toMatch(/^https:\/\/kv-dev-\w{8}\.vault\.azure\.net\/$/);
  expect(await valueOf(program.storageAccount)).toMatch(/^stdev\w{8}$/);
});

test("the password stands nowhere in clear, and in no custom data", async () => {
  const { recorder } = await preview("dev");
  for (const { name, inputs } of recorder.resources) {
    const open = JSON.stringify(inputs, (_, value: unknown) => (pulumi.runtime.isRpcSecret(value) ? "secret" : value));
    expect(open, name).not.toContain("a test's password");
    const profile = pulumi.runtime.unwrapRpcSecret(inputs["virtualMachineProfile"]) as
      { osProfile: { customData: string } } | undefined;
    if (profile) {
      const cloudConfig = gunzipSync(Buffer.from(profile.osProfile.customData, "base64")).toString();
      expect(cloudConfig, name).not.toContain("a test's password");
    }
  }
});

test("what Azure does not change of scale sets that exist ends the program before a resource is made", async () => {
  vi.resetModules();
  const config = configuration("prod");
  const environment = JSON.parse(config["platform:environment"] ?? "") as Record<string, unknown>;
  config["platform:environment"] = JSON.stringify({ ...environment, zones: ["1", "2"], trustedLaunch: false });
  const recorder = await Recorder.start({ stack: "prod", config, preview: true });
  mockAzure();
  await expect(import("./index.ts")).rejects.toThrow(`2 mistakes in Pulumi.prod.yaml; nothing was changed.
  platform:environment.zones
    given:   ["1","2"]
    allowed: ["1","2","3"], in which vmss-platform-prod-front and the addresses in front of them were made
  platform:environment.trustedLaunch
    given:   false
    allowed: true for machines of vmss-platform-prod-front, which were made with it;`);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});

test("what Azure does not change and what it lacks are told at once", async () => {
  vi.resetModules();
  const config = configuration("prod");
  const environment = JSON.parse(config["platform:environment"] ?? "") as Record<string, unknown>;
  config["platform:environment"] = JSON.stringify({ ...environment, trustedLaunch: false });
  config["platform:preflight"] = JSON.stringify({ exampleNames: "allow" });
  mockAzure([], { ...roomySubscription(), images: {} });
  const recorder = await Recorder.start({ stack: "prod", config });
  await expect(import("./index.ts")).rejects.toThrow(
    /^1 mistake in Pulumi\.prod\.yaml; .*\n {2}platform:environment\.trustedLaunch\n.*\n1 obstacle at Azure for .*\n {2}image /s,
  );
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});

test("a secret that nobody set ends an up before a machine is made, with the command that sets it", async () => {
  vi.resetModules();
  mockAzure();
  const config = configuration("dev");
  delete config["platform:databaseLogin"];
  const recorder = await Recorder.start({ stack: "dev", config, functions });
  const failures: unknown[] = [];
  const keep = (reason: unknown) => void failures.push(reason);
  process.on("unhandledRejection", keep);
  await import("./index.ts");
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.off("unhandledRejection", keep);
  expect((failures[0] as Error).message).toMatch(
    /^1 secret is missing in the vault kv-dev-.* no machine was made.*\n {2}databaseLogin, for which application back of tier back asks\n {4}.*az keyvault secret set /s,
  );
  const types = recorder.resources.map(({ type }) => type);
  expect(types).toContain("azure-native:keyvault:Vault");
  expect(types).not.toContain("azure-native:compute:VirtualMachineScaleSet");
  const names = recorder.resources.map(({ name }) => name);
  expect(names).toContain("storage-back-artifacts");
  expect(names).not.toContain("vault-back-databaseLogin");
});

test("a faulty stack file ends the program with all its mistakes before a resource is made", async () => {
  vi.resetModules();
  const config = configuration("dev");
  delete config["platform:databaseLogin"];
  config["platform:environment"] = JSON.stringify({
    name: "Staging",
    network: "10.0.0.0/8",
    domain: "chatbot",
    privateDomain: "dev.chatbot.internal",
    tiers: {},
    reverseProxy: { routes: [{ host: "a.b", tier: "x" }] },
  });
  const recorder = await Recorder.start({ stack: "dev", config, preview: true });
  await expect(import("./index.ts")).rejects.toThrow(/^4 mistakes in Pulumi\.dev\.yaml; nothing was changed\./);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});

test("what is in the way at Azure ends the program with all of it before a resource is made", async () => {
  vi.resetModules();
  const usages = [usage("cores", "Total Regional vCPUs", 0, 10)];
  mockAzure([], { ...roomySubscription(), usages, images: {} });
  const recorder = await Recorder.start({
    stack: "dev",
    config: { ...configuration("dev"), "platform:preflight": JSON.stringify({ exampleNames: "allow" }) },
  });
  await expect(import("./index.ts")).rejects.toThrow(
    /^2 obstacles at Azure for Pulumi\.dev\.yaml; nothing was changed\.\n {2}image Debian:.*\n {2}quota of vCPUs/s,
  );
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});

test("the preflight knows every type of resource that the program makes, and no other", async () => {
  const types = new Set<string>();
  for (const stack of ["dev", "prod"]) {
    const { recorder } = await preview(stack);
    for (const { type } of recorder.resources) if (type.startsWith("azure-native:")) types.add(type);
  }
  expect([...types].sort()).toEqual(Object.keys(resourceTypes).sort());
});
