/**
 * Checks between the parts of an environment: what a schema of single values cannot see. They look at what the schema
 * accepted piece by piece, so that a mistake in one place does not hide those in another.
 */
import { show, type Mistake } from "./mistakes.ts";
import { tierSchema, type SecretName } from "./schema.ts";

/** What is known besides the stack file. */
export interface Surroundings {
  /** Kinds for which `ansible/playbooks/<kind>.yml` exists. */
  playbooks: readonly string[];
  /** Secrets that are set in the stack's configuration. */
  secrets: readonly SecretName[];
}

/** A tier of which only those fields are known that are valid. */
type PartialTier = Partial<{ [Field in keyof typeof tierSchema.shape]: unknown }> & {
  name: string;
  path: string;
  /** A port is given, be it valid or not. */
  hasPort: boolean;
};

/** Names that mean something else as an Ansible group, a subnet or a machine. */
const reserved = ["all", "ungrouped", "localhost", "balancer", "reverse-proxy", "development", "production", "tools"];

const root = "platform:environment";

/** Every mistake between the parts of the environment. `value` may be anything. */
export function checkConsistency(value: unknown, surroundings: Surroundings): Mistake[] {
  const environment = asObject(value);
  const tiers = Object.entries(asObject(environment["tiers"])).map(([name, tier]) => validFields(name, tier));
  const names = tiers.map((tier) => tier.name);
  return [
    ...tiers.flatMap((tier) => checkTier(tier, tiers, names)),
    ...checkSubnets(tiers),
    ...checkRoutes(asArray(asObject(environment["reverseProxy"])["routes"]), tiers),
    ...checkPlaybooks(tiers, surroundings.playbooks),
    ...checkSecrets(tiers, surroundings.secrets),
    ...checkDomains(environment),
  ];
}

