/** One environment on Azure: reads the stack's configuration, builds it, configures its machines. Wiring only. */
import * as pulumi from "@pulumi/pulumi";
import { getClientConfigOutput } from "@pulumi/azure-native/authorization/getClientConfig.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import { endpointsOf } from "./azure/arm.ts";
import { currentAcceleration, currentCapacity } from "./azure/capacity.ts";
import { fixedPropertyMistakes } from "./azure/fixedProperties.ts";
import { peerNetworks } from "./azure/peerNetworks.ts";
import { zoneNameServers } from "./azure/zoneNameServers.ts";
import { standingIn } from "./azure/standing.ts";
import { endMoves } from "./azure/standingPorts.ts";
import { isToRecover } from "./azure/vaults.ts";
import { buildBundle, bundleMistakes } from "./bootstrap/bundle.ts";
import { hashTree, readTree } from "./bootstrap/tree.ts";
import { ChallengeRecords } from "./components/challengeRecords.ts";
import { DnsZone } from "./components/dnsZone.ts";
import { Identities } from "./components/identities.ts";
import { Network } from "./components/network.ts";
import { Peering } from "./components/peering.ts";
import { PrivateLB } from "./components/privateLb.ts";
import { protectionOf, protectionText } from "./components/protection.ts";
import { ReverseProxy } from "./components/reverseProxy.ts";
import { Storage } from "./components/storage.ts";
import { TierHAG } from "./components/tierHag.ts";
import { Vault } from "./components/vault.ts";
import { entranceOf } from "./configuration/entryAddress.ts";
import { paths } from "./configuration/paths.ts";
import { Playbook } from "./configuration/playbook.ts";
import { blobService } from "./environment/cloud.ts";
import { StackError } from "./environment/mistakes.ts";
import { resourceName, tags } from "./environment/names.ts";
import type { MachineGroup } from "./environment/machineGroup.ts";
import { routeUrls } from "./environment/plan.ts";
import { readStack } from "./environment/read.ts";
import { planPublicRecords } from "./environment/zones/publicRecords.ts";
import { missingPeers, tellWaiting } from "./preflight/peers.ts";
import { preflight } from "./preflight/preflight.ts";
import { requireSecrets } from "./preflight/stores.ts";
import { switchObstacles } from "./preflight/switches.ts";

const ansible = "ansible";
const settings = readStack(ansible, ".");
const { planWith, stack, secrets, cloud, location, file } = settings;
const tree = readTree(ansible);

// Before any resource: what Azure would refuse of it ends the program here, all of it at once.
const resourceGroupName = resourceName("resourceGroup", stack);
const asking = standingIn(cloud, resourceGroupName);
const [obstacles, { scaleSets: standing, ports }] = await Promise.all([preflight(settings, asking), asking]);
const { plan, mistakes } = planWith(ports);
const { environment, zones, protect } = plan;
mistakes.push(...fixedPropertyMistakes(plan, standing));
if (mistakes.length > 0) obstacles.unshift(new StackError(file, mistakes).message);
obstacles.push(...bundleMistakes(plan, tree));
const [peers, entrance] = await Promise.all([
  peerNetworks(cloud, plan.peers),
  entranceOf(cloud, file, plan, settings.zoneFile),
]);
obstacles.push(
  ...(await missingPeers(file, plan, peers)),
  ...entrance.obstacles,
  ...(await switchObstacles(settings, plan)),
);
if (obstacles.length > 0) throw new pulumi.RunError(obstacles.join("\n"));
await tellWaiting(plan);
const [recover, endpoints, subZoneServers] = await Promise.all([
  isToRecover(cloud, location, plan.vault),
  endpointsOf(cloud),
  zoneNameServers(cloud, plan.subZones),
]);

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

