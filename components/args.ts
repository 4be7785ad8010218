/** Arguments that several components take, and how components refuse those that are wrong. */
import * as pulumi from "@pulumi/pulumi";
import type { Administrators } from "../environment/administrators.ts";
import type { Mistake } from "../environment/mistakes.ts";
import type { MachineGroup } from "../environment/machineGroup.ts";

/** The environment that a component is part of. */
export interface EnvironmentArgs {
  /** Name of the Pulumi stack, for example `dev`. It is part of every resource's name: a change builds all anew. */
  stack: string;
  /** Name of the environment, for example `development`; the tag `environment` of every resource. */
  environment: string;
  /** Name of the resource group in which the resources are made. */
  resourceGroupName: pulumi.Input<string>;
  /**
   * What must exist before resources of the component that refer to a subnet: the network with all its subnets. Azure
   * refuses references to a network while another subnet is being added to it (`ReferencedResourceNotProvisioned`).
   * Default: what the arguments refer to, and nothing else.
   */
  after?: pulumi.Resource[];
}

/** Where the front end of a load balancer stands. */
export interface FrontendArgs {
  /** Resource ID of the resource group. The parts of a load balancer refer to each other by IDs that begin with it. */
  resourceGroupId: pulumi.Input<string>;
  /**
   * Availability zones of the environment, `1` to `3`; empty where the region has none. The address gets one zone, or
   * all three. Fixed: Azure refuses a change.
   */
  zones: readonly string[];
}

/** Machines of one kind. */
export interface MachineArgs {
  /** Kind, size, scale sets, repair and autoscale of the machines. */
  machines: MachineGroup;
  /** User name and SSH keys on every machine. Fixed for machines that exist: Ansible brings keys up to date. */
  administrators: Administrators;
  /** Resource ID of the subnet in which the machines stand. */
  subnetId: pulumi.Input<string>;
  /**
   * First-boot configuration: cloud-init user data, base64 of at most 65,535 bytes; no secrets, every account of the
   * machine can read it. A change reaches machines that are born after it; the playbook run brings the others up to
   * date. No machine is made before it is known. Azure: `osProfile.customData`.
   */
  customData: pulumi.Input<string>;
  /**
   * Resource ID of the identity by which the machines read their secrets. A change reaches machines that are born after
   * it; the playbook run gives it to the others. Azure: `identity.userAssignedIdentities`.
   */
  identityId: pulumi.Input<string>;
  /**
   * Version of the image from which machines are born: `0.20260909.2596`, or `latest`, which may be another one at each
   * birth. Azure: `imageReference.version`.
   */
  imageVersion: string;
  /** What must exist before the machines, besides what the arguments refer to: what else they need, such as rights. */
  after?: pulumi.Resource[];
}

/** A mistake where a condition does not hold; for lists of mistakes. */
export function unless(condition: boolean, path: string, given: unknown, allowed: string): Mistake[] {
  return condition ? [] : [{ path, given: String(given), allowed }];
}

/**
 * Refuses the arguments of a component before it makes anything.
 *
 * @throws pulumi.RunError that lists all mistakes.
 */
export function refuse(component: string, name: string, mistakes: readonly Mistake[]): void {
  if (mistakes.length === 0) return;
  const lines = mistakes.map(({ path, given, allowed }) => `  ${path}: given ${given}, allowed is ${allowed}`);
  throw new pulumi.RunError(`arguments of ${component} ${name}; nothing was made\n${lines.join("\n")}`);
}
