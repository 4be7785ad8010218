/** What a stack file may say of a tier and of its applications. */
import { z } from "zod";
import { machinesInSubnet, tierSubnetIndices } from "./address.ts";
import { machineFields, port, secretReference, unique, wholeNumber, words } from "./fields.ts";
import { outboundSchema } from "./outbound.ts";
import { packagesSchema } from "./packages.ts";

const variableNameText = "the name of an environment variable: capital letters, digits and underscores";
const variableName = z.string().regex(/^[A-Z_][A-Z0-9_]*$/, { error: variableNameText });

const roleSecretText =
  "the name under which roles find the secret: letters and digits, starting with a lower-case letter";

const secretsText =
  "an object: under the name by which roles find a secret the name of the secret, " +
  "for example { login: databaseLogin }";

const application = z
  .strictObject({
    name: words("an application's name, also that of its account", 32),
    repository: z
      .string()
      .regex(/^https:\/\/[^\s@]+$/, {
        error:
          "a Git repository by https:// that machines may read without a login, " +
          "for example https://git.chatbot.example/front.git",
      })
      .optional()
      .describe(
        "Git repository that machines may read without a login, by https://: new ones fetch their first release from it " +
          "while none is deployed from the storage account. Without it they wait until one is",
      ),
    revision: z
      .string()
      .regex(/^[^-\s]\S*$/, {
        error:
          "a branch, tag or commit: no spaces, and no hyphen at its beginning, which would make it an option of Git",
      })
      .default("main")
      .describe("Branch, tag or commit of the first release from the repository"),
    port: port.describe("Port on which the application listens"),
    environment: z
      .record(variableName, z.string())
      .default({})
      .describe(
        "Environment variables of the application; no secrets. ${back.url}, ${back.host} and ${back.port} tell where " +
          "the tier back serves; $${ stands for ${",
      ),
    secrets: z
      .record(variableName, secretReference)
      .default({})
      .describe(
        "Environment variables whose values are secrets, by the secrets' names; name.field is a field of a secret that " +
          "is a JSON object, for example databaseLogin.user",
      ),
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

/** A tier's name; it becomes part of names of resources, hosts and Ansible groups. */
export const tierName = words("a tier's name", 24);

/** Servers with one purpose. */
export const tierSchema = z
  .strictObject({
    kind: z
      .string()
      .optional()
      .describe("Kind of server: its playbook is ansible/playbooks/<kind>.yml. Default: the tier's name"),
    subnetIndex: wholeNumber(tierSubnetIndices.first, tierSubnetIndices.last).describe(
      "Third number of the tier's /24. Fixed: changing it builds the tier anew",
    ),
    ...machineFields,
    scaleSetPerZone: z
      .boolean()
      .default(false)
      .describe(
        "One scale set in each zone, so that machines are spread over the zones strictly; over one scale set Azure " +
          "spreads them as well as it can. Fixed: changing it builds the machines anew",
      ),
    port: port.optional().describe("Port of the service. Without one the tier has no load balancer"),
    additionalPorts: z
      .array(port)
      .default([])
      .meta({
        description:
          "Further ports at which the tier's load balancer answers; machines pass them on to `port`. They may hold what " +
          "was the port before, for callers that are not of this environment",
        ...unique,
      }),
    balance: z
      .enum(["hash", "connections", "cpu"])
      .optional()
      .describe("hash (default): Azure's 5-tuple hash; connections: fewest active connections; cpu: most idle server"),
    concurrency: wholeNumber(1, 10_000)
      .optional()
      .describe(
        "Requests on which one machine works at the same time; what is more is refused at once, with 503. Default: 64 " +
          "for each processor of `size`",
      ),
    reaches: z
      .array(z.string())
      .default([])
      .meta({ description: "Tiers whose port this tier may call; all else is denied", ...unique }),
    outbound: outboundSchema.optional(),
    autoscale: autoscale.optional(),
    applications: z.array(application).default([]),
    packages: packagesSchema.optional(),
    secrets: z
      .record(z.string().regex(/^[a-z][A-Za-z0-9]*$/, { error: roleSecretText }), secretReference, {
        error: secretsText,
      })
      .default({})
      .describe("Secrets that the roles of this kind need: the name by which they find one, and the secret's name"),
  })
  .describe("Servers with one purpose: their subnet, machines, load balancer and applications");

export type Tier = z.output<typeof tierSchema>;
export type Balance = NonNullable<Tier["balance"]>;
export type Application = z.output<typeof application>;
export type Autoscale = z.output<typeof autoscale>;
