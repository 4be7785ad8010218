/** What is wrong in a stack file, in the words that the user reads. */
import type { z } from "zod";
import { renamedKeys } from "./schema.ts";

/** One mistake: where, what stands there, and what may stand there. */
export interface Mistake {
  /** Path from the configuration key on, for example `platform:environment.tiers.front.subnet`. */
  path: string;
  given: string;
  allowed: string;
}

/** All mistakes of a stack file at once. */
export class StackError extends Error {
  readonly mistakes: readonly Mistake[];

  constructor(file: string, mistakes: readonly Mistake[]) {
    super(render(file, mistakes));
    this.name = "StackError";
    this.mistakes = mistakes;
  }
}

function render(file: string, mistakes: readonly Mistake[]): string {
  const count = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
  const lines = mistakes.map(({ path, given, allowed }) => `  ${path}\n    given:   ${given}\n    allowed: ${allowed}`);
  return `${count} in ${file}; nothing was changed.\n${lines.join("\n")}`;
}

/** A value as it is shown in a mistake: short, and on one line. */
export function show(value: unknown): string {
  if (value === undefined) return "(nothing)";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 100 ? `${text.slice(0, 97)}...` : text;
}

/** `["tiers", "front", 0]` below `platform:environment` is `platform:environment.tiers.front[0]`. */
export function showPath(root: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}.${String(key)}`),
    root,
  );
}

/** Checks a value against a schema and returns every mistake, in the order of their paths in the schema. */
export function check(schema: z.ZodType, root: string, value: unknown): Mistake[] {
  const result = schema.safeParse(value, { error: allowedText });
  return result.success ? [] : result.error.issues.flatMap((issue) => fromIssue(issue, root, value));
}

function fromIssue(issue: z.core.$ZodIssue, root: string, value: unknown): Mistake[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = showPath(root, [...issue.path, key]);
      const renamed = renamedKeys.find((old) => old.path.test(path))?.name;
      return {
        path,
        given: show(at(value, [...issue.path, key])),
        allowed: renamed === undefined ? issue.message : `${renamed}, as ${key} is called now`,
      };
    });
  }
  if (issue.code === "invalid_key") {
    const key = String(issue.path.at(-1));
    return [{ path: showPath(root, issue.path), given: key, allowed: issue.issues[0]?.message ?? issue.message }];
  }
  return [{ path: showPath(root, issue.path), given: show(at(value, issue.path)), allowed: issue.message }];
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, key) =>
      node !== null && typeof node === "object" ? (node as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}

const kinds: Record<string, string> = {
  int: "a whole number",
  number: "a number",
  string: "a string",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** What is allowed, for the checks that say nothing of their own. */
function allowedText(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return kinds[issue.expected] ?? issue.expected;
    case "invalid_value":
      return `one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return issue.origin === "string" ? `at least ${issue.minimum} characters` : `at least ${issue.minimum}`;
    case "too_big":
      return issue.origin === "string" ? `at most ${issue.maximum} characters` : `at most ${issue.maximum}`;
    case "unrecognized_keys":
      return `nothing by this name; known here are ${knownKeys(issue.inst).join(", ")}`;
    default:
      return undefined;
  }
}

function knownKeys(schema: unknown): string[] {
  const shape = (schema as Partial<z.ZodObject> | undefined)?.shape;
  return shape ? Object.keys(shape) : [];
}
