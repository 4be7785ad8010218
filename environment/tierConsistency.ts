/** Checks between the fields of one tier, and of what it says about other tiers. */
import { systemAccounts } from "./accounts.ts";
import { show, type Mistake } from "./mistakes.ts";
import { allowedInsteadOf } from "./groupNames.ts";
import { propertyNames, referencesIn } from "./references.ts";
import { tierSchema, type Application } from "./tierSchema.ts";
import { asArray, asObject } from "./untyped.ts";

/** A tier of which only those fields are known that are valid. */
export type PartialTier = Partial<{ [Field in keyof typeof tierSchema.shape]: unknown }> & {
  name: string;
  path: string;
  /** A port is given, be it valid or not. */
  hasPort: boolean;
};

type Wrong = (field: string, given: unknown, allowed: string) => void;

/** The valid fields of a tier. */
export function validFields(path: string, name: string, value: unknown): PartialTier {
  const fields = Object.entries(tierSchema.shape).map(([field, schema]) => {
    const parsed = schema.safeParse(asObject(value)[field]);
    return [field, parsed.success ? parsed.data : undefined] as const;
  });
  const hasPort = asObject(value)["port"] !== undefined;
  return { ...Object.fromEntries(fields), name, hasPort, path };
}

/**
 * Every mistake of a tier.
 *
 * @param tiers All tiers of the environment.
 * @param user The administrators' user, who has an account on every machine.
 */
export function checkTier(tier: PartialTier, tiers: PartialTier[], user: string | undefined): Mistake[] {
  const mistakes: Mistake[] = [];
  const wrong = (field: string, given: unknown, allowed: string) =>
    mistakes.push({ path: field === "" ? tier.path : `${tier.path}.${field}`, given: show(given), allowed });

  const allowedName = allowedInsteadOf(tier.name);
  if (allowedName !== undefined) wrong("", tier.name, allowedName);
  if (tier.balance !== undefined && !tier.hasPort) {
    wrong("balance", tier.balance, "a balance only beside a port; set `port`, or leave `balance` out");
  }
  if (tier.concurrency !== undefined && !tier.hasPort) {
    wrong("concurrency", tier.concurrency, "a concurrency only beside a port; set `port`, or leave `concurrency` out");
  }
  checkAdditionalPorts(tier, wrong);
  checkReaches(tier, tiers, wrong);
  checkAutoscale(tier, wrong);
  checkApplications(tier, user, wrong);
  checkReferences(tier, tiers, wrong);
  return mistakes;
}

function checkTwice(field: string, values: unknown[], wrong: Wrong): void {
  values.forEach((value, index) => {
    const first = values.indexOf(value);
    if (first < index) wrong(`${field}[${index}]`, value, `each of them once; ${field}[${first}] has it already`);
  });
}

function checkAdditionalPorts(tier: PartialTier, wrong: Wrong): void {
  const additional = asArray(tier.additionalPorts);
  if (additional.length > 0 && !tier.hasPort) {
    wrong("additionalPorts", additional, "additional ports only beside a port; set `port`, or leave them out");
  }
  checkTwice("additionalPorts", additional, wrong);
  additional.forEach((given, index) => {
    const application = (asArray(tier.applications) as Application[]).find(({ port }) => port === given);
    if (given === tier.port) {
      wrong(`additionalPorts[${index}]`, given, "a port other than the tier's `port`, which is served anyway");
    } else if (application) {
      wrong(
        `additionalPorts[${index}]`,
        given,
        `a port on which none of the tier's applications listens; ${application.name} has it already`,
      );
    }
  });
}

function checkReaches(tier: PartialTier, tiers: PartialTier[], wrong: Wrong): void {
  const reaches = asArray(tier.reaches);
  checkTwice("reaches", reaches, wrong);
  reaches.forEach((reached, index) => {
    const target = tiers.find((other) => other.name === reached);
    if (!target) {
      wrong(`reaches[${index}]`, reached, `a tier of this environment: ${tiers.map(({ name }) => name).join(", ")}`);
    } else if (target === tier) {
      // https://learn.microsoft.com/azure/load-balancer/components#limitations
      wrong(`reaches[${index}]`, reached, "another tier; Azure does not pass a machine's call on to itself");
    } else if (!target.hasPort) {
      wrong(`reaches[${index}]`, reached, "a tier that has a port");
    }
  });
}

function checkAutoscale(tier: PartialTier, wrong: Wrong): void {
  const { autoscale, instances, scaleSetPerZone } = tier as {
    autoscale?: Record<string, number>;
    instances?: number;
    scaleSetPerZone?: boolean;
  };
  if (!autoscale) return;
  if (scaleSetPerZone)
    wrong("scaleSetPerZone", true, "false beside autoscale, which counts the machines of one scale set");
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

function checkApplications(tier: PartialTier, user: string | undefined, wrong: Wrong): void {
  const applications = asArray(tier.applications) as Application[];
  const accounts = user === undefined ? systemAccounts : [user, ...systemAccounts];
  applications.forEach((application, index) => {
    for (const field of ["name", "port"] as const) {
      const first = applications.findIndex((other) => other[field] === application[field]);
      if (first < index) {
        wrong(
          `applications[${index}].${field}`,
          application[field],
          `a ${field} of its own; applications[${first}] has it already`,
        );
      }
    }
    if (accounts.includes(application.name)) {
      wrong(
        `applications[${index}].name`,
        application.name,
        `a name that no account of a machine has: other than ${accounts.join(", ")}`,
      );
    }
    for (const [variable, secret] of Object.entries(application.secrets)) {
      if (variable in application.environment) {
        wrong(`applications[${index}].secrets.${variable}`, secret, "a variable that `environment` does not set too");
      }
    }
  });
  if (applications.length > 0 && tier.port !== undefined && !applications.some(({ port }) => port === tier.port)) {
    const ports = applications.map(({ port }) => port).join(", ");
    wrong("port", tier.port, `the port of one of the tier's applications: ${ports}`);
  }
}

/** Variables of applications name tiers that the application may call. */
function checkReferences(tier: PartialTier, tiers: PartialTier[], wrong: Wrong): void {
  (asArray(tier.applications) as Application[]).forEach(({ environment }, index) => {
    for (const [variable, value] of Object.entries(environment)) {
      for (const reference of referencesIn(value)) {
        const allowed = allowedReference(reference, tier, tiers);
        if (allowed !== undefined) wrong(`applications[${index}].environment.${variable}`, value, allowed);
      }
    }
  });
}

function allowedReference(
  { text, tier: name, property }: ReturnType<typeof referencesIn>[number],
  tier: PartialTier,
  tiers: PartialTier[],
): string | undefined {
  if (name === undefined || property === undefined) {
    return `\${tier.property} with a tier and one of ${propertyNames} in the place of ${text}; $\${ stands for \${`;
  }
  const target = tiers.find((other) => other.name === name);
  if (!target) {
    return `a tier of this environment in ${text}: ${tiers.map((other) => other.name).join(", ")}`;
  }
  if (!target.hasPort) return `a tier that has a port in ${text}`;
  return asArray(tier.reaches).includes(name) || target === tier
    ? undefined
    : `a tier that this one may call in ${text}; name ${name} in ${tier.path.replace(/^.*\.tiers\./, "tiers.")}.reaches`;
}
