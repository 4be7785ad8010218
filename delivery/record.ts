/** What a preview of a stack says, as one file that passes from job to job. No secrets in it. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { parseAs } from "./parse.ts";
import { exemptionsOfUrn } from "./exemptions.ts";
import { canonical } from "./state/canonical.ts";
import { nameOf, typeOf } from "./urn.ts";

/** What a preview of a stack says. No secrets in it. */
export interface PreviewRecord {
  version: 1;
  stack: string;
  /** Commit of the program, 40 hexadecimal digits. */
  commit: string;
  /**
   * Version of the state from which it starts: SHA-256 of the state without secrets. Undefined where there is none yet, or
   * none is published.
   */
  state?: string;
  outcome: "previewed" | "failed";
  /** Marks of the configuration's secrets by their paths: another mark is another ciphertext. No values. */
  secrets?: Record<string, string>;
  /** Why it failed, as the program said. */
  error?: string;
  /** All that is not "same", sorted by URN. */
  steps: PreviewStep[];
  counts: Counts & { same: number };
  /** Names of the policy packs that ran. */
  packs: string[];
  policy: PolicyViolation[];
  /** Of drift only: number of steps that are left out, since the program asks for them and no apply has done them yet. */
  unapplied?: number;
}

/** Numbers of steps. */
export type Counts = Record<PreviewStep["operation"], number>;

export interface PreviewStep {
  urn: string;
  /** As the URN says, for example `azure-native:network:VirtualNetwork`. */
  type: string;
  /** As the URN says. */
  name: string;
  operation: "create" | "update" | "delete" | "replace";
  /** SHA-256 of the new inputs as canonical JSON, without what is exempt. */
  inputs: string;
  changes: PropertyChange[];
  /** Names of exemptions that apply, see `exemptions.ts`: such a step may come, go or differ between preview and apply. */
  exempt: string[];
}

export interface PropertyChange {
  /** For example `properties.addressSpace.addressPrefixes[0]`. */
  path: string;
  kind: "add" | "update" | "delete";
  /** Whether the change replaces the resource. */
  replaces?: true;
  before?: unknown;
  after?: unknown;
}

export interface PolicyViolation {
  policy: string;
  pack: string;
  level: "mandatory" | "advisory";
  urn?: string;
  message: string;
}

/** An author may have written it: no stack has as many steps, and no step as many changes. */
const most = 10_000;
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();
const change: z.ZodType<PropertyChange> = z.strictObject({
  path: z.string(),
  kind: z.enum(["add", "update", "delete"]),
  replaces: z.literal(true).optional(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});
const step: z.ZodType<PreviewStep> = z
  .strictObject({
    urn: z.string(),
    type: z.string(),
    name: z.string(),
    operation: z.enum(["create", "update", "delete", "replace"]),
    inputs: digest,
    changes: z.array(change).max(most),
    exempt: z.array(z.string()),
  })
  .superRefine(({ urn, type, name, exempt }, context) => {
    const mistake = (path: string, given: string, allowed: string) =>
      context.addIssue({ code: "custom", path: [path], message: `given ${given}, allowed for ${urn} is ${allowed}` });
    if (type !== typeOf(urn)) mistake("type", type, typeOf(urn));
    if (name !== nameOf(urn)) mistake("name", name, nameOf(urn));
    const possible = exemptionsOfUrn(urn);
    for (const one of exempt)
      if (!possible.includes(one)) mistake("exempt", one, possible.join(", ") || "no exemption");
  });
const violation: z.ZodType<PolicyViolation> = z.strictObject({
  policy: z.string(),
  pack: z.string(),
  level: z.enum(["mandatory", "advisory"]),
  urn: z.string().optional(),
  message: z.string(),
});
const record: z.ZodType<PreviewRecord> = z
  .strictObject({
    version: z.literal(1),
    stack: z.string(),
    commit: z.string().regex(/^[0-9a-f]{40}$/),
    state: digest.optional(),
    secrets: z.record(z.string(), z.string().regex(/^[0-9a-f]{16}$/)).optional(),
    outcome: z.enum(["previewed", "failed"]),
    error: z.string().optional(),
    steps: z.array(step).max(most),
    counts: z.strictObject({ create: count, update: count, delete: count, replace: count, same: count }),
    packs: z.array(z.string()).max(20),
    policy: z.array(violation),
    unapplied: count.optional(),
  })
  .superRefine(({ counts, steps }, context) => {
    for (const [operation, counted] of Object.entries(countsOf(steps)))
      if (counts[operation as keyof Counts] !== counted)
        context.addIssue({
          code: "custom",
          path: ["counts", operation],
          message: `given ${counts[operation as keyof Counts]}, its steps are ${counted}`,
        });
  });

export function countsOf(steps: readonly PreviewStep[]): Counts {
  const counts = { create: 0, update: 0, delete: 0, replace: 0 };
  for (const { operation } of steps) counts[operation]++;
  return counts;
}

/** SHA-256 of what a record says: which one was approved. */
export function digestOf(record: PreviewRecord): string {
  return createHash("sha256").update(canonical(record)).digest("hex");
}

/**
 * A record from a file, which anybody may have written.
 *
 * @throws Error that says what is wrong with it.
 */
export const parseRecord = (text: string): PreviewRecord => parseAs(record, "a preview", text);

/**
 * What GitLab's widget of a merge request shows: https://docs.gitlab.com/user/infrastructure/iac/mr_integration/ . A
 * replacement is a creation and a deletion. A preview that failed has found a part at most: without counts, GitLab says
 * that its report could not be made (lib/gitlab/ci/parsers/terraform/tfplan.rb).
 */
export function widgetOf({ counts, outcome }: Pick<PreviewRecord, "counts" | "outcome">): Partial<Counts> {
  if (outcome === "failed") return {};
  return { create: counts.create + counts.replace, update: counts.update, delete: counts.delete + counts.replace };
}