function asObject(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value as Record<string, unknown> : {};
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function validFields(name: string, value: unknown): PartialTier {
  const fields = Object.entries(tierSchema.shape).map(([field, schema]) => {
    const parsed = schema.safeParse(asObject(value)[field]);
    return [field, parsed.success ? parsed.data : undefined] as const;
  });
  const hasPort = asObject(value)["port"] !== undefined;
  return { ...Object.fromEntries(fields), name, hasPort, path: `${root}.tiers.${name}` };
}

function checkTier(tier: PartialTier, tiers: PartialTier[], names: string[]): Mistake[] {
  const mistakes: Mistake[] = [];
  const wrong = (field: string, given: unknown, allowed: string) =>
    mistakes.push({ path: field === "" ? tier.path : `${tier.path}.${field}`, given: show(given), allowed });

  if (reserved.includes(tier.name)) wrong("", tier.name, `a name other than ${reserved.join(", ")}`);
  if (tier.balance !== undefined && !tier.hasPort) {
    wrong("balance", tier.balance, "a balance only beside a port; set `port`, or leave `balance` out");
  }
  asArray(tier.reaches).forEach((reached, index) => {
    const target = tiers.find((other) => other.name === reached);
    if (!target) {
      wrong(`reaches[${index}]`, reached, `a tier of this environment: ${names.join(", ")}`);
    } else if (!target.hasPort) {
      wrong(`reaches[${index}]`, reached, "a tier that has a port");
    }
  });
  checkAutoscale(tier, wrong);
  checkApplications(tier, wrong);
  return mistakes;
}

type Wrong = (field: string, given: unknown, allowed: string) => void;

function checkAutoscale(tier: PartialTier, wrong: Wrong): void {
  const { autoscale, instances } = tier as { autoscale?: Record<string, number>; instances?: number };
  if (!autoscale) return;
  const { minimum = 0, maximum = 0, scaleOutAbove = 0, scaleInBelow = 0 } = autoscale;
  if (minimum > maximum) wrong("autoscale.minimum", minimum, `at most the maximum, ${maximum}`);
  if (instances !== undefined && (instances < minimum || instances > maximum)) {
    wrong("instances", instances, `between autoscale's minimum and maximum, ${minimum} to ${maximum}`);
  }
  // Closer together, the machine that is removed pushes the others over the upper limit again.
  if (scaleInBelow > scaleOutAbove / 2) {
    wrong("autoscale.scaleInBelow", scaleInBelow, `at most half of scaleOutAbove, ${Math.floor(scaleOutAbove / 2)}`);
  }
}

function checkApplications(tier: PartialTier, wrong: Wrong): void {
  const applications = asArray(tier.applications) as { name: string; port: number }[];
  applications.forEach((application, index) => {
    for (const field of ["name", "port"] as const) {
      const first = applications.findIndex((other) => other[field] === application[field]);
      if (first < index) {
        wrong(`applications[${index}].${field}`, application[field],
          `a ${field} of its own; applications[${first}] has it already`);
      }
    }
  });
  if (applications.length > 0 && tier.port !== undefined && !applications.some(({ port }) => port === tier.port)) {
    const ports = applications.map(({ port }) => port).join(", ");
    wrong("port", tier.port, `the port of one of the tier's applications: ${ports}`);
  }
}

function checkSubnets(tiers: PartialTier[]): Mistake[] {
  return tiers.flatMap((tier, index) => {
    const first = tiers.findIndex((other) => other.subnet !== undefined && other.subnet === tier.subnet);
    return first < 0 || first >= index ? [] : [{
      path: `${tier.path}.subnet`, given: show(tier.subnet),
      allowed: `a subnet of its own; tier ${tiers[first]?.name} has it already`,
    }];
  });
}

function checkRoutes(routes: unknown[], tiers: PartialTier[]): Mistake[] {
  const mistakes: Mistake[] = [];
  const hosts = routes.map((route) => asObject(route)["host"]);
  routes.map(asObject).forEach((route, index) => {
    const path = `${root}.reverseProxy.routes[${index}]`;
    const { host, tier, upstream } = route;
    const first = hosts.indexOf(host);
    if (host !== undefined && first < index) {
      mistakes.push({ path: `${path}.host`, given: show(host),
        allowed: `one route for each host; routes[${first}] has it already` });
    }
    if ((tier === undefined) === (upstream === undefined)) {
      mistakes.push({ path, given: show(route), allowed: "either a tier or an upstream" });
    }
    const target = tiers.find(({ name }) => name === tier);
    if (typeof tier === "string" && !target?.hasPort) {
      mistakes.push({ path: `${path}.tier`, given: show(tier), allowed: target
        ? "a tier that has a port" : `a tier of this environment: ${tiers.map(({ name }) => name).join(", ")}` });
    }
  });
  return mistakes;
}

function checkPlaybooks(tiers: PartialTier[], playbooks: readonly string[]): Mistake[] {
  const missing = (path: string, kind: string): Mistake[] => playbooks.includes(kind) ? [] : [{
    path, given: kind, allowed: `a kind of server with a playbook: ${playbooks.join(", ") || "(none found)"}; ` +
      `write ansible/playbooks/${kind}.yml`,
  }];
  const balanced = tiers.find(({ balance }) => balance === "connections" || balance === "cpu");
  return [
    ...tiers.filter(({ name }) => !reserved.includes(name)).flatMap((tier) => missing(tier.path, tier.name)),
    ...missing(`${root}.reverseProxy`, "reverse-proxy"),
    ...(balanced ? missing(`${balanced.path}.balance`, "balancer") : []),
  ];
}

function checkSecrets(tiers: PartialTier[], known: readonly SecretName[]): Mistake[] {
  const wanted = new Map<SecretName, string>();
  for (const tier of tiers) {
    for (const secret of asArray(tier.secrets) as SecretName[]) {
      if (!wanted.has(secret)) wanted.set(secret, tier.name);
    }
  }
  return [...wanted].filter(([secret]) => !known.includes(secret)).map(([secret, tier]) => ({
    path: `platform:${secret}`, given: "(nothing)",
    allowed: `a secret, since tier ${tier} asks for it. Set it with\n` +
      `      pulumi config set --secret platform:${secret}`,
  }));
}

function checkDomains({ domain, privateDomain }: Record<string, unknown>): Mistake[] {
  return domain === undefined || domain !== privateDomain ? [] : [{
    path: `${root}.privateDomain`, given: show(privateDomain),
    allowed: "a domain other than the public one; machines would no longer find the public hosts",
  }];
}
