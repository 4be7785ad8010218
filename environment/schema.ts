/** What a stack file may say. The descriptions are published as JSON Schema; editors show them. */
import { z } from "zod";
import { refusedByAzure, systemAccounts } from "./accounts.ts";
import { contains, infrastructure, machinesInSubnet, overlaps, parseCidr, tierSubnetIndices } from "./address.ts";
import { machinePorts } from "./flows.ts";
import { dnsNamePattern, longestDnsName, parseUpstream, upstreamPattern } from "./hostNames.ts";
import { isAdministratorKey } from "./sshKey.ts";

const dnsName = z
  .string()
  .max(longestDnsName)
  .regex(dnsNamePattern, {
    error:
      "a DNS name in lower case with at least one dot, whose last part begins with a letter, " +
      "for example www.dev.chatbot.example",
  });

/** For editors. What is checked otherwise does not get into the JSON Schema by itself. */
const unique = { uniqueItems: true };

const tierNameText =
  "a tier's name: lower-case letters, digits and single hyphens, starting with a letter, " + "at most 24 characters";
const tierName = z
  .string()
  .max(24, { error: tierNameText })
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, { error: tierNameText });

function wholeNumber(lowest: number, highest: number) {
  const error = `a whole number from ${lowest} to ${highest}`;
  return z.int({ error }).min(lowest, { error }).max(highest, { error });
}

const portText = `a whole number from 1 to 65534 other than ${machinePorts.join(", ")}, on which machines listen themselves`;
/** Azure's load balancers take no 65535. */
const port = z
  .int({ error: portText })
  .min(1, { error: portText })
  .max(65534, { error: portText })
  .refine((value) => !machinePorts.includes(value), { error: portText });

const size = z
  .string()
  .regex(/^Standard_[A-Za-z0-9_]+$/, { error: "a size of Azure virtual machines, for example Standard_B2s" })
  .default("Standard_B2s")
  .describe("Size of each machine");

const instances = wholeNumber(1, machinesInSubnet).describe("Number of machines, kept constant by repairs");

const repair = z
  .strictObject({
    gracePeriod: z
      .string()
      .regex(/^PT([1-8]\d|90)M$/, { error: "10 to 90 whole minutes, PT10M to PT90M" })
      .default("PT10M")
      .describe("How long a machine that was made or changed may be unhealthy before it is repaired, PT10M to PT90M"),
    action: z
      .enum(["Replace", "Restart", "Reimage"])
      .default("Replace")
      .describe("Replace: a new machine with a new address; Restart: keeps all; Reimage: a new disk"),
  })
  .describe("Automatic repair of machines whose health endpoint says unhealthy");

const applicationNameText =
  "an application's name, also that of its account: lower-case letters, digits and single " +
  "hyphens, starting with a letter, at most 32 characters";

const application = z
  .strictObject({
    name: z
      .string()
      .max(32, { error: applicationNameText, abort: true })
      .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, { error: applicationNameText }),
    repository: z
      .string()
      .regex(/^https:\/\/[^\s@]+$/, {
        error:
          "a Git repository by https:// that machines may read without a login, for example https://git.chatbot.example/front.git",
      })
      .describe(
        "Git repository that machines may read without a login, by https://: new ones fetch their first release from it",
      ),
    revision: z
      .string()
      .regex(/^[^-\s]\S*$/, {
        error:
          "a branch, tag or commit: no spaces, and no hyphen at its beginning, which would make it an option of Git",
      })
      .default("main")
      .describe("Branch, tag or commit of the first release"),
    port: port.describe("Port on which the application listens"),
    environment: z
      .record(
        z
          .string()
          .regex(/^[A-Z_][A-Z0-9_]*$/, {
            error: "the name of an environment variable: capital letters, digits and underscores",
          }),
        z.string(),
      )
      .default({})
      .describe("Environment variables of the application; no secrets"),
  })
  .describe("An application deployed to every machine of the tier");

const autoscale = z
  .strictObject({
    minimum: wholeNumber(1, machinesInSubnet),
    maximum: wholeNumber(1, machinesInSubnet),
    scaleOutAbove: wholeNumber(2, 99).default(70).describe("Average CPU in percent above which a machine is added"),
    scaleInBelow: wholeNumber(1, 98).default(30).describe("Average CPU in percent below which one is removed"),
  })
  .describe("Adds and removes machines by CPU; `instances` is then the number at the beginning");

/** Names of the secrets that a tier can ask for; each is a configuration key of its own. */
export const secretNames = ["databasePassword"] as const;
export type SecretName = (typeof secretNames)[number];

