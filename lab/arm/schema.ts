/** Pieces of which the types' schemas are made, and the translation of what they find into Azure's errors. */
import { z } from "zod";
import { ArmError, badRequest, type ErrorBody } from "./errors.ts";
import { keyOf, parseId } from "./ids.ts";
import type { Dialect } from "./resourceType.ts";

/** Read-only in Azure: clients send back what they got, and it is ignored. For the type checker it is never there. */
export const ignored = z
  .unknown()
  .optional()
  .transform(() => undefined) as unknown as z.ZodOptional<z.ZodNever>;

/** Read-only properties by their names. */
export const readOnly = <const K extends string>(...names: K[]): Record<K, typeof ignored> =>
  Object.fromEntries(names.map((name) => [name, ignored])) as Record<K, typeof ignored>;

/** Read-only properties that nearly every object has. */
export const envelope = readOnly("id", "name", "type", "etag", "systemData");

/** A list that is empty, because the lab has nothing of its kind. */
export const none = (what: string): z.ZodOptional<z.ZodArray<z.ZodUnknown>> =>
  z.array(z.unknown()).max(0, `The lab has no ${what}`).optional();

/** What Azure has and the lab does not. An empty list or null of it is the same as nothing. */
export const lacking = (what: string): z.ZodOptional<z.ZodNever> =>
  z
    .unknown()
    .optional()
    .superRefine((value, context) => {
      const isEmpty = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
      if (!isEmpty) issue(context, "NotImplementedByLab", `The lab has no ${what}.`);
    })
    .transform(() => undefined) as unknown as z.ZodOptional<z.ZodNever>;

/** Of a top-level resource. */
export const tracked = {
  ...envelope,
  location: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
};

/** Enumerations are compared without regard to case and answered in Azure's spelling. */
export const choice = <const T extends readonly [string, ...string[]]>(...values: T): z.ZodType<T[number]> =>
  z.string().transform((given, context) => {
    const value = values.find((candidate) => candidate.toLowerCase() === given.toLowerCase());
    if (value !== undefined) return value;
    context.addIssue({
      code: "custom",
      message: `'${given}' is not one of: ${values.join(", ")}`,
      params: { enumeration: true },
    });
    return z.NEVER;
  });

/**
 * A reference to a resource of the type, or to a part of one. Other properties of it, as in a GET's answer, are ignored.
 */
export const referenceTo = (type: string): z.ZodType<{ id: string }> =>
  z.object({ id: z.unknown().optional() }).transform(({ id }, context) => {
    if (typeof id !== "string") {
      formatIssue(context, "MissingJsonReferenceId", "Value for reference id is missing.", ["id"]);
      return z.NEVER;
    }
    const target = parseId(id);
    // What is no ID at all is told with the references.
    if (target && keyOf([target.namespace, ...target.types].join("/")) !== keyOf(type)) {
      const message = `Reference Id ${id} is not formatted correctly. The Id is expected to reference resources of type ${type}.`;
      formatIssue(context, "InvalidJsonReferenceFormat", message, ["id"]);
    }
    return { id };
  });

/** A whole number; outside the range the error has the code that Azure gives. */
export const range = (minimum: number, maximum: number, code?: string): z.ZodType<number> =>
  z.int().superRefine((value, context) => {
    if (value >= minimum && value <= maximum) return;
    const message = `The value '${value}' is outside the allowed range ${minimum} to ${maximum}.`;
    context.addIssue({ code: "custom", message, params: { code } });
  });

export const zoneList = z.array(z.string()).superRefine((zones, context) => {
  const wrong = zones.filter((zone) => !["1", "2", "3"].includes(zone));
  if (wrong.length === 0 && new Set(zones).size === zones.length) return;
  const message = `The zone(s) '${zones.join(", ")}' are not valid: zones are '1', '2' and '3', each at most once.`;
  context.addIssue({ code: "custom", message, params: { code: "InvalidAvailabilityZone" } });
});

/** Lets a schema report an error with Azure's own code. */
export function issue(context: z.RefinementCtx, code: string, message: string, path: (string | number)[] = []): void {
  context.addIssue({ code: "custom", message, path, params: { code } });
}

/** Microsoft.Network tells of a body that it cannot read with one code for all, and with this one in its details. */
export function formatIssue(
  context: z.RefinementCtx,
  detail: string,
  message: string,
  path: (string | number)[] = [],
): void {
  context.addIssue({ code: "custom", message, path, params: { detail } });
}

/** A string that `isValid`; the message is answered as it is. */
export const checked = (isValid: (value: string) => boolean, message: (value: string) => string): z.ZodString =>
  z.string().superRefine((value, context) => {
    if (!isValid(value)) context.addIssue({ code: "custom", message: message(value), params: { verbatim: true } });
  });

