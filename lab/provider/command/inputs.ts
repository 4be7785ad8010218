/** Inputs of the command resource, checked. */
import { z } from "zod";
import type { Failure } from "../plugin/plugin.ts";
import { type Properties, reveal, Unknown } from "../plugin/values.ts";

const loggings = ["stdout", "stderr", "stdoutAndStderr", "none"] as const;
export type Logging = (typeof loggings)[number];

const string = z.string({ error: "a string" });
/** In a list or a map a value may become known later. */
const item = z.union([z.string(), z.instanceof(Unknown)]);
const files = z.never({ error: "absent: the lab's command plugin collects no files" });

const inputs = z
  .strictObject({
    create: string,
    update: string,
    delete: string,
    dir: string,
    stdin: string,
    interpreter: z.array(item, { error: "a list of strings" }),
    environment: z.record(z.string(), item, { error: "a map of strings" }),
    triggers: z.array(z.unknown(), { error: "a list" }),
    logging: z.enum(loggings, { error: loggings.join(", ") }),
    addPreviousOutputInEnv: z.boolean({ error: "true or false" }),
    assetPaths: files,
    archivePaths: files,
  })
  .partial();

/** What is wrong with inputs of `command:local:Command`, one failure for each property. */
export function checkInputs(news: Properties): Failure[] {
  const known = Object.entries(reveal(news) as Properties).filter(([, value]) => !(value instanceof Unknown));
  const issues = inputs.safeParse(Object.fromEntries(known)).error?.issues ?? [];
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      const allowed = Object.keys(inputs.shape).join(", ");
      return issue.keys.map((property) => ({
        property,
        reason: `there is no property ${property}; allowed: ${allowed}`,
      }));
    }
    const property = String(issue.path[0]);
    const allowed = issue.path.length > 1 ? "made of strings" : issue.message;
    return [{ property, reason: `${property} must be ${allowed}` }];
  });
}
