/** Runs Ansible on an environment's machines once they exist. */
import { join, relative } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { local } from "@pulumi/command";
import { connect } from "../azure/arm.ts";
import { armSource, readHostKeys, withoutHostKeys } from "../azure/hostKeys.ts";
import { giveIdentities, withoutIdentities } from "../azure/memberIdentities.ts";
import { joinPools, withoutPools } from "../azure/memberPools.ts";
import { listMembers, waitForMembers, type Member } from "../azure/members.ts";
import { refuse, unless } from "../components/args.ts";
import type { Cloud } from "../environment/cloud.ts";
import type { MachineGroup } from "../environment/machineGroup.ts";
import type { Plan } from "../environment/plan.ts";
import type { VaultAccess } from "../inventory/vaultAccess.ts";
import { earlierHostKeys, writeFiles } from "./files.ts";
import { waitForJumpHost } from "./jumpHost.ts";
import { groupOf, hashesOf, identities, nameMachines, type Group, type Machine, type RunHashes } from "./machines.ts";
import { paths } from "./paths.ts";
import { wayThroughEntry, withoutWayIn, type Closed, type WayIn } from "./wayIn.ts";

/** A group of machines that stand, and what they should have, by resource IDs. */
export interface PlaybookGroup {
  machines: MachineGroup;
  scaleSetIds: pulumi.Input<string>[];
  identityId: pulumi.Input<string>;
  /** Load balancer pools in which the machines should be, and in no others. */
  poolIds: pulumi.Input<string>[];
}

/** What a run of Ansible needs. */
export interface PlaybookArgs {
  plan: Plan;
  /** Path of the directory `ansible/`, in which the command runs. It is part of the state: best a relative one. */
  ansible: string;
  /** Hash of that directory: Ansible runs again when it changes. */
  treeHash: string;
  /** Name of the resource group in which the machines are. */
  resourceGroupName: pulumi.Input<string>;
  /** The environment's groups of machines. */
  groups: PlaybookGroup[];
  /** How machines reach the vault. */
  access: pulumi.Input<VaultAccess>;
  /** The environment's own public address, at which its jump hosts answer; not used where its plan has none. */
  publicAddress: pulumi.Input<string> | undefined;
  /** The Azure in which the machines are. */
  cloud: Cloud;
  /** What machines need besides, and must therefore exist before Ansible runs. */
  after: pulumi.Resource[];
}

type PooledGroup = Group & { poolIds: readonly string[] };

/** What is known of the machines once they exist. */
interface Prepared {
  hashes: RunHashes;
  identities: string[];
  /** Private addresses by name. */
  addresses: Record<string, string>;
  /** Name of the entry that does not stand yet, so that Ansible is left out; empty where nothing is. */
  leftOut: string;
}

/** Azure takes some minutes for a machine; cloud-init prints the keys when it has ended. */
const patienceSeconds = { machines: 600, hostKeys: 1200, console: 180, jumpHost: 300, interval: 2 };

/**
 * Lists the machines, gives those that lack them identity and load balancers of their group, verifies their host keys,
 * writes inventory, known_hosts and SSH configuration, and runs `playbooks/environment.yml` on them: when machines,
 * inventory or `ansible/` changed, and only then. Machines without host keys, or that do not answer, are left out; the run fails at its end. While
 * an environment without a public address has no entry that stands, the run itself is left out, with a warning: the next
 * `pulumi up` after that makes it. A preview lists the machines that exist, and writes nothing.
 */
export class Playbook extends pulumi.ComponentResource {
  /** Private addresses of the machines, by their name in the inventory. */
  readonly machines: pulumi.Output<Record<string, string>>;
  /** Whether the run of this program's content has succeeded: a `pulumi up` may leave it out (`--target`). */
  readonly succeeded: pulumi.Output<boolean>;
  /** The resources of which the run consists. */
  readonly nodes: { command: local.Command };

  constructor(name: string, args: PlaybookArgs, opts?: pulumi.ComponentResourceOptions) {
    refuse("Playbook", name, mistakesOf(args));
    super("platform:configuration:Playbook", name, {}, opts);

    const prepared = pulumi
      .all([
        args.resourceGroupName,
        args.publicAddress ?? "",
        args.access,
        pulumi.all(
          args.groups.map(({ machines, scaleSetIds, identityId, poolIds }) =>
            pulumi
              // A preview moves nobody, and does not know the pools of load balancers to come.
              .all([identityId, pulumi.all(scaleSetIds), pulumi.all(pulumi.runtime.isDryRun() ? [] : poolIds)])
              .apply(([identity, ids, pools]): PooledGroup => ({
                ...{ machines, scaleSetIds: ids, identityId: identity, poolIds: pools },
              })),
          ),
        ),
      ])
      .apply(([resourceGroup, publicAddress, access, groups]) =>
        this.prepare(args, resourceGroup, publicAddress, access, groups),
      );

    const program = relative(args.ansible, join(import.meta.dirname, "runPlaybook.ts"));
    const inventory = paths(args.plan.stack).inventory;
    const inputs = {
      dir: args.ansible,
      create: `node ${program} -i ${inventory} playbooks/environment.yml --skip-tags base`,
      environment: {
        // A change here runs the command again. Machines may change between an approval and its apply, the content not:
        // delivery/exemptions.ts.
        PLATFORM_CONTENT: prepared.apply(({ hashes }) => hashes.content),
        PLATFORM_MACHINES: prepared.apply(({ hashes }) => hashes.machines),
        ...(args.plan.reverseProxy.public ? {} : { PLATFORM_LEFT_OUT: prepared.apply(({ leftOut }) => leftOut) }),
        ANSIBLE_DISPLAY_FAILED_STDERR: "true",
      },
      triggers: prepared.apply((value) => value.identities),
      // The output of the run before, which would be passed in the environment, may be larger than that can be.
      addPreviousOutputInEnv: false,
    };
    const command = new local.Command(`${name}-ansible`, inputs, {
      parent: this,
      dependsOn: args.after,
      // Replaced at each change, which a protected resource is not. Deleting a run touches nothing.
      protect: false,
      // A run that failed leaves no command in the state, rather than the one before: taking the change back must make a
      // run too, for some machines have it.
      replaceOnChanges: ["environment"],
      deleteBeforeReplace: true,
      // Roles hide their secrets; should one slip through, the state must not show it.
      additionalSecretOutputs: ["stdout", "stderr"],
    });

    this.nodes = { command };
    this.succeeded = pulumi
      .all([command.environment, prepared])
      .apply(
        ([ran, { hashes, leftOut }]) =>
          leftOut === "" &&
          ran?.["PLATFORM_CONTENT"] === hashes.content &&
          ran["PLATFORM_MACHINES"] === hashes.machines,
      );
    this.machines = prepared.apply(({ addresses }) => addresses);
    this.registerOutputs({ machines: this.machines });
  }