/** The validated body without absent members, or Azure's error. */
export function validate<T>(schema: z.ZodType<T>, given: unknown, dialect: Dialect, typeName: string): T {
  const result = schema.safeParse(given);
  if (result.success) return JSON.parse(JSON.stringify(result.data)) as T;
  throw translate(result.error.issues, dialect, typeName, given);
}

/** The refusal of members that a type does not have. */
export function unknownMembers(paths: readonly (string | number)[][], dialect: Dialect, typeName: string): ArmError {
  const issues = paths.map((path) => ({
    code: "unrecognized_keys" as const,
    keys: [String(path.at(-1))],
    path: path.slice(0, -1),
    message: "",
  }));
  return translate(issues, dialect, typeName, {});
}

function translate(issues: readonly z.core.$ZodIssue[], dialect: Dialect, typeName: string, given: unknown): ArmError {
  // A body is read before anything is asked of it.
  const unreadable = issues.filter(isUnreadable);
  const told = unreadable.length > 0 ? unreadable : issues;
  const found = told
    .map((one) => describe(one, typeName, given))
    .map((one, index) => (dialect === "compute" ? { ...one, target: parameterOf(told[index]!.path) } : one));
  const own = found.find((one) => one.code !== "");
  if (own) return new ArmError(400, own.code, own.message, { target: own.target, details: detailsOf(found) });
  const [first] = found;
  switch (dialect) {
    case "network":
      return new ArmError(400, "InvalidRequestFormat", "Cannot parse the request.", {
        details: found.map(({ message }, index) => ({ code: detailOf(told[index]!), message })),
      });
    case "compute": {
      const code = told[0]!.code === "unrecognized_keys" ? "BadRequest" : "InvalidParameter";
      return new ArmError(400, code, first!.message, { target: first!.target, details: detailsOf(found) });
    }
    case "storage":
      return badRequest(
        "InvalidValuesForRequestParameters",
        `Values for request parameters are invalid: ${first!.target}. ${first!.message}`,
        first!.target,
      );
    case "monitor":
    case "dns":
    case "keyvault":
      return new ArmError(400, "BadRequest", first!.message, { target: first!.target, details: detailsOf(found) });
    default:
      return badRequest(
        "InvalidRequestContent",
        `The request content was invalid and could not be deserialized: '${first!.message}'.`,
      );
  }
}

/** Microsoft.Compute names a parameter without the profiles around it, and without indexes of lists. */
function parameterOf(path: readonly PropertyKey[]): string {
  const names = path.filter((part) => typeof part === "string");
  const around = names.findLastIndex(
    (name, index) => index < names.length - 1 && (name === "properties" || name.endsWith("Profile")),
  );
  return names.slice(around + 1).join(".");
}

const isUnreadable = (one: z.core.$ZodIssue): boolean =>
  one.code === "unrecognized_keys" || one.code === "invalid_type" || one.code === "invalid_union";

const detailOf = (one: z.core.$ZodIssue): string =>
  one.code === "custom" && one.params?.["detail"] !== undefined ? String(one.params["detail"]) : "InvalidJson";

/** Every mistake is told, not only the first. */
const detailsOf = (found: ErrorBody[]): ErrorBody[] =>
  found.length < 2
    ? []
    : found.map(({ code, message, target }) => ({ code: code || "InvalidParameter", message, target: target ?? "" }));

function describe(found: z.core.$ZodIssue, typeName: string, given: unknown): ErrorBody & { target: string } {
  const target = pathText(found.path);
  const value = found.path.reduce<unknown>(
    (at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part],
    given,
  );
  const at = `Path '${target}'.`;
  const code = found.code === "custom" ? String(found.params?.["code"] ?? "") : "";
  if (found.code === "unrecognized_keys") {
    const key = found.keys.join("', '");
    return {
      code,
      message: `Could not find member '${key}' on object of type '${typeName}'. Path '${pathText([...found.path, found.keys[0]!])}'.`,
      target,
    };
  }
  if (value === undefined && found.code !== "custom")
    return { code, message: `Required property '${target}' is missing (null). ${at}`, target };
  if (found.code === "invalid_type") {
    return {
      code,
      message: `Error converting value ${JSON.stringify(value)} to type '${found.expected}'. ${at}`,
      target,
    };
  }
  if (found.code === "custom" && found.params?.["verbatim"] === true) return { code, message: found.message, target };
  return { code, message: `${found.message}${found.message.endsWith(".") ? "" : "."} ${at}`, target };
}

const pathText = (path: readonly PropertyKey[]): string =>
  path.map((part, index) => (typeof part === "number" ? `[${part}]` : `${index ? "." : ""}${String(part)}`)).join("");
