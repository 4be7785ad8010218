/** What the evidence `types` proves: names and enumerated values that stand in the types of Azure's SDKs. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, Suite } from "./load.ts";
import { withNeeds } from "./rules.ts";
import { isRequestStep } from "./schema.ts";

const modules = join(import.meta.dirname, "..", "..", "node_modules");

/** The folder with the types of a resource type; the first that fits. */
const folders: [RegExp, string][] = [
  [/^Microsoft\.Network\/dnsZones/i, "@azure/arm-dns"],
  [/^Microsoft\.Network\/privateDnsZones/i, "@azure/arm-privatedns"],
  [/^Microsoft\.Network\//i, "@azure/arm-network/dist/esm/models"],
  [/^Microsoft\.Compute\//i, "@azure/arm-compute/dist/esm/models"],
  [/^Microsoft\.Insights\//i, "@azure/arm-monitor/dist/esm/models"],
  [/^Microsoft\.Resources\//i, "@azure/arm-resources/dist/esm/models"],
  [/^Microsoft\.Authorization\//i, "@pulumi/azure-native/authorization"],
];

/** Of every resource, list and refusal in Azure Resource Manager. */
const common = ["id", "name", "type", "etag", "location", "tags", "properties", "value", "error", "details", "status"];

const texts = new Map<string, string>();

function textOf(resource: string): string {
  const folder = folders.find(([pattern]) => pattern.test(resource))?.[1];
  if (folder === undefined) throw new Error(`No SDK's types are known for ${resource}`);
  const cached = texts.get(folder);
  if (cached !== undefined) return cached;
  const text = readdirSync(join(modules, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".d.ts"))
    .map((name) => readFileSync(join(modules, folder, name), "utf8"))
    .join("\n")
    .toLowerCase();
  texts.set(folder, text);
  return text;
}

/** Asserted names and literals that neither the SDK's types have nor the case itself sends. */
export function unprovenIn(one: Case, suite: Suite): string[] {
  if (one.evidence.kind !== "types") return [];
  const text = textOf(one.evidence.resource);
  const steps = one.steps.filter(isRequestStep);
  const given = withNeeds(one.given ?? [], suite).map((name) => suite.fixtures[name]);
  const sent = new Set(leavesOf([steps.map(({ request }) => request), given, one.each ?? []]));
  const unproven: string[] = [];
  const visit = (value: unknown, at: string): void => {
    if (Array.isArray(value)) return value.forEach((item, index) => visit(item, `${at}[${index}]`));
    if (value !== null && typeof value === "object") {
      for (const [name, inner] of Object.entries(value)) {
        if (name === "$contains" || name === "$every" || name === "$oneOf" || name === "$not") visit(inner, at);
        else if (!name.startsWith("$")) visitMember(name, inner, at);
      }
    } else if (!isProven(value)) unproven.push(`${at}: ${JSON.stringify(value)}`);
  };
  const visitMember = (name: string, inner: unknown, at: string): void => {
    const known = common.includes(name) || new RegExp(`\\b${name.toLowerCase()}"?\\??:`).test(text);
    if (!known && !sentNames.has(name)) unproven.push(`${at}.${name}`);
    else visit(inner, `${at}.${name}`);
  };
  const sentNames = new Set(namesOf([steps.map(({ request }) => request.body)]));
  const isProven = (value: unknown): boolean => {
    if (sent.has(value)) return true;
    if (typeof value !== "string") return false;
    const isName = steps.some(({ request }) => request.path.split("/").includes(value));
    return /\{\w+\}/.test(value) || isName || text.includes(`"${value.toLowerCase()}"`);
  };
  for (const { expect } of steps) visit(expect.body ?? {}, "body");
  return unproven;
}

function leavesOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(leavesOf);
  if (value === null || typeof value !== "object") return [value, ...pathParts(value)];
  return Object.values(value).flatMap(leavesOf);
}

/** A path names what it makes. */
const pathParts = (value: unknown): string[] =>
  typeof value === "string" && value.includes("/") ? value.split("/") : [];

function namesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesOf);
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesOf(inner)]);
}
