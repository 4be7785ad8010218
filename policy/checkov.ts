/** What Checkov finds in a converted template, and what of it is waived. Pure. */
import { z } from "zod";
import { excuses, type CheckovWaiver } from "./waivers.ts";

const report = z.object({
  results: z.object({
    failed_checks: z.array(
      z.object({
        ...{ check_id: z.string(), check_name: z.string(), resource: z.string() },
        /** What of the resource the check looked at, where it says so: `properties/networkAcls/defaultAction`. */
        check_result: z.object({ evaluated_keys: z.array(z.string()).default([]) }),
      }),
    ),
    parsing_errors: z.array(z.string()).default([]),
  }),
  summary: z.object({ passed: z.number(), resource_count: z.number() }),
});

const template = z.object({
  resources: z.array(
    z.looseObject({
      type: z.string(),
      name: z.string(),
      properties: z.union([z.string(), z.looseObject({})]).optional(),
    }),
  ),
});

export interface Finding {
  check: string;
  name: string;
  /** Type and name at Azure: `Microsoft.Storage/storageAccounts.stdev0dd7975a`. */
  resource: string;
}

export interface Verdict {
  /** Findings that count. */
  open: Finding[];
  waived: Finding[];
  /** About properties that are not known yet: the update will know, and the policies ask it. */
  undecided: Finding[];
  /** Waivers by which something was waived. */
  used: Set<CheckovWaiver>;
  passed: number;
  resources: number;
}

/** The name at Azure in what Checkov calls a resource. */
const nameOf = (resource: string) => resource.slice(resource.indexOf(".", resource.indexOf("/")) + 1);

/** What a template has in the place of what only the update will know (delivery/template). */
const unknownValue = "[parameters('notYetKnown')]";

/**
 * The verdict on a template.
 *
 * @param output What `checkov --output json` printed.
 */
export function verdictOf(
  output: string,
  templateText: string,
  waivers: readonly CheckovWaiver[],
  day: string,
): Verdict {
  const resources = resourcesIn(templateText);
  const answer = JSON.parse(output) as object;
  // A summary alone is what it prints of a file in which it finds nothing to check.
  if (!("results" in answer)) throw new Error("Checkov finds nothing to check in it");
  const { results: found, summary } = report.parse(answer);
  if (found.parsing_errors.length > 0) throw new Error(`Checkov could not read ${found.parsing_errors.join(", ")}`);
  const properties = new Map(resources.map((each) => [`${each.type}.${each.name}`, each.properties]));
  const verdict: Verdict = {
    ...{ open: [], waived: [], undecided: [], used: new Set() },
    ...{ passed: summary.passed, resources: summary.resource_count },
  };
  for (const { check_id: check, check_name: name, resource, check_result } of found.failed_checks) {
    const finding = { check, name, resource };
    const waiver = waivers.find((each) => each.check === check && excuses(each, nameOf(resource), day));
    if (waiver) {
      verdict.used.add(waiver);
      verdict.waived.push(finding);
    } else if (isUndecided(properties.get(resource), check_result.evaluated_keys)) verdict.undecided.push(finding);
    else verdict.open.push(finding);
  }
  return verdict;
}

function resourcesIn(text: string) {
  try {
    return template.parse(JSON.parse(text)).resources;
  } catch (cause) {
    throw new Error("given no ARM template, allowed is a file of bin/delivery template", { cause });
  }
}

/** Whether a check may have looked at a property that is not known yet. */
function isUndecided(properties: string | Record<string, unknown> | undefined, keys: readonly string[]): boolean {
  if (typeof properties !== "object") return properties === unknownValue;
  const unknown = Object.keys(properties).filter((field) => properties[field] === unknownValue);
  const isKnown = (key: string) => key.includes("/") && !unknown.includes(key.split("/")[1] ?? "");
  return unknown.length > 0 && !(keys.length > 0 && keys.every(isKnown));
}
