/** One environment on Azure: reads the stack's configuration, builds it, configures its machines. Wiring only. */
import * as pulumi from "@pulumi/pulumi";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import { currentAcceleration, currentCapacity } from "./azure/capacity.ts";
import { fixedPropertyMistakes } from "./azure/fixedProperties.ts";
import { standingIn } from "./azure/standing.ts";
import { endMoves } from "./azure/standingPorts.ts";
import { buildBundle } from "./bootstrap/bundle.ts";
import { hashTree, readTree } from "./bootstrap/tree.ts";
import { DnsZone } from "./components/dnsZone.ts";
import { Network } from "./components/network.ts";
import { PrivateLB } from "./components/privateLb.ts";
import { protectionOf, protectionText } from "./components/protection.ts";
import { ReverseProxy } from "./components/reverseProxy.ts";
import { TierHAG } from "./components/tierHag.ts";
import { paths } from "./configuration/paths.ts";
import { Playbook } from "./configuration/playbook.ts";
import { StackError } from "./environment/mistakes.ts";
import { resourceName, tags } from "./environment/names.ts";
import { secretNames, type MachineGroup } from "./environment/machineGroup.ts";
import { labelInDomain } from "./environment/plan.ts";
import { readStack } from "./environment/read.ts";
import { preflight } from "./preflight/preflight.ts";

const ansible = "ansible";
const settings = readStack(ansible, ".");
const { planWith, stack, secrets, cloud, file } = settings;
const tree = readTree(ansible);

// Before any resource: what Azure would refuse of it ends the program here, all of it at once.
const resourceGroupName = resourceName("resourceGroup", stack);
const asking = standingIn(cloud, resourceGroupName);
const [obstacles, { scaleSets: standing, ports }] = await Promise.all([preflight(settings, asking), asking]);
const { plan, mistakes } = planWith(ports);
const { environment, zones, protect } = plan;
mistakes.push(...fixedPropertyMistakes(plan, standing));
if (mistakes.length > 0) obstacles.unshift(new StackError(file, mistakes).message);
if (obstacles.length > 0) throw new pulumi.RunError(obstacles.join("\n"));

const options = protectionOf(protect);
const resourceGroup = new ResourceGroup("resource-group", { resourceGroupName, tags: tags(environment) }, options);
const common = { stack, environment, resourceGroupName: resourceGroup.name };
const frontend = { resourceGroupId: resourceGroup.id, zones };

const network = new Network(
  "network",
  { ...common, addressPrefix: plan.network, subnets: plan.subnets, zones },
  options,
);
const inNetwork = { ...common, after: [network] };

/** What the machines of a group are made of. */
const machinesOf = (machines: MachineGroup) => ({
  machines: { ...machines, acceleratedNetworking: currentAcceleration(stack, machines, standing) },
  administrators: plan.administrators,
  subnetId: network.subnetId(machines.subnetName),
  customData: buildBundle(plan, machines, tree),
  imageVersion: plan.imageVersion,
});

const tiers = plan.tiers.map(({ name, machines, service, balancers }) => {
  const loadBalancer =
    service &&
    new PrivateLB(
      `${name}-load-balancer`,
      {
        ...inNetwork,
        ...frontend,
        tier: name,
        service,
        subnetId: network.subnetId(name),
        ...(balancers ? { balancers: machinesOf(balancers) } : {}),
      },
      options,
    );
  const capacity = currentCapacity(stack, machines, standing);
  const group = new TierHAG(
    name,
    {
      ...inNetwork,
      ...machinesOf(machines),
      poolIds: loadBalancer ? [loadBalancer.memberPoolId] : [],
      ...(capacity === undefined ? {} : { capacity }),
      secrets: Object.fromEntries(
        secretNames(machines).flatMap((secret) => {
          const value = secrets[secret];
          return value ? [[secret, value]] : [];
        }),
      ),
    },
    options,
  );
  const { balancers: balancerGroup } = loadBalancer?.nodes ?? {};
  return {
    name,
    loadBalancer,
    groups: [
      { machines, scaleSetIds: group.scaleSetIds },
      ...(balancers && balancerGroup ? [{ machines: balancers, scaleSetIds: balancerGroup.scaleSetIds }] : []),
    ],
  };
});

const reverseProxy = new ReverseProxy(
  "reverse-proxy",
  { ...inNetwork, ...frontend, ...machinesOf(plan.reverseProxy) },
  options,
);

const served = tiers.flatMap(({ name, loadBalancer }) =>
  loadBalancer ? [{ name, address: loadBalancer.address }] : [],
);
const privateZone = new DnsZone(
  "private-dns",
  {
    ...inNetwork,
    domain: plan.privateDomain,
    networkId: network.id,
    records: served.map(({ name, address }) => ({ label: name, address })),
  },
  options,
);
const publicZone = plan.publicZone
  ? new DnsZone(
      "public-dns",
      {
        ...common,
        domain: plan.domain,
        records: plan.reverseProxy.routes.flatMap(({ host }) => {
          const label = labelInDomain(host, plan.domain);
          return label === undefined ? [] : [{ label, address: reverseProxy.publicAddress }];
        }),
      },
      options,
    )
  : undefined;

const playbook = new Playbook(
  "configuration",
  {
    plan,
    ansible,
    treeHash: hashTree(tree),
    cloud,
    resourceGroupName: resourceGroup.name,
    groups: [
      ...tiers.flatMap(({ groups }) => groups),
      { machines: plan.reverseProxy, scaleSetIds: reverseProxy.nodes.machines.scaleSetIds },
    ],
    publicAddress: reverseProxy.publicAddress,
    secrets,
    after: [privateZone, ...tiers.flatMap(({ loadBalancer }) => loadBalancer ?? [])],
  },
  options,
);

/** Ports that moved, by tier: the next `pulumi up` closes what the stack file does not say. */
export const movedPorts = endMoves(cloud, plan, playbook.succeeded);
/** The environment's one public address. */
export const publicAddress = reverseProxy.publicAddress;
/** Where clients find the routed services. */
export const urls = plan.reverseProxy.routes.map(({ host }) => `http://${host}/`);
/** Private addresses of the load balancers, by tier. */
export const loadBalancers = Object.fromEntries(served.map(({ name, address }) => [name, address]));
/** Private addresses of the machines, by name. */
export const machines = playbook.machines;
/** Public address from which the machines call the outside. */
export const outboundAddress = network.outboundAddress;
/** To which the parent of the public zone must delegate. */
export const nameServers = publicZone?.nameServers ?? [];
/** The generated inventory. */
export const inventory = `ansible/${paths(stack).inventory}`;
/** Whether something can be deleted, and what to do before. */
export const protection = protectionText(stack, protect);
/** How to do by hand what the program does. */
export const byHand = {
  ansible: `cd ansible && ansible-playbook -i ${paths(stack).inventory} playbooks/site.yml`,
  ssh: `ssh -F ansible/${paths(stack).sshConfig} <machine>`,
};
