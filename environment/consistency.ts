/**
 * Checks between the parts of an environment: what a schema of single values cannot see. They look at what the schema
 * accepted piece by piece, so that a mistake in one place does not hide those in another.
 */
import { machinesInSubnet } from "./address.ts";
import { show, type Mistake } from "./mistakes.ts";
import { accountName, vaultName } from "./names.ts";
import { administratorsSchema } from "./administrators.ts";
import { allowedInsteadOf, allowedInsteadOfEnvironment } from "./groupNames.ts";
import { labelInDomain } from "./hostNames.ts";
import { environmentSchema } from "./schema.ts";
import { checkOutbound } from "./outboundConsistency.ts";
import { checkPeers } from "./peerConsistency.ts";
import { checkRoutes } from "./routeConsistency.ts";
import { retiredSecrets, secretsOf, setInPulumi } from "./secrets.ts";
import { checkSizes } from "./sizeConsistency.ts";
import { checkSiblings, type Sibling } from "./siblings.ts";
import { checkTier, validFields, type PartialTier } from "./tierConsistency.ts";
import { asObject } from "./untyped.ts";

/** What is known besides the stack file. */
export interface Surroundings {
  /** Kinds for which `ansible/playbooks/<kind>.yml` exists, and is imported by `site.yml`. */
  playbooks: readonly string[];
  /** Names under which the roles of a kind ask for secrets, by kind. */
  roleSecrets: ReadonlyMap<string, readonly string[]>;
  /**
   * Secrets that are set in the stack's configuration, by name: the fields of each value, undefined where it is no JSON
   * object of strings.
   */
  secrets: ReadonlyMap<string, readonly string[] | undefined>;
  /** Name of the stack. */
  stack: string;
  /** The project's other stacks. */
  siblings: readonly Sibling[];
  /** Mistakes of files that the stack file names. Default: none. */
  mistakes?: readonly Mistake[];
}

const root = "platform:environment";

/** Every mistake between the parts of the environment, and between it and its administrators. Both may be anything. */
export function checkConsistency(value: unknown, administrators: unknown, surroundings: Surroundings): Mistake[] {
  const environment = asObject(value);
  const tiers = Object.entries(asObject(environment["tiers"])).map(([name, tier]) =>
    validFields(`${root}.tiers.${name}`, name, tier),
  );
  const user = administratorsSchema.shape.user.safeParse(asObject(administrators)["user"]).data;
  return [
    ...tiers.flatMap((tier) => checkTier(tier, tiers, user)),
    ...tiers.flatMap(({ path, outbound }) => checkOutbound(`${path}.outbound`, outbound, environment["network"])),
    ...checkSizes(root, environment),
    ...checkSubnets(tiers),
    ...checkZones(environment["zones"], tiers),
    ...checkBalancers(environment["balancers"], tiers),
    ...checkRoutes(root, environment, tiers, surroundings.siblings),
    ...checkName(environment["name"], tiers, surroundings.playbooks),
    ...checkPlaybooks(tiers, surroundings.playbooks),
    ...tiers.flatMap((tier) => checkRoleSecrets(tier, surroundings.roleSecrets)),
    ...checkSecrets(value, surroundings.secrets),
    ...checkDomains(environment),
    ...checkGlobalNames(environment, surroundings.stack),
    ...checkSiblings(root, environment, surroundings.siblings, surroundings.playbooks),
    ...checkPeers(root, environment, surroundings.siblings),
  ];
}

/** HAProxy stands in front of the tier. */
const isBalanced = ({ balance, hasPort }: PartialTier) => hasPort && (balance === "connections" || balance === "cpu");

function checkSubnets(tiers: PartialTier[]): Mistake[] {
  return tiers.flatMap((tier, index) => {
    const first = tiers.findIndex(({ subnetIndex }) => subnetIndex !== undefined && subnetIndex === tier.subnetIndex);
    return first < 0 || first >= index
      ? []
      : [
          {
            path: `${tier.path}.subnetIndex`,
            given: show(tier.subnetIndex),
            allowed: `a subnet of its own; tier ${tiers[first]?.name} has it already`,
          },
        ];
  });
}

function checkZones(zones: unknown, tiers: PartialTier[]): Mistake[] {
  if (!Array.isArray(zones) || zones.length > 0) return [];
  return tiers
    .filter(({ scaleSetPerZone }) => scaleSetPerZone === true)
    .map(({ path }) => ({
      path: `${path}.scaleSetPerZone`,
      given: "true",
      allowed: "false where the environment has no zones",
    }));
}

/** The balancers of all tiers stand in one subnet. */
function checkBalancers(balancers: unknown, tiers: PartialTier[]): Mistake[] {
  const { instances: schema } = environmentSchema.shape.balancers.unwrap().shape;
  const instances = schema.safeParse(asObject(balancers)["instances"]).data ?? 0;
  const count = tiers.filter(isBalanced).length;
  return instances * count <= machinesInSubnet
    ? []
    : [
        {
          path: `${root}.balancers.instances`,
          given: show(instances),
          allowed:
            `at most ${Math.floor(machinesInSubnet / count)}: ${count} tiers have balancers, and all of them share one ` +
            `subnet with room for ${machinesInSubnet} machines`,
        },
      ];
}

