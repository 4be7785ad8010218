/** What a stack file may say of an environment. The descriptions are published as JSON Schema; editors show them. */
import { z } from "zod";
import { contains, infrastructure, parseCidr } from "./address.ts";
import { dnsSchema } from "./dnsSchema.ts";
import { dnsName, environmentName, machineFields, unique } from "./fields.ts";
import { peerSchema } from "./peerSchema.ts";
import { reverseProxySchema } from "./reverseProxySchema.ts";
import { storageSchema, vaultSchema } from "./stores.ts";
import { tierName, tierSchema } from "./tierSchema.ts";

const imageVersionPattern = /^(latest|0\.\d{8}\.\d+)$/;

const machines = { ...machineFields, instances: machineFields.instances.default(2) };

/** One environment: the value of `platform:environment`. */
export const environmentSchema = z.strictObject({
  name: environmentName.describe(
    "Name of the environment, for example production; also its Ansible group and a tag of its resources",
  ),
  network: z
    .string()
    .refine((value) => parseCidr(value)?.prefix === 16 && contains(infrastructure, value), {
      error: `a /16 inside ${infrastructure}, for example 10.20.0.0/16`,
    })
    .meta({
      description: `Address space of the environment, a /16 inside ${infrastructure}`,
      pattern: "^10\\.\\d+\\.0\\.0/16$",
    }),
  domain: dnsName.describe("Public domain of the environment"),
  privateDomain: dnsName.describe("Private domain, resolved inside the network only"),
  publicZone: z.boolean().default(true).describe("Create the public DNS zone of `domain` and the hosts' records in it"),
  protect: z
    .boolean()
    .default(false)
    .describe(
      "Refuse to delete anything: `pulumi destroy` is refused as a whole, and so is an `up` that takes a tier away. To " +
        "delete on purpose set it to false, run `pulumi up`, and then delete",
    ),
  imageVersion: z
    .string()
    .regex(imageVersionPattern, {
      error: "a version 0.YYYYMMDD.N of the image, for example 0.20260909.2596, or latest",
    })
    .default("0.20260909.2596")
    .describe(
      "Version of the image Debian:debian-13:13-gen2 from which machines are born, 0.YYYYMMDD.N. With `latest` a " +
        "repair may bring a machine that differs from those beside it, and no preview shows it",
    ),
  trustedLaunch: z
    .boolean()
    .default(true)
    .describe(
      "Machines with Secure Boot and a virtual TPM. Fixed after creation: an environment made by release 0.2.0 or " +
        "before has none, and needs false",
    ),
  encryptionAtHost: z
    .boolean()
    .default(false)
    .describe(
      "Encrypt disks on the machine's host too. Needs the feature Microsoft.Compute/EncryptionAtHost in the " +
        "subscription, and sizes that have it; for machines to come",
    ),
  zones: z
    .array(z.enum(["1", "2", "3"]))
    .refine((zones) => new Set(zones).size === zones.length, { error: "each zone once" })
    .default(["1", "2", "3"])
    .meta({
      description:
        "Availability zones over which machines are spread; empty where a region has none. Fixed after creation: " +
        "those of public addresses and of load balancers cannot be changed",
      ...unique,
    }),
  vault: vaultSchema.prefault({}),
  storage: storageSchema.prefault({}),
  tiers: z.record(tierName, tierSchema).describe("The tiers, by name"),
  balancers: z
    .strictObject(machines)
    .prefault({})
    .describe("The HAProxy machines in front of each tier whose balance is connections or cpu"),
  reverseProxy: reverseProxySchema,
  peers: z
    .record(environmentName, peerSchema)
    .default({})
    .describe("Other environments of the project with which traffic passes, by their names"),
  dns: dnsSchema.prefault({}),
});

/** An environment as the stack file says it, defaults filled in. */
export type Environment = z.output<typeof environmentSchema>;

/** Keys that stack files had before: where, and their names today. */
export const renamedKeys = [
  { path: /^platform:environment\.tiers\.[^.]+\.subnet$/, name: "subnetIndex" },
  { path: /^platform:environment\.reverseProxy\.routes\[\d+\]\.upstream$/, name: "legacy" },
  {
    path: /^platform:administrators\.authority$/,
    name: "authorities.deploy and authorities.administrator, a list of keys each",
  },
];
