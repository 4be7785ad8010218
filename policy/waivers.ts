/** What is left as it is, for a reason, and until when: `waivers.yaml`. An expired waiver is a violation itself. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { z } from "zod";
import type { Resource, StackRule } from "./rule.ts";
import { show } from "./values.ts";

const allowed = (what: string) => ({
  error: ({ input }: { input?: unknown }) => `given ${show(input)}, allowed is ${what}`,
});

const day = z.iso.date(allowed("a day that exists, for example 2027-06-30"));

/** Days for which something may be left as it is, before somebody looks again. */
const longestDays = 366;

const fields = {
  /** Names of resources, in the program or, for Checkov, at Azure; `*` stands for any characters. */
  resources: z.array(z.string().regex(/[^*]/, allowed("a name, or a part of one; not every resource"))).min(1),
  reason: z.string().min(20, allowed("a reason that somebody else understands, at least 20 characters")),
  /** The first day. */
  since: day,
  /** The last day. */
  expires: day,
};

interface Days {
  since: string;
  expires: string;
}
const inTime = ({ since, expires }: Days) => {
  const days = (Date.parse(expires) - Date.parse(since)) / 86_400_000;
  return days > 0 && days <= longestDays;
};
const inTimeError = {
  error: ({ input }: { input?: unknown }) =>
    `given ${(input as Days).expires}, allowed is a day after ${(input as Days).since}, by at most ${longestDays} days`,
  path: ["expires"],
};

/** Default: every stack. */
const stacks = z.array(z.string().min(1)).min(1).optional();

const waiver = z.strictObject({ policy: z.string(), stacks, ...fields }).refine(inTime, inTimeError);
const checkovWaiver = z
  .strictObject({ check: z.string().regex(/^CKV2?_AZURE_\d+$/, allowed("Checkov's number of a check")), ...fields })
  .refine(inTime, inTimeError);

const schema = z.strictObject({ policies: z.array(waiver), checkov: z.array(checkovWaiver) });

export type Waiver = z.output<typeof waiver>;
export type CheckovWaiver = z.output<typeof checkovWaiver>;

export type Waivers = z.output<typeof schema>;

/** The waivers of a file's content. Throws with all that is wrong with them. */
export function parseWaivers(text: string, policies: readonly string[]): Waivers {
  const parsed = schema.safeParse(load(text));
  const mistakes = parsed.success
    ? parsed.data.policies
        .filter(({ policy }) => !policies.includes(policy))
        .map(({ policy }) => `policies: given ${policy}, allowed are ${policies.join(", ")}`)
    : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  if (!parsed.success || mistakes.length > 0) throw new Error(`waivers.yaml\n  ${mistakes.join("\n  ")}`);
  return parsed.data;
}

/** The committed waivers. */
export function readWaivers(policies: readonly string[]): Waivers {
  return parseWaivers(readFileSync(join(import.meta.dirname, "waivers.yaml"), "utf8"), policies);
}

/** The day that counts: today in UTC, or the one of PLATFORM_POLICY_DATE, to see beforehand what will have expired. */
export function today(): string {
  const { data, error } = day.safeParse(process.env["PLATFORM_POLICY_DATE"] || new Date().toISOString().slice(0, 10));
  if (error) throw new RangeError(`PLATFORM_POLICY_DATE: ${error.issues[0]?.message}`);
  return data;
}

/** Whether a waiver is about a resource of this name, on a day. */
export function excuses({ resources, since, expires }: Waiver | CheckovWaiver, name: string, day: string): boolean {
  if (day < since || expires < day) return false;
  return resources.some((pattern) => new RegExp(`^${pattern.split("*").map(literal).join(".*")}$`).test(name));
}

const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");

/** The waiver by which a policy leaves a resource alone on a day, if there is one. */
export function waiverFor(
  waivers: readonly Waiver[],
  policy: string,
  { name, stack }: Pick<Resource, "name" | "stack">,
  day: string,
): Waiver | undefined {
  return waivers.find(
    (each) =>
      each.policy === policy && (each.stacks === undefined || each.stacks.includes(stack)) && excuses(each, name, day),
  );
}

/** Tells of every waiver of the stack that has expired. */
export function waiverRule(waivers: readonly Waiver[], day: string): StackRule {
  return {
    name: "waivers",
    asks: "No waiver has expired",
    ids: ["Azure.Policy.WaiverExpiry"],
    checkStack: ([first]) =>
      waivers
        .filter(({ expires, stacks }) => expires < day && (!stacks || !first || stacks.includes(first.stack)))
        .map(({ policy, resources, reason, expires }) => ({
          message: `${policy} of ${resources.join(", ")} was waived until ${expires}: ${reason}`,
        })),
  };
}
