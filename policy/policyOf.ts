/** How a rule becomes a policy of Pulumi. */
import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import type { Resource, Rule, StackResource, StackRule } from "./rule.ts";
import { plain, type Properties } from "./values.ts";
import { waiverFor, type Waiver } from "./waivers.ts";

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
  return {
    ...resourceOf(given),
    parent: given.parent?.urn,
    madeOf: (input) => (given.propertyDependencies[input] ?? []).map(({ urn }) => urn),
  };
}