function checkName(name: unknown, tiers: PartialTier[], kinds: readonly string[]): Mistake[] {
  const names = tiers.map((tier) => tier.name);
  const allowed = typeof name === "string" ? allowedInsteadOfEnvironment(name, names, kinds) : undefined;
  return allowed === undefined ? [] : [{ path: `${root}.name`, given: show(name), allowed }];
}

/** Kinds of machines that the program makes by itself. */
const kindsOfNoTier = ["reverse-proxy", "balancer"];

function checkPlaybooks(tiers: PartialTier[], playbooks: readonly string[]): Mistake[] {
  const missing = (path: string, kind: string, kinds = playbooks): Mistake[] =>
    kinds.includes(kind)
      ? []
      : [
          {
            path,
            given: kind,
            allowed:
              `a kind of server with a playbook: ${kinds.join(", ") || "(none found)"}; ` +
              `write ansible/playbooks/${kind}.yml and import it in site.yml`,
          },
        ];
  const kinds = playbooks.filter((kind) => !kindsOfNoTier.includes(kind));
  const balanced = tiers.find(isBalanced);
  return [
    ...tiers
      .filter(({ name }) => allowedInsteadOf(name) === undefined)
      .flatMap(({ path, name, kind = name }) => {
        if (typeof kind !== "string") return [];
        if (name !== kind && playbooks.includes(name)) {
          return [
            {
              path: `${path}.kind`,
              given: show(kind),
              allowed: `the kind ${name} for a tier of this name, since playbooks/${name}.yml is for machines of the group ${name}`,
            },
          ];
        }
        return missing(name === kind ? path : `${path}.kind`, kind, kinds);
      }),
    ...missing(`${root}.reverseProxy`, "reverse-proxy"),
    ...(balanced ? missing(`${balanced.path}.balance`, "balancer") : []),
  ];
}

/** The roles of a kind find the secrets that they ask for. */
function checkRoleSecrets(
  { path, name, kind = name, secrets }: PartialTier,
  asked: Surroundings["roleSecrets"],
): Mistake[] {
  const given = asObject(secrets);
  return (asked.get(String(kind)) ?? [])
    .filter((secret) => secrets !== undefined && !(secret in given))
    .map((secret) => ({
      path: `${path}.secrets.${secret}`,
      given: "(nothing)",
      allowed: `the name of a secret, for which the roles of kind ${String(kind)} ask: ${secret}: ${secret}`,
    }));
}

/** Secrets that Pulumi has: somebody asks for each, and finds the fields that they ask for. */
function checkSecrets(environment: unknown, known: Surroundings["secrets"]): Mistake[] {
  const wanted = secretsOf(environment);
  const unwanted = [...known.keys()]
    .filter((name) => !retiredSecrets.includes(name) && !wanted.some((secret) => secret.name === name))
    .map((name) => ({
      path: `platform:${name}`,
      given: "a value that nobody asks for",
      allowed:
        "the name of a secret that a tier or an application asks for: " +
        `${wanted.map((secret) => secret.name).join(", ") || "(none here)"}. Take it away with\n` +
        `      pulumi config rm platform:${name}`,
    }));
  const unfit = wanted.flatMap((secret) => {
    const { name, fields, wantedBy } = secret;
    const given = known.get(name);
    const missing = fields.filter((field) => !given?.includes(field));
    if (!known.has(name) || missing.length === 0) return [];
    return [
      {
        path: `platform:${name}`,
        given: given ? `a JSON object without ${missing.join(", ")}` : "a value that is no JSON object of strings",
        allowed:
          `a JSON object of strings with ${fields.join(", ")}, for which ${wantedBy} asks. Set it with\n` +
          `      ${setInPulumi(secret)}`,
      },
    ];
  });
  return [...unwanted, ...unfit];
}

/** Names that follow from the stack's, where the stack file gives no others. */
function checkGlobalNames({ domain, vault, storage }: Record<string, unknown>, stack: string): Mistake[] {
  if (typeof domain !== "string") return [];
  const kinds = [
    { field: "vault", value: vault, name: vaultName },
    { field: "storage", value: storage, name: accountName },
  ];
  return kinds.flatMap(({ field, value, name }) => {
    const made = name.default(stack, domain);
    return asObject(value)["name"] !== undefined || name.pattern.test(made)
      ? []
      : [
          {
            path: `${root}.${field}.name`,
            given: `${made} (${made.length} characters), which follows from the name of the stack`,
            allowed: name.allowed,
          },
        ];
  });
}

function checkDomains({ domain, privateDomain }: Record<string, unknown>): Mistake[] {
  if (typeof domain !== "string" || typeof privateDomain !== "string") return [];
  return labelInDomain(domain, privateDomain) === undefined
    ? []
    : [
        {
          path: `${root}.privateDomain`,
          given: show(privateDomain),
          allowed: `a domain that does not contain the public one, ${domain}; machines would no longer find the public hosts`,
        },
      ];
}