const identities = new Identities("identities", { ...common, identities: plan.identities }, options);
const letIn = { subnetIds: plan.subnets.map(({ name }) => network.subnetId(name)), ranges: plan.administrators.ranges };
const vault = new Vault(
  "vault",
  {
    ...inNetwork,
    ...letIn,
    vaultName: plan.vault.name,
    vaultSuffix: endpoints.vaultSuffix,
    recover,
    tenantId: getClientConfigOutput().tenantId,
    secrets,
    identities: plan.identities,
    principalIds: identities.principalIds,
    complete: (vaultId) => requireSecrets(cloud, plan.vault, Object.keys(secrets), vaultId),
  },
  options,
);
const storage = new Storage(
  "storage",
  {
    ...inNetwork,
    ...letIn,
    accountName: plan.storage.name,
    zones,
    identities: plan.identities,
    principalIds: identities.principalIds,
  },
  options,
);
// From the name: a preview does not know what Azure tells of an account that changes.
const storeUrl = blobService(plan.storage.name, endpoints);
/** What the machines of a group are made of. */
const machinesOf = (machines: MachineGroup) => ({
  machines: { ...machines, acceleratedNetworking: currentAcceleration(stack, machines, standing) },
  administrators: plan.administrators,
  subnetId: network.subnetId(machines.subnetName),
  customData: pulumi
    .all([vault.uri, identities.of(machines.name).clientId])
    .apply(([uri, clientId]) =>
      buildBundle(plan, machines, tree, { uri, storeUrl, clientIds: { [machines.name]: clientId } }),
    ),
  identityId: identities.of(machines.name).id,
  imageVersion: plan.imageVersion,
  // With it the rights of the machines: Azure takes minutes until they count.
  after: [network, vault, storage],
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
  const poolIds = loadBalancer ? [loadBalancer.memberPoolId] : [];
  const group = new TierHAG(
    name,
    { ...inNetwork, ...machinesOf(machines), poolIds, ...(capacity === undefined ? {} : { capacity }) },
    options,
  );
  const balancerGroup = loadBalancer?.nodes.balancers;
  return {
    name,
    loadBalancer,
    components: [group, ...(loadBalancer ? [loadBalancer] : [])],
    groups: [
      { machines, scaleSetIds: group.scaleSetIds, identityId: identities.of(machines.name).id, poolIds },
      ...(balancers && balancerGroup
        ? [
            {
              machines: balancers,
              scaleSetIds: balancerGroup.scaleSetIds,
              identityId: identities.of(balancers.name).id,
              poolIds: [loadBalancer.balancerPoolId],
            },
          ]
        : []),
    ],
  };
});

const reverseProxy = new ReverseProxy(
  "reverse-proxy",
  {
    ...{ ...inNetwork, ...frontend, ...machinesOf(plan.reverseProxy) },
    public: plan.reverseProxy.public,
    internalAddress: plan.reverseProxy.internalAddress,
  },
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
    records: [
      ...served.map(({ name, address }) => ({ label: name, address })),
      ...(reverseProxy.internalAddress ? [{ label: "reverse-proxy", address: reverseProxy.internalAddress }] : []),
    ],
  },
  options,
);
const peerings: Peering[] = [];
for (const { peer, id, guid } of peers) {
  const peering = new Peering(
    `peering-${peer.stack}`,
    {
      ...common,
      // One after the other, and after all that is in the network: Azure refuses what refers to one that is changing.
      after: [privateZone, reverseProxy, ...tiers.flatMap(({ components }) => components), ...peerings],
      networkId: network.id,
      privateDomain: plan.privateDomain,
      peer,
      peerNetworkId: id,
      peerNetworkGuid: guid,
    },
    options,
  );
  peerings.push(peering);
}

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
      {
        machines: plan.reverseProxy,
        scaleSetIds: reverseProxy.nodes.machines.scaleSetIds,
        identityId: identities.of(plan.reverseProxy.name).id,
        poolIds: reverseProxy.poolIds,
      },
    ],
    access: pulumi.output({ uri: vault.uri, storeUrl, clientIds: identities.clientIds }),
    publicAddress: reverseProxy.publicAddress,
    after: [privateZone, ...peerings, ...tiers.flatMap(({ loadBalancer }) => loadBalancer ?? [])],
  },
  options,
);

const publicZone = plan.publicZone
  ? new DnsZone(
      "public-dns",
      {
        ...common,
        // Names go over to an entry once the machines let it in, and believe what it says of clients.
        after: plan.reverseProxy.entry ? [playbook] : [],
        domain: plan.domain,
        recordSets: planPublicRecords<pulumi.Input<string>>(
          plan,
          settings.zoneFile,
          reverseProxy.publicAddress ?? "",
          subZoneServers,
        ),
      },
      options,
    )
  : undefined;

if (publicZone) {
  const { zone } = publicZone.nodes;
  new ChallengeRecords(
    "challenges",
    {
      ...common,
      zoneName: zone.name,
      zoneId: zone.id,
      identities: plan.identities,
      principalIds: identities.principalIds,
    },
    options,
  );
}

/** Ports that moved, by tier: the next `pulumi up` closes what the stack file does not say. */
export const movedPorts = endMoves(cloud, plan, playbook.succeeded);
/** The environment's one public address; undefined where it has none. */
export const publicAddress = reverseProxy.publicAddress;
/** Public address at which clients come in: the environment's own, or its entry's, once that leads here. */
export const entryAddress = reverseProxy.publicAddress ?? entrance.address;
/** Where proxies and machines of other environments call, by what is declared; undefined where none may. */
export const internalAddress = reverseProxy.internalAddress;
/** Where clients find the routed services; a wildcard has no address of its own. */
export const urls = routeUrls(plan.reverseProxy);
/** Private addresses of the load balancers, by tier. */
export const loadBalancers = Object.fromEntries(served.map(({ name, address }) => [name, address]));
/** Private addresses of the machines, by name. */
export const machines = playbook.machines;
/** Public address from which the machines call the outside. */
export const outboundAddress = network.outboundAddress;
/** Where machines read their secrets, and people set them. */
export const vaultUri = vault.uri;
/** Storage account with the containers artifacts, backups and certificates. */
export const storageAccount = storage.accountName;
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
