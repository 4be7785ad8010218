/** What a rule is, and how it becomes a policy of Pulumi. */
import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { plain, type Properties } from "./values.ts";
import { waiverFor, type Waiver } from "./waivers.ts";

interface Described {
  /** Name of the policy, by which waivers name it. */
  name: string;
  /** What is asked, in one sentence. */
  asks: string;
  /** What others call it: rules of PSRule (`Azure...`), Checkov (`CKV...`) and Trivy (`AZU-...`). */
  ids: readonly string[];
  /** Only told: the run goes on. */
  advisory?: true;
}

/** A rule about resources by themselves. */
export interface Rule extends Described {
  /** Types of resources that it is about. */
  types: readonly string[] | "all";
  /** What is wrong; nothing where all is right, or not known yet. */
  check: (resource: Resource) => string[];
}

/** A rule about resources together. */
export interface StackRule extends Described {
  checkStack: (resources: readonly StackResource[]) => Finding[];
}

export interface Finding {
  message: string;
  /** The resource of which it is; undefined where it is of the stack. */
  of?: Resource | undefined;
}

/** A resource as rules see it. */
export interface Resource {
  /** Without a version: `azure-native:network:Subnet`. */
  type: string;
  /** Name in the program. */
  name: string;
  urn: string;
  stack: string;
  /** Types of the components that it is part of, from the outermost on. */
  components: readonly string[];
  /** Inputs; in a rule about a stack what the provider says of the resource. */
  inputs: Properties;
  protect: boolean;
}

export interface StackResource extends Resource {
  /** URNs of the resources of whose outputs an input is made. */
  madeOf: (input: string) => string[];
}

/** Type of a component of the program. */
export const component = (name: string) => `platform:components:${name}`;

/** `azure-native:network/v20250101:Subnet` is a subnet, too. */
const withoutVersion = (type: string) => type.replace(/\/v\d{8}(preview)?:/, ":");

function resourceOf({ type, name, urn, opts, props }: ResourceValidationArgs | PolicyResource): Resource {
  const [beginning = "", , qualified = ""] = urn.split("::");
  return {
    type: withoutVersion(type),
    name,
    urn,
    stack: beginning.slice("urn:pulumi:".length),
    components: qualified.split("$").slice(0, -1),
    inputs: plain(props) as Properties,
    protect: opts.protect,
  };
}

/** The policy of a rule. What is waived is not told; a waiver that has expired waives nothing. */
export function policyOf(
  rule: Rule | StackRule,
  waivers: readonly Waiver[],
  day: string,
): ResourceValidationPolicy | StackValidationPolicy {
  const described = {
    name: rule.name,
    description: rule.ids.length > 0 ? `${rule.asks} (${rule.ids.join(", ")})` : rule.asks,
    ...(rule.advisory ? { enforcementLevel: "advisory" as const } : {}),
  };
  const isWaived = (resource: Resource | undefined) =>
    resource !== undefined && waiverFor(waivers, rule.name, resource, day) !== undefined;
  if ("checkStack" in rule) {
    return {
      ...described,
      validateStack: ({ resources }, report) => {
        for (const { message, of } of rule.checkStack(resources.map(stackResourceOf))) {
          if (!isWaived(of)) report(message, of?.urn);
        }
      },
    };
  }
  return {
    ...described,
    validateResource: (args, report) => {
      if (rule.types !== "all" && !rule.types.includes(withoutVersion(args.type))) return;
      const resource = resourceOf(args);
      if (!isWaived(resource)) rule.check(resource).forEach((message) => report(message));
    },
  };
}

function stackResourceOf(given: PolicyResource): StackResource {
  return { ...resourceOf(given), madeOf: (input) => (given.propertyDependencies[input] ?? []).map(({ urn }) => urn) };
}
