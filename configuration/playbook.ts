/** Runs Ansible on an environment's machines once they exist. */
import * as pulumi from "@pulumi/pulumi";
import { local } from "@pulumi/command";
import type { Cloud } from "../environment/cloud.ts";
import type { MachineGroup, Plan } from "../environment/plan.ts";
import { connect } from "./arm.ts";
import { armSource, readHostKeys } from "./hostKeys.ts";
import { waitForJumpHost } from "./jumpHost.ts";
import {
  contentHash,
  earlierHostKeys,
  identities,
  inventoryText,
  nameMachines,
  paths,
  writeFiles,
  type Machine,
} from "./machines.ts";
import { listMembers, waitForMembers } from "./members.ts";

export interface PlaybookArgs {
  plan: Plan;
  /** Path of the directory `ansible/`. */
  ansible: string;
  /** Hash of that directory: Ansible runs again when it changes. */
  treeHash: string;
  resourceGroupName: pulumi.Input<string>;
  /** The environment's groups of machines with their scale sets' resource IDs. */
  groups: { machines: MachineGroup; scaleSetId: pulumi.Input<string> }[];
  /** Address of the jump host. */
  publicAddress: pulumi.Input<string>;
  /** The Azure in which the machines are. */
  cloud: Cloud;
  /** Secrets that roles need, by the name under which they find them. */
  secrets: Record<string, pulumi.Input<string>>;
  /** What machines need besides, and must therefore exist before Ansible runs. */
  after: pulumi.Resource[];
}

/** What is known of the machines once they exist. */
interface Prepared {
  hash: string;
  identities: string[];
  /** Private addresses by name. */
  addresses: Record<string, string>;
}

/** Seconds. Azure takes some minutes for a machine; cloud-init prints the keys when it has ended. */
const patience = { machines: 600, hostKeys: 1200, console: 180, jumpHost: 300, interval: 2 };

/**
 * Lists the machines, verifies their host keys, writes inventory, known_hosts and SSH configuration, and runs
 * `playbooks/base.yml` and `playbooks/site.yml` on them: when machines, inventory or `ansible/` changed, and only then. A
 * preview lists the machines that exist, and writes nothing.
 */
export class Playbook extends pulumi.ComponentResource {
  /** Private addresses of the machines, by their name in the inventory. */
  readonly machines: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: PlaybookArgs, opts?: pulumi.ComponentResourceOptions) {
    super("platform:configuration:Playbook", name, {}, opts);

    const prepared = pulumi
      .all([args.resourceGroupName, args.publicAddress, pulumi.all(args.groups.map(({ scaleSetId }) => scaleSetId))])
      .apply(([resourceGroup, publicAddress, ids]) => this.prepare(args, resourceGroup, publicAddress, ids));

    const command = {
      dir: "ansible",
      create: `node ../configuration/runPlaybook.ts -i ${paths(args.plan.stack).inventory} playbooks/base.yml playbooks/site.yml --skip-tags base`,
      environment: {
        // A change here runs the command again.
        PLATFORM_CONTENT: prepared.apply(({ hash }) => hash),
        PLATFORM_SECRETS: pulumi.secret(pulumi.jsonStringify(args.secrets)),
        ANSIBLE_DISPLAY_FAILED_STDERR: "true",
      },
      triggers: prepared.apply((value) => value.identities),
      // The output of the run before, which would be passed in the environment, may be larger than that can be.
      addPreviousOutputInEnv: false,
    };
    new local.Command(`${name}-ansible`, command, {
      parent: this,
      dependsOn: args.after,
      // A run that failed leaves no command in the state, rather than the one before: whoever takes the change back must
      // get a run too, for some machines have it.
      replaceOnChanges: ["environment"],
      deleteBeforeReplace: true,
      // Roles hide their secrets; should one slip through, the state must not show it.
      additionalSecretOutputs: ["stdout", "stderr"],
    });

    this.machines = prepared.apply(({ addresses }) => addresses);
    this.registerOutputs({ machines: this.machines });
  }

  private async prepare(
    args: PlaybookArgs,
    resourceGroup: string,
    publicAddress: string,
    ids: string[],
  ): Promise<Prepared> {
    const { plan, ansible } = args;
    const groups = args.groups.map(({ machines }, index) => ({ machines, scaleSetId: ids[index] ?? "" }));
    const arm = await connect(args.cloud, { parent: this });
    const list = () => listMembers(arm, resourceGroup);
    const describe = (machines: Machine[]): Prepared => ({
      hash: contentHash(inventoryText(plan, machines), args.treeHash),
      identities: identities(machines),
      addresses: Object.fromEntries(machines.map(({ inventoryName, address }) => [inventoryName, address])),
    });
    if (pulumi.runtime.isDryRun()) return describe(nameMachines((await list()).members, groups));

    const progress = (text: string) => void pulumi.log.info(text, this, undefined, true);
    const members = await waitForMembers(list, ids, {
      timeout: patience.machines,
      interval: patience.interval,
      progress,
      warn: (text) => void pulumi.log.warn(text, this),
    });
    const machines = nameMachines(members, groups);
    const hostKeys = await readHostKeys(machines, armSource(arm, resourceGroup), {
      timeout: patience.hostKeys,
      interval: patience.interval,
      patience: patience.console,
      progress,
      known: earlierHostKeys(ansible, plan.stack),
    });
    writeFiles(ansible, plan, machines, hostKeys, publicAddress);
    await waitForJumpHost(publicAddress, { timeout: patience.jumpHost, interval: patience.interval, progress });
    return describe(machines);
  }
}
