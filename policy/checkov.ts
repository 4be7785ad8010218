/** What Checkov finds in a converted template, and what of it is waived. Pure. */
import { z } from "zod";
import { isAbout, type CheckovWaiver } from "./waivers.ts";

const results = z.object({
  results: z.object({
    failed_checks: z.array(z.object({ check_id: z.string(), check_name: z.string(), resource: z.string() })),
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
  /** Of resources of which a whole property is not known yet: the update will know, and the policies ask it. */
  undecided: Finding[];
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
  const { results: found, summary } = results.parse(JSON.parse(output));
  if (found.parsing_errors.length > 0) throw new Error(`Checkov could not read ${found.parsing_errors.join(", ")}`);
  const unknown = new Set(
    template
      .parse(JSON.parse(templateText))
      .resources.filter(({ properties }) =>
        typeof properties === "string"
          ? properties === unknownValue
          : Object.values(properties ?? {}).includes(unknownValue),
      )
      .map(({ type, name }) => `${type}.${name}`),
  );
  const verdict: Verdict = {
    ...{ open: [], waived: [], undecided: [] },
    ...{ passed: summary.passed, resources: summary.resource_count },
  };
  for (const { check_id: check, check_name: name, resource } of found.failed_checks) {
    const isWaived = waivers.some(
      (waiver) => waiver.check === check && waiver.expires >= day && isAbout(waiver, nameOf(resource)),
    );
    const list = isWaived ? verdict.waived : unknown.has(resource) ? verdict.undecided : verdict.open;
    list.push({ check, name, resource });
  }
  return verdict;
}
