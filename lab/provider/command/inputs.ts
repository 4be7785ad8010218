/** Inputs of the command resources, checked. */
import type { Failure } from "../plugin/plugin.ts";
import { isObject, reveal, Unknown } from "../plugin/values.ts";
import type { Properties, Value } from "../plugin/values.ts";

export type CommandType = "command:local:Command" | "command:remote:Command";
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

type Kind = "string" | "strings" | "map" | "boolean" | "list" | "logging" | "connection" | "unsupported";

const common: Record<string, Kind> = {
  create: "string",
  update: "string",
  delete: "string",
  environment: "map",
  stdin: "string",
  triggers: "list",
  logging: "logging",
  addPreviousOutputInEnv: "boolean",
};
const properties: Record<CommandType, Record<string, Kind>> = {
  "command:local:Command": {
    ...common,
    dir: "string",
    interpreter: "strings",
    assetPaths: "unsupported",
    archivePaths: "unsupported",
  },
  "command:remote:Command": { ...common, connection: "connection" },
};

const loggings = ["stdout", "stderr", "stdoutAndStderr", "none"];

const valid: Record<Exclude<Kind, "unsupported">, { test: (value: Value) => boolean; form: string }> = {
  string: { test: (value) => typeof value === "string", form: "a string" },
  strings: { test: (value) => Array.isArray(value) && value.every(text), form: "a list of strings" },
  map: { test: (value) => isObject(value) && Object.values(value).every(text), form: "a map of strings" },
  boolean: { test: (value) => typeof value === "boolean", form: "true or false" },
  list: { test: (value) => Array.isArray(value), form: "a list" },
  logging: { test: (value) => loggings.includes(value as string), form: loggings.join(", ") },
  connection: { test: (value) => isObject(value) && text(value["host"] ?? null), form: "an object with host" },
};

function text(value: Value): boolean {
  return typeof value === "string" || value instanceof Unknown;
}

export function isCommandType(type: string): type is CommandType {
  return type in properties;
}

export function checkInputs(type: CommandType, news: Properties): Failure[] {
  const failures: Failure[] = [];
  const known = properties[type];
  for (const [property, secret] of Object.entries(news)) {
    const kind = known[property];
    const value = reveal(secret);
    if (kind === undefined) {
      failures.push({
        property,
        reason: `${type} has no property ${property}; it has ${Object.keys(known).join(", ")}`,
      });
    } else if (kind === "unsupported") {
      failures.push({
        property,
        reason: "the lab's command plugin collects no files: it has no assetPaths and archivePaths",
      });
    } else if (!(value instanceof Unknown) && !valid[kind].test(value)) {
      failures.push({ property, reason: `${property} must be ${valid[kind].form}` });
    }
  }
  if (type === "command:remote:Command" && news["connection"] === undefined) {
    failures.push({ property: "connection", reason: "missing required property 'connection'" });
  }
  return failures;
}
