/** Machines of one kind that do the same, and the scale sets in which they stand. */
import type { Repair } from "./fields.ts";
import type { Packages } from "./packages.ts";
import { processorsOf } from "./processors.ts";
import type { Environment } from "./schema.ts";
import { parseReference } from "./secrets.ts";
import type { Application, Autoscale, Tier } from "./tierSchema.ts";

/** A scale set: machines that are alike. */
export interface PlannedScaleSet {
  /** Unique in the environment: the tier's name, `<tier>-zone<zone>`, `<tier>-balancer` or `reverse-proxy`. */
  name: string;
  instances: number;
  /** Availability zones over which Azure spreads the machines; empty where the region has none. */
  zones: string[];
}

/** The machines of one kind that do the same: those of a tier, the balancers of one, or the reverse proxies. */
export interface MachineGroup {
  /** Unique in the environment: the tier's name, `<tier>-balancer` or `reverse-proxy`. */
  name: string;
  /** Kind of server; its playbook is `playbooks/<kind>.yml`. */
  kind: string;
  /** Tier that the machines serve; for a balancer the tier that it balances. */
  tier: string;
  /** Path of its settings, for example `platform:environment.tiers.front`. */
  path: string;
  /** Name of the subnet in which the machines stand. */
  subnetName: string;
  /** Number of machines in all scale sets. */
  instances: number;
  /** Azure's size of each machine, for example `Standard_B2als_v2`. */
  size: string;
  /** Virtual processors of each machine. */
  processors: number;
  /** Azure: `enableAcceleratedNetworking` of the network interfaces. */
  acceleratedNetworking?: boolean | undefined;
  /** Secure Boot and a virtual TPM; fixed for a scale set that exists. Azure: `securityProfile.securityType`. */
  trustedLaunch: boolean;
  /** Azure: `securityProfile.encryptionAtHost`. */
  encryptionAtHost: boolean;
  repair: Repair;
  autoscale?: Autoscale;
  /** With references resolved. */
  applications: Application[];
  /** The package of the kind's program, where the stack file says more of it than the kind. */
  packages?: Packages;
  /** Secrets, or fields of secrets (`name.field`), by the names under which the roles of the kind find them. */
  secrets: Record<string, string>;
  /** At least one; several where each has a zone of its own. */
  scaleSets: PlannedScaleSet[];
}

type Machines = Pick<Tier, "instances" | "size" | "acceleratedNetworking" | "repair"> & Partial<Tier>;

/** The group that an environment plans from a tier, or from what it says of its balancers or reverse proxies. */
export function planMachineGroup(
  identity: Pick<MachineGroup, "name" | "kind" | "tier" | "path" | "subnetName">,
  machines: Machines,
  environment: Environment,
): MachineGroup {
  const { name } = identity;
  const { zones } = environment;
  return {
    ...identity,
    instances: machines.instances,
    size: machines.size,
    processors: processorsOf(machines.size),
    acceleratedNetworking: machines.acceleratedNetworking,
    trustedLaunch: machines.trustedLaunch ?? environment.trustedLaunch,
    encryptionAtHost: machines.encryptionAtHost ?? environment.encryptionAtHost,
    repair: machines.repair,
    ...(machines.autoscale ? { autoscale: machines.autoscale } : {}),
    applications: machines.applications ?? [],
    ...(machines.packages ? { packages: machines.packages } : {}),
    secrets: machines.secrets ?? {},
    scaleSets: machines.scaleSetPerZone
      ? planZones(name, machines.instances, zones)
      : [{ name, instances: machines.instances, zones }],
  };
}

/** Names in the vault of the secrets that a group's roles and applications need, each once, sorted. */
export function secretNames({ secrets, applications }: MachineGroup): string[] {
  const references = [secrets, ...applications.map((application) => application.secrets)].flatMap(
    Object.values<string>,
  );
  return [...new Set(references.map((reference) => parseReference(reference).name))].sort();
}

/** One scale set for each zone; the first ones have a machine more where the zones do not divide their number. */
function planZones(name: string, instances: number, zones: string[]): PlannedScaleSet[] {
  return zones
    .map((zone, index) => ({
      name: `${name}-zone${zone}`,
      instances: Math.floor(instances / zones.length) + (index < instances % zones.length ? 1 : 0),
      zones: [zone],
    }))
    .filter((scaleSet) => scaleSet.instances > 0);
}
