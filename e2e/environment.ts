/** An environment that stands, as its users and its operators see it; in which Azure it stands is its caller's matter. */
import { join } from "node:path";
import { ComputeManagementClient } from "@azure/arm-compute";
import { NetworkManagementClient } from "@azure/arm-network";
import type { TokenCredential } from "@azure/core-auth";
import type { Arm } from "../azure/arm.ts";
import { listMembers } from "../azure/members.ts";
import { resourceName } from "../environment/names.ts";
import { root, run, succeed, type Result } from "./command.ts";

export interface Environment {
  /** Name of the stack. */
  stack: string;
  /** The Pulumi CLI and what it needs before its command: `["pulumi"]`. */
  pulumi: string[];
  /** The command that changes nothing where nothing is to be changed: `["pulumi", "up", "--yes", "--stack", "dev"]`. */
  up: string[];
  /** What stands before a command that is run where clients are; empty where this machine is such a place. */
  outside: string[];
  /** Clients of the ARM in which it stands. */
  arm: () => Arm;
  /** The longest waits: for machines to be healthy, for an ill one to be replaced, for an up that changes nothing. */
  seconds: { healthy: number; replaced: number; unchanged: number };
}

/** Clients of an ARM. Options are those of Azure's clients, such as certificates to be trusted. */
export function armClients(
  credential: TokenCredential,
  subscription: string,
  options: { endpoint: string; tlsOptions?: { ca: string } },
): Arm {
  return {
    compute: new ComputeManagementClient(credential, subscription, options),
    network: new NetworkManagementClient(credential, subscription, options),
  };
}

/** What the program says of the stack (`pulumi stack output`). */
export interface Outputs {
  publicAddress: string;
  outboundAddress: string;
  urls: string[];
  /** Private addresses of the load balancers, by tier. */
  loadBalancers: Record<string, string>;
  /** Path of the inventory, from the project's folder. */
  inventory: string;
  byHand: { ssh: string };
}

export interface Machine {
  name: string;
  hostName: string;
  /** As the health extension told Azure: `healthy`, `unhealthy`; absent where it told nothing yet. */
  health?: string;
}

export interface Group {
  name: string;
  capacity: number;
  machines: Machine[];
}

export async function outputsOf({ pulumi, stack }: Environment): Promise<Outputs> {
  return JSON.parse((await succeed([...pulumi, "stack", "output", "--json", "--stack", stack])).stdout) as Outputs;
}

/** Runs a command where clients are. Never throws for its exit status. */
export async function outside(environment: Environment, ...command: string[]): Promise<Result> {
  return run([...environment.outside, ...command]);
}

/** Runs a shell's command on a machine, through the reverse proxy. Never throws for its exit status. */
export async function on({ stack }: Environment, machine: string, command: string): Promise<Result> {
  return run(["ssh", "-F", join(root, "ansible", "inventory", `${stack}.ssh_config`), `${machine}.${stack}`, command]);
}

/** The environment's scale sets with their machines. */
export async function groupsOf({ arm, stack }: Environment): Promise<Group[]> {
  const clients = arm();
  const resourceGroup = resourceName("resourceGroup", stack);
  const { scaleSets, members } = await listMembers(clients, resourceGroup);
  const machines = await Promise.all(
    members.map(async ({ name, hostName, scaleSetId }) => {
      const { instanceView } = await clients.compute.virtualMachines.get(resourceGroup, name, {
        expand: "instanceView",
      });
      const health = instanceView?.vmHealth?.status?.code?.replace(/^HealthState\//, "");
      return { scaleSetId, machine: { name, hostName, health } };
    }),
  );
  return scaleSets.map(({ id, name, capacity }) => ({
    name,
    capacity,
    machines: machines.flatMap(({ scaleSetId, machine }) => (scaleSetId === id ? [machine] : [])),
  }));
}

/** The machines that serve a tier: those of its scale set, or of its scale sets in several zones. */
export async function serversOf(environment: Environment, tier: string): Promise<Machine[]> {
  const name = resourceName("scaleSet", environment.stack, tier);
  const isOfTier = (group: Group) => group.name.startsWith(name) && /^(-zone\d)?$/.test(group.name.slice(name.length));
  return (await groupsOf(environment)).filter(isOfTier).flatMap(({ machines }) => machines);
}
