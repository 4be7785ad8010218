/** Values that several parts of a stack file have. */
import { z } from "zod";
import { machinesInSubnet } from "./address.ts";
import { greatestPort, machinePorts } from "./flows.ts";
import { dnsNamePattern, isRouteHost, longestDnsName } from "./hostNames.ts";

/** For editors: a list whose items differ. What is checked otherwise does not get into the JSON Schema by itself. */
export const unique = { uniqueItems: true };

export const dnsName = z
  .string()
  .max(longestDnsName)
  .regex(dnsNamePattern, {
    error:
      "a DNS name in lower case with at least one dot, whose last part begins with a letter, " +
      "for example www.dev.chatbot.example",
  });

const routeHostText =
  "a DNS name in lower case with at least one dot, for example www.dev.chatbot.example, or *. and such a name for all " +
  "names that have one label more";
/** The host of a route. */
export const routeHost = z.string({ error: routeHostText }).refine(isRouteHost, { error: routeHostText });

/** A name of lower-case words with single hyphens between them. */
export function words(what: string, longest: number) {
  const error = `${what}: lower-case letters, digits and single hyphens, starting with a letter, at most ${longest} characters`;
  return z
    .string({ error })
    .max(longest, { error, abort: true })
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, { error });
}

/** An environment's name. */
export const environmentName = words("an environment's name, also that of its Ansible group", 24);

export function wholeNumber(lowest: number, highest: number) {
  const error = `a whole number from ${lowest} to ${highest}`;
  return z.int({ error }).min(lowest, { error }).max(highest, { error });
}

const portText = `a whole number from 1 to ${greatestPort} other than ${machinePorts.join(", ")}, on which machines listen themselves`;
/** A port on which nothing of every machine listens. */
export const port = z
  .int({ error: portText })
  .min(1, { error: portText })
  .max(greatestPort, { error: portText })
  .refine((value) => !machinePorts.includes(value), { error: portText });

const secretText =
  "the name of a secret, or name.field where its value is a JSON object: letters and digits, the name starting with a " +
  "lower-case letter, at most 127 characters, and not that of another setting (environment, administrators, preflight)";
/** A secret by its name in the vault, or a field of its value, which is then a JSON object of strings. */
export const secretReference = z
  .string({ error: secretText })
  .regex(/^(?!(environment|administrators|preflight)(\.|$))[a-z][A-Za-z0-9]{0,126}(\.[A-Za-z0-9]+)?$/, {
    error: secretText,
  });

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
      .describe(
        "Replace: a new machine with a new address; Restart: keeps all; Reimage: a new disk. Fixed while repairs are " +
          "on: `az vmss update --enable-automatic-repairs false` on the scale set, then `pulumi up`, which turns them " +
          "on",
      ),
  })
  .describe("Automatic repair of machines whose health endpoint says unhealthy");

/** Two processors that may burst, 4 GiB: the smallest on which all kinds run. */
const defaultSize = "Standard_B2als_v2";

/** What every group of machines has. */
export const machineFields = {
  instances: wholeNumber(1, machinesInSubnet).describe("Number of machines, kept constant by repairs"),
  size: z
    .string()
    .regex(/^Standard_[A-Za-z0-9_]+$/, { error: `a size of Azure virtual machines, for example ${defaultSize}` })
    .default(defaultSize)
    .describe(
      "Size of each machine. Sizes B of the first version (Standard_B2s) are closed to new subscriptions, and end in " +
        "2028",
    ),
  acceleratedNetworking: z
    .boolean()
    .optional()
    .describe(
      "Network interfaces that reach the host's adapter directly. Default: yes for groups that are made, and as it is " +
        "for those that exist, whose machines Azure may want deallocated before it changes. Azure refuses it for sizes " +
        "without it, which need false",
    ),
  trustedLaunch: z
    .boolean()
    .optional()
    .describe("Instead of the environment's `trustedLaunch`, for these machines. Fixed after creation"),
  encryptionAtHost: z
    .boolean()
    .optional()
    .describe("Instead of the environment's `encryptionAtHost`, for these machines"),
  repair: repair.prefault({}),
};

export type Repair = z.output<typeof repair>;