/** One kind of server. */
export const tierSchema = z
  .strictObject({
    subnet: wholeNumber(tierSubnetIndices.first, tierSubnetIndices.last).describe(
      "Third number of the tier's /24. Fixed: changing it builds the tier anew",
    ),
    instances,
    size: size.optional(),
    port: port.optional().describe("Port of the service. Without one the tier has no load balancer"),
    balance: z
      .enum(["hash", "connections", "cpu"])
      .optional()
      .describe("hash (default): Azure's 5-tuple hash; connections: fewest active connections; cpu: most idle server"),
    reaches: z
      .array(z.string())
      .default([])
      .meta({ description: "Tiers whose port this tier may call; all else is denied", ...unique }),
    repair: repair.optional(),
    autoscale: autoscale.optional(),
    applications: z.array(application).default([]),
    secrets: z
      .array(z.enum(secretNames))
      .default([])
      .meta({ description: "Secrets that the tier's machines receive", ...unique }),
  })
  .describe("One kind of server: its subnet, machines, load balancer and applications");

const route = z
  .strictObject({
    host: dnsName.describe("Host name that clients ask for"),
    tier: z.string().optional().describe("Tier that answers"),
    upstream: z
      .string()
      .refine((value) => parseUpstream(value) !== undefined, {
        error:
          "http://address:port with an IPv4 address or a DNS name with a dot, and a port from 1 to 65535 or none, " +
          "for example http://198.51.100.20:8080",
      })
      .optional()
      .meta({
        description: "Address of a service that has not been migrated yet, http://address:port",
        pattern: upstreamPattern.source,
      }),
  })
  .meta({
    description: "A host name and what answers it: either a tier or an upstream",
    oneOf: [{ required: ["tier"] }, { required: ["upstream"] }],
  });

const machines = { instances: instances.default(2), size: size.optional(), repair: repair.optional() };

/** One environment: the value of `platform:environment`. */
export const environmentSchema = z.strictObject({
  name: z.enum(["development", "production", "tools"]).describe("Which environment it is; also an Ansible group"),
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
  protect: z.boolean().default(false).describe("Refuse to delete the public address and the public DNS zone"),
  zones: z
    .array(z.enum(["1", "2", "3"]))
    .refine((zones) => new Set(zones).size === zones.length, { error: "each zone once" })
    .default(["1", "2", "3"])
    .meta({
      description: "Availability zones over which machines are spread; empty where a region has none",
      ...unique,
    }),
  tiers: z.record(tierName, tierSchema).describe("The kinds of servers, by name"),
  balancers: z
    .strictObject(machines)
    .default({ instances: 2 })
    .describe("The HAProxy machines in front of each tier whose balance is connections or cpu"),
  reverseProxy: z
    .strictObject({ ...machines, routes: z.array(route).default([]) })
    .describe("The only way in: nginx machines behind the one public address"),
});

/** An environment as the stack file says it, defaults filled in. */
export type Environment = z.output<typeof environmentSchema>;
export type Tier = z.output<typeof tierSchema>;
export type Balance = NonNullable<Tier["balance"]>;
export type Application = z.output<typeof application>;
export type Autoscale = z.output<typeof autoscale>;
export type Repair = z.output<typeof repair>;

const sshKeysText =
  "at least one SSH public key; without one nobody can log in. Set it with\n" +
  "      pulumi config set --path 'platform:administrators.sshKeys[0]' \"$(cat ~/.ssh/id_ed25519.pub)\"";
const rangesText =
  "at least one block from which SSH is allowed. Set it with\n" +
  "      pulumi config set --path 'platform:administrators.ranges[0]' 198.51.100.7/32";

/** The value of `platform:administrators`. */
export const administratorsSchema = z.strictObject({
  ranges: z
    .array(
      z
        .string()
        .refine((value) => (parseCidr(value)?.prefix ?? 0) >= 8, {
          error:
            "an IPv4 block of at most 2^24 addresses (/8 to /32) without bits after its prefix, " +
            "for example 198.51.100.0/24 or 198.51.100.7/32",
        }),
      { error: rangesText },
    )
    .min(1, { error: rangesText })
    .refine(
      (blocks) => blocks.every((block, index) => !blocks.slice(0, index).some((other) => overlaps(block, other))),
      { error: "blocks that do not overlap; Azure refuses those in one rule" },
    )
    .describe("Blocks from which SSH to the jump host is allowed"),
  sshKeys: z
    .array(
      z
        .string()
        .refine(isAdministratorKey, {
          error:
            "an SSH public key that Azure takes, on one line: ssh-ed25519, or ssh-rsa of 2048 bits or more; no ECDSA",
        }),
      { error: sshKeysText },
    )
    .min(1, { error: sshKeysText })
    .describe("SSH public keys of the administrators, one line each"),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "a Linux user name in lower case", abort: true })
    .refine((value) => !refusedByAzure.includes(value), {
      error: `a user name that Azure accepts: other than ${refusedByAzure.join(", ")}`,
      abort: true,
    })
    .refine((value) => !systemAccounts.includes(value), {
      error: `a user name that Debian does not use: other than ${systemAccounts.join(", ")}`,
    })
    .default("platform")
    .describe("Login on every machine"),
  identityFile: z
    .string()
    .min(1)
    .optional()
    .describe("Private key file on the machine that runs pulumi; default: its SSH agent and ~/.ssh/id_*"),
});

export type Administrators = z.output<typeof administratorsSchema>;
