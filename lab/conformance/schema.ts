/** The form of case files and of fixture files. The README of this folder explains it. */
import { z } from "zod";
import { evidence } from "./evidence.ts";

const methods = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"] as const;

const request = z
  .strictObject({
    method: z.enum(methods),
    /** From `/subscriptions` on, or an address that a variable begins; most begin with a variable. */
    path: z.string().regex(/^[/{]/, "a path that begins with / or a variable"),
    /** The api-version, if not the type's usual one; empty: none is sent. */
    version: z.string().optional(),
    query: z.record(z.string(), z.string()).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.unknown().optional(),
    /** A body that is not JSON, sent as it is. */
    text: z.string().optional(),
  })
  .refine((given) => given.body === undefined || given.text === undefined, "either body or text");

const status = z.int().min(200).max(599);

const expectation = z.strictObject({
  /** Of the first answer, also where the step waits; a number, several, or a variable of `each`. */
  status: z.union([status, z.array(status).min(1), z.string().regex(/^\{\w+\}$/, "a status, or a variable")]),
  /** Of the refusal, at once or at the end of the operation. */
  code: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  /** A regular expression. */
  message: z.string().optional(),
  /** The part of the answer that matters; see match.ts. */
  body: z.unknown().optional(),
  headers: z.record(z.string(), z.unknown()).optional(),
  /** How the operation ends; `Succeeded` where a step waits and no code is expected. */
  end: z.enum(["Succeeded", "Failed", "Canceled"]).optional(),
});

const requestStep = z.strictObject({
  request,
  expect: expectation,
  /** Waits until the operation has ended, and then checks its end, its code, and the body of the result. */
  wait: z.boolean().optional(),
  /** False: the next step does not wait for this one's operation. */
  drain: z.boolean().optional(),
  /** Variables for the later steps, from `body.<path>` or `headers.<name>`. */
  keep: z
    .record(z.string(), z.string().regex(/^(body(\.|$)|headers\.)/, "body, body.<path> or headers.<name>"))
    .optional(),
});

const health = z.enum(["Healthy", "Unhealthy", "Initializing", "Unknown", "Missing", "None"]);

/** What the fake fabric does; exists in the lab only. */
const labStep = z.strictObject({
  lab: z.strictObject({
    /** False: nothing is reported until `report` or `pass`. */
    automatic: z.boolean().optional(),
    /** Parts of IDs of machines that never get ready. */
    hold: z.array(z.string()).optional(),
    /** How the lab reads health that nobody reports; `ignored` unless told. */
    missingHealth: z.enum(["ignored", "repaired"]).optional(),
    /** How all vaults answer; `whole` unless told. */
    vault: z.enum(["throttled", "whole"]).optional(),
    /** Machines that lost their hosts, by parts of their IDs. */
    lost: z.array(z.string()).optional(),
    /** Machines whose guests shut themselves down, by parts of their IDs, until they are switched on again. */
    off: z.array(z.string()).optional(),
    /** Machines that are not up in time, by a part of their ID, and why. */
    late: z.record(z.string(), z.string()).optional(),
    /** Health by a part of the machine's ID; `*` for all others. */
    health: z.record(z.string(), health).optional(),
    /** Exit status of every script that runs from now on. */
    scriptExit: z.int().optional(),
    /** Percent of its processors that every machine uses from now on. */
    cpuPercent: z.number().optional(),
    /** A change of the subscription's limits, as `limitChange.ts` has it. They are as usual again after the case. */
    limits: z.record(z.string(), z.unknown()).optional(),
    /** Error that the fabric reports, by resource ID. */
    errors: z.record(z.string(), z.string()).optional(),
    report: z.literal(true).optional(),
    /** Seconds that pass, with a report each second. */
    pass: z.int().positive().optional(),
  }),
});

export type LabStep = z.infer<typeof labStep>["lab"];
export type RequestStep = z.infer<typeof requestStep>;
export type Step = RequestStep | { lab: LabStep };

const head = {
  /** A sentence about behaviour. */
  title: z.string().min(10).max(150),
  evidence,
  /** Fixtures, made before in this order. */
  given: z.array(z.string()).optional(),
  /** Where the case makes sense; everywhere by default. */
  targets: z
    .array(z.enum(["lab", "azure"]))
    .min(1)
    .optional(),
  /** Sets of variables: the case is run once with each, and counts once. */
  each: z.array(z.record(z.string(), z.unknown())).min(1).optional(),
};

const step = z.union([requestStep, labStep]);

const short = z.strictObject({ ...head, ...requestStep.shape });
const long = z.strictObject({ ...head, steps: z.array(step).min(1) });

/** A case file. `request` and `expect` alone are short for one step. */
export const caseFile = z.unknown().transform((given, context): CaseFile => {
  const isShort = given !== null && typeof given === "object" && !("steps" in given);
  const result = (isShort ? short : long).safeParse(given);
  if (!result.success) {
    context.issues.push(...result.error.issues.map((issue) => ({ ...issue, input: given }) as z.core.$ZodRawIssue));
    return z.NEVER;
  }
  if ("steps" in result.data) return result.data;
  const { title, evidence: found, given: fixtures, targets, each, ...only } = result.data;
  return { title, evidence: found, given: fixtures, targets, each, steps: [only] };
});

export type CaseFile = z.infer<typeof long>;

const fixture = z.strictObject({
  /** Other fixtures, made before. */
  needs: z.array(z.string()).optional(),
  put: z
    .array(
      z.strictObject({
        path: z.string(),
        /** Variable for the ID; the first one's is the fixture's own name. */
        as: z.string().optional(),
        version: z.string().optional(),
        body: z.unknown(),
      }),
    )
    .min(1),
});

/** `fixtures.yml` of a provider. Names of fixtures and variables are unique among all providers. */
export const fixtureFile = z.strictObject({
  variables: z.record(z.string(), z.string()).optional(),
  fixtures: z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), fixture),
});

export type Fixture = z.infer<typeof fixture>;

export const isRequestStep = (one: Step): one is RequestStep => "request" in one;
