/** Makes the resources that its configuration lists. */
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { ProgramSpec, ResourceSpec } from "../spec.ts";

const config = new pulumi.Config();
const { resources, print = [], error } = config.requireObject<ProgramSpec>("program");
const made = new Map<string, pulumi.CustomResource>();
const components = new Map<string, pulumi.ComponentResource>();

for (const line of print) pulumi.output(valueOf(line) as pulumi.Input<string>).apply((text) => console.log(text));
for (const spec of resources) made.set(spec.name, make(spec));
if (error !== undefined) throw new pulumi.RunError(String(valueOf(error)));

function make({ type, name, parent, inputs, protect, deleteBeforeReplace }: ResourceSpec): pulumi.CustomResource {
  const options = { protect, deleteBeforeReplace, ...(parent === undefined ? {} : { parent: componentOf(parent) }) };
  return new (class extends pulumi.CustomResource {
    constructor() {
      super(type, String(valueOf(name)), { ...(valueOf(inputs) as pulumi.Inputs), out: undefined }, options);
    }
  })();
}

function componentOf(type: string): pulumi.ComponentResource {
  const found = components.get(type) ?? new pulumi.ComponentResource(type, type.split(":").at(-1) ?? "");
  components.set(type, found);
  return found;
}

/** A value with what its `${...}` mean: pulumi has a secret for each of `secret`, and says `open` ones openly. */
function valueOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueOf);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [valueOf(name), valueOf(one)]));
  if (typeof value !== "string" || !value.includes("${")) return value;
  const parts = value.split(/\$\{([^}]+)\}/);
  const resolved = parts.map((part, index) => (index % 2 === 0 ? part : reference(part)));
  if (resolved.some((part) => pulumi.Output.isInstance(part)))
    return pulumi.all(resolved as pulumi.Input<string>[]).apply((all) => all.join(""));
  return resolved.length === 3 && parts[0] === "" && parts[2] === "" ? resolved[1] : resolved.join("");
}

function reference(text: string): unknown {
  const [kind = "", name = "", field = ""] = text.split(/[:.]/);
  const fieldOf = (json: string) => (JSON.parse(json) as Record<string, string>)[field];
  switch (kind) {
    case "secret":
      return field === "" ? config.requireSecret(name) : config.requireSecret(name).apply(fieldOf);
    case "open":
      return field === "" ? config.require(name) : fieldOf(config.require(name));
    case "base64":
      return Buffer.from(config.require(name)).toString("base64");
    case "id":
      return made.get(name)?.id;
    case "live":
      return (JSON.parse(readFileSync(process.env["LIVE"] ?? "", "utf8")) as Record<string, unknown>)[name];
    default:
      throw new Error(`nothing is known of ${text}`);
  }
}
