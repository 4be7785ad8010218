/**
 * An ARM template of what Pulumi would make, for scanners that read no Pulumi: Checkov, Trivy, PSRule. Nobody has to be
 * able to deploy it: the resource group is left out, and what is not known yet is a parameter. Pure.
 * https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
 */
import { createHash } from "node:crypto";
import { isUnknown } from "../preview/values.ts";
import { apiVersionOf, armNameOf, isAzureNative, parametersOf, unversioned } from "./armType.ts";
import { bodyOf, type Properties } from "./body.ts";
import type { Planned } from "./preview.ts";

export interface Template {
  $schema: string;
  contentVersion: string;
  parameters: Record<string, { type: "string" | "securestring"; defaultValue?: string }>;
  resources: Properties[];
}

/** Parameter in the place of what only the update will know. */
export const notYetKnown = "notYetKnown";

/** What the engine writes for secrets. */
const secretValue = "[secret]";

const schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
const resourceGroup = "azure-native:resources:ResourceGroup";

/** The template of a stack's resources. Throws where one has a type that is not known here. */
export function templateOf(planned: readonly Planned[]): Template {
  const converted = planned.filter(({ type }) => isAzureNative(type) && unversioned(type) !== resourceGroup);
  const byUrn = new Map(converted.map((each) => [each.urn, each]));
  const parameters: Template["parameters"] = {};
  const resources = converted.map((each) => resourceOf(each, byUrn, parameters));
  return {
    $schema: schema,
    contentVersion: "1.0.0.0",
    parameters: Object.fromEntries(Object.entries(parameters).sort(([a], [b]) => a.localeCompare(b))),
    resources,
  };
}

function resourceOf(
  each: Planned,
  byUrn: ReadonlyMap<string, Planned>,
  parameters: Template["parameters"],
): Properties {
  const { type, urn, inputs, dependencies, madeOf } = each;
  const inId = parametersOf(type);
  const { scope } = inputs;
  const written = Object.fromEntries(
    Object.entries(inputs)
      .filter(([field]) => !inId.includes(field) && field !== "azureApiVersion" && !field.startsWith("__"))
      .map(([field, value]) => [
        field,
        expressed(field, value, referenceOf(madeOf[field], byUrn), nameIn(urn), parameters),
      ]),
  );
  return {
    ...identityOf(each, byUrn),
    apiVersion: apiVersionOf(type),
    ...(inId.includes("scope") ? { scope: expressed("scope", scope, undefined, nameIn(urn), parameters) } : {}),
    ...bodyOf(type, withoutCustomData(written)),
    dependsOn: [...new Set([...dependencies, ...Object.values(madeOf).flat()])]
      .flatMap((on) => byUrn.get(on) ?? [])
      .map((on) => idExpression(identityOf(on, byUrn)))
      .sort(),
  };
}

const nameIn = (urn: string) => urn.split("::").at(-1) ?? urn;

/**
 * Type and full name. Where a parent's name is not known yet, it is the one by which the parent is made; where its own is
 * not, its name in the program.
 */
function identityOf(
  { type, urn, inputs, madeOf }: Planned,
  byUrn: ReadonlyMap<string, Planned>,
): { type: string; name: string } {
  return armNameOf(type, (parameter) => {
    const given = inputs[parameter];
    if (typeof given === "string" && !isUnknown(given)) return given;
    if (parameter === parametersOf(type).at(-1)) return nameIn(urn);
    const parent = madeOf[parameter]?.flatMap((on) => byUrn.get(on) ?? []).at(-1);
    return parent ? (identityOf(parent, byUrn).name.split("/").at(-1) ?? "") : nameIn(urn);
  });
}

/** The expression of a resource's ID. */
function idExpression({ type, name }: { type: string; name: string }): string {
  return `[resourceId(${[type, ...name.split("/")].map((part) => `'${part}'`).join(", ")})]`;
}

/** The ID that an input has where it is made of one resource's outputs. */
function referenceOf(urns: readonly string[] | undefined, byUrn: ReadonlyMap<string, Planned>): string | undefined {
  const [only, ...others] = (urns ?? []).flatMap((urn) => byUrn.get(urn) ?? []);
  return only && others.length === 0 ? idExpression(identityOf(only, byUrn)) : undefined;
}

/** Fields that have an ID. */
const isId = (field: string) => /^id$|ResourceId$|ResourceUri$|^userAssignedIdentities$/.test(field);

/** A value as a template has it: secrets and what is not known yet are parameters, brackets are no expressions. */
function expressed(
  field: string,
  value: unknown,
  reference: string | undefined,
  name: string,
  parameters: Template["parameters"],
): unknown {
  if (Array.isArray(value)) return value.map((item) => expressed(field, item, reference, name, parameters));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([inner, item]) => [inner, expressed(inner, item, reference, name, parameters)]),
    );
  }
  if (typeof value !== "string") return value;
  if (value === secretValue) {
    parameters[name] = { type: "securestring" };
    return `[parameters('${name}')]`;
  }
  if (isUnknown(value)) {
    if (reference !== undefined && isId(field)) return reference;
    parameters[notYetKnown] = { type: "string", defaultValue: "not yet known" };
    return `[parameters('${notYetKnown}')]`;
  }
  return /^\[.*\]$/s.test(value) ? `[${value}` : value;
}

/** First-boot data by its digest: a template is for reading, and scanners for secrets stumble over compressed data. */
function withoutCustomData(inputs: Properties): Properties {
  const { virtualMachineProfile: profile } = inputs as { virtualMachineProfile?: { osProfile?: Properties } };
  const data = profile?.osProfile?.["customData"];
  if (typeof data !== "string" || data.startsWith("[")) return inputs;
  const digest = createHash("sha256").update(data).digest("hex");
  const customData = Buffer.from(`sha256 ${digest}`).toString("base64");
  return { ...inputs, virtualMachineProfile: { ...profile, osProfile: { ...profile?.osProfile, customData } } };
}