  private async prepare(
    args: PlaybookArgs,
    resourceGroup: string,
    publicAddress: string,
    access: VaultAccess,
    groups: PooledGroup[],
  ): Promise<Prepared> {
    const { plan, ansible } = args;
    const arm = await connect(args.cloud, { parent: this });
    const list = () => listMembers(arm, resourceGroup);
    const way: WayIn | Closed = plan.reverseProxy.public
      ? { jumps: [publicAddress] }
      : await wayThroughEntry(arm, plan);
    if ("closed" in way) void pulumi.log.warn(withoutWayIn(plan, way), this);
    const leftOut = "closed" in way ? (plan.reverseProxy.entry?.environment ?? "an entry") : "";
    const describe = (machines: Machine[]): Prepared => ({
      leftOut,
      hashes: hashesOf(plan, machines, access, args.treeHash),
      identities: identities(machines),
      addresses: Object.fromEntries(machines.map(({ inventoryName, address }) => [inventoryName, address])),
    });
    if (pulumi.runtime.isDryRun()) return describe(nameMachines(plan.stack, (await list()).members, groups));

    const progress = (text: string) => void pulumi.log.info(text, this, undefined, true);
    const scaleSetIds = groups.flatMap((group) => group.scaleSetIds);
    const members = await waitForMembers(list, scaleSetIds, {
      timeoutSeconds: patienceSeconds.machines,
      intervalSeconds: patienceSeconds.interval,
      progress,
      warn: (text) => void pulumi.log.warn(text, this),
    });
    const machines = nameMachines(plan.stack, members, groups);
    const bearers = machines.map((machine) => ({ machine, identityId: machine.identityId }));
    const { given, busy } = await giveIdentities(arm, resourceGroup, bearers);
    if (given.length > 0) progress(`have the identities of their groups now: ${given.join(", ")}`);
    if (busy.length > 0) void pulumi.log.warn(withoutIdentities(busy), this);
    const pooled = machines.map((machine) => ({
      machine,
      poolIds: groupOf(groups, machine.scaleSetId)?.poolIds ?? [],
    }));
    const pools = await joinPools(arm, resourceGroup, pooled);
    if (pools.moved.length > 0) progress(`are in the load balancers of their groups now: ${pools.moved.join(", ")}`);
    if (pools.busy.length > 0) void pulumi.log.warn(withoutPools(pools.busy), this);
    if ("closed" in way) return describe(machines);
    const known = earlierHostKeys(ansible, plan.stack);
    const hostKeysIn = (members: readonly Member[], group: string) =>
      readHostKeys(members, armSource(arm, group), {
        timeoutSeconds: patienceSeconds.hostKeys,
        intervalSeconds: patienceSeconds.interval,
        consoleSeconds: patienceSeconds.console,
        progress,
        known,
      });
    const { entry } = way;
    const read = await Promise.all([
      hostKeysIn(machines, resourceGroup),
      ...(entry ? [hostKeysIn(entry.jumpHosts, entry.resourceGroup)] : []),
    ]);
    const keys = new Map(read.flatMap((one) => [...one.keys]));
    const missing = read.flatMap((one) => [...one.missing.values()]);
    // SSH refuses them, so the run leaves them out and fails at its end.
    if (missing.length > 0) void pulumi.log.warn(withoutHostKeys(missing, patienceSeconds.hostKeys), this);
    writeFiles(ansible, plan, machines, keys, way, access);
    await waitForJumpHost(way.jumps[0] ?? "", {
      stack: entry?.stack ?? plan.stack,
      timeoutSeconds: patienceSeconds.jumpHost,
      intervalSeconds: patienceSeconds.interval,
      progress,
    });
    return describe(machines);
  }
}

function mistakesOf({ groups }: PlaybookArgs) {
  const names = groups.map(({ machines }) => machines.name);
  return [
    ...unless(new Set(names).size === names.length, "groups", names.join(", "), "each group of machines once"),
    ...groups.flatMap(({ machines, scaleSetIds }) =>
      unless(
        scaleSetIds.length === machines.scaleSets.length,
        `groups.${machines.name}.scaleSetIds`,
        scaleSetIds.length,
        `the IDs of its ${machines.scaleSets.length} scale sets`,
      ),
    ),
  ];
}
