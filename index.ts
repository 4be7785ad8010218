/** One environment on Azure: reads the stack's configuration, builds it, configures its machines. Wiring only. */
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import { DnsZone } from "./components/dnsZone.ts";
import { Network } from "./components/network.ts";
import { PrivateLB } from "./components/privateLb.ts";
import { ReverseProxy } from "./components/reverseProxy.ts";
import { TierHAG } from "./components/tierHag.ts";
import { buildBundle } from "./configuration/bundle.ts";
import { currentCapacity } from "./configuration/capacity.ts";
import { Playbook } from "./configuration/playbook.ts";
import { secretsFor } from "./configuration/secrets.ts";
import { hashTree, readTree } from "./configuration/tree.ts";
import { resourceName, tags } from "./environment/names.ts";
import { labelInDomain } from "./environment/plan.ts";
import { readStack } from "./environment/read.ts";

const ansible = "ansible";
const { plan, secrets, cloud } = readStack(ansible);
const { stack, environment, administrators, zones, protect } = plan;
const tree = readTree(ansible);

const resourceGroup = new ResourceGroup("resource-group", {
  resourceGroupName: resourceName("resourceGroup", stack),
  tags: tags(environment),
});
const common = {
  stack,
  environment,
  administrators,
  zones,
  resourceGroupName: resourceGroup.name,
  resourceGroupId: resourceGroup.id,
};

const network = new Network("network", { ...common, range: plan.network, subnets: plan.subnets });

const tiers = plan.tiers.map(({ name, machines, service, balancers }) => {
  const subnetId = network.subnetId(name);
  const loadBalancer =
    service &&
    new PrivateLB(`${name}-load-balancer`, {
      ...common,
      tier: name,
      service,
      subnetId,
      ...(balancers
        ? {
            balancers: {
              machines: balancers,
              administrators,
              subnetId: network.subnetId(balancers.subnet),
              customData: buildBundle(plan, balancers, tree),
            },
          }
        : {}),
    });
  const group = new TierHAG(name, {
    ...common,
    machines,
    subnetId,
    poolIds: loadBalancer ? [loadBalancer.memberPoolId] : [],
    capacity: currentCapacity(cloud, stack, resourceGroup.name, machines),
    customData: buildBundle(plan, machines, tree),
    secrets: secretsFor(machines.secrets, secrets),
  });
  return {
    name,
    loadBalancer,
    groups: [
      { machines, scaleSetId: group.scaleSetId },
      ...(balancers && loadBalancer?.balancers
        ? [{ machines: balancers, scaleSetId: loadBalancer.balancers.scaleSetId }]
        : []),
    ],
  };
});

const reverseProxy = new ReverseProxy("reverse-proxy", {
  ...common,
  protect,
  machines: plan.reverseProxy,
  subnetId: network.subnetId("reverse-proxy"),
  customData: buildBundle(plan, plan.reverseProxy, tree),
});

const served = tiers.flatMap(({ name, loadBalancer }) =>
  loadBalancer ? [{ name, address: loadBalancer.address }] : [],
);
const privateZone = new DnsZone("private-dns", {
  ...common,
  domain: plan.privateDomain,
  networkId: network.id,
  records: served.map(({ name, address }) => ({ label: name, address })),
});
const publicZone = plan.publicZone
  ? new DnsZone("public-dns", {
      ...common,
      protect,
      domain: plan.domain,
      records: plan.reverseProxy.routes.flatMap(({ host }) => {
        const label = labelInDomain(host, plan.domain);
        return label === undefined ? [] : [{ label, address: reverseProxy.publicAddress }];
      }),
    })
  : undefined;

const playbook = new Playbook("configuration", {
  plan,
  ansible,
  treeHash: hashTree(tree),
  cloud,
  resourceGroupName: resourceGroup.name,
  groups: [
    ...tiers.flatMap(({ groups }) => groups),
    { machines: plan.reverseProxy, scaleSetId: reverseProxy.machines.scaleSetId },
  ],
  publicAddress: reverseProxy.publicAddress,
  secrets: secretsFor(
    plan.tiers.flatMap(({ machines }) => machines.secrets),
    secrets,
  ),
  after: [privateZone, ...tiers.flatMap(({ loadBalancer }) => loadBalancer ?? [])],
});

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
export const inventory = `ansible/inventory/${stack}.yml`;
/** How to do by hand what the program does. */
export const byHand = {
  ansible: `cd ansible && ansible-playbook -i inventory/${stack}.yml playbooks/site.yml`,
  ssh: `ssh -F ansible/inventory/${stack}.ssh_config <machine>`,
};
