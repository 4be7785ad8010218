/** The state of a stack without its secrets: what a preview that nobody has reviewed starts from. Pure. */
import { createHash } from "node:crypto";
import { canonical } from "./canonical.ts";
import { placeholder } from "./configuration.ts";
import { Mask, masked, stringsIn, type Replacement } from "./mask.ts";
import { encryptionSalt } from "./passphrase.ts";

type Value = unknown;
interface Resource {
  urn: string;
  type: string;
  id?: string;
  inputs?: Record<string, Value>;
  outputs?: Record<string, Value>;
  [name: string]: Value;
}

/** Answer of `pulumi stack export --show-secrets`. */
export interface Export {
  version: number;
  deployment: {
    resources?: Resource[];
    pending_operations?: { type: string; resource: Resource }[];
    secrets_providers?: unknown;
    [name: string]: unknown;
  };
  [name: string]: unknown;
}

/** How the engine marks a value: pulumi/sdk, go/common/resource/sig */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** A value that the state marks as secret. */
export function isSecret(value: Value): value is Record<string, unknown> {
  return (
    value !== null && typeof value === "object" && (value as Record<string, unknown>)[signature] === secretSignature
  );
}

function plaintextOf(value: Record<string, unknown>): Value {
  const { plaintext } = value;
  return typeof plaintext === "string" ? JSON.parse(plaintext) : undefined;
}

/** Parts of a resource in which programs and providers write what they like. Its other parts are the engine's own. */
const written = [
  ...["id", "inputs", "outputs", "initErrors", "importID", "replacementTrigger"],
  // Names of properties.
  ...["additionalSecretOutputs", "ignoreChanges", "replaceOnChanges", "hideDiff"],
];

/**
 * What Ansible printed is marked as secret, in case that a role slips one. It is no secret that is known by that: its lines
 * are everywhere, in the next run too.
 */
const printed = ["stdout", "stderr"];

/** A resource without what is only printed. */
function withoutPrinted(resource: Resource): Resource {
  const isRun = resource.urn.includes("platform:configuration:Playbook$command:local:Command::");
  if (!isRun || resource.outputs === undefined) return resource;
  const outputs = Object.entries(resource.outputs).map(([name, value]): [string, Value] => [
    name,
    printed.includes(name) && isSecret(value) ? { ...value, plaintext: JSON.stringify("") } : value,
  ]);
  return { ...resource, outputs: Object.fromEntries(outputs) };
}

const resourcesOf = ({ deployment }: Export) => [
  ...(deployment.resources ?? []).map(withoutPrinted),
  ...(deployment.pending_operations ?? []).map(({ resource }) => withoutPrinted(resource)),
];

/** A resource whose values are changed in one way, and URNs in another. */
function partsOf(resource: Resource, change: (value: Value) => Value, mask: Mask): Resource {
  const ofEngine = (value: Value): Value => {
    if (typeof value === "string") return value.startsWith("urn:pulumi:") ? mask.urn(value) : value;
    if (Array.isArray(value)) return value.map(ofEngine);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, ofEngine(one)]));
  };
  const parts = Object.entries(resource).map(([name, value]): [string, Value] => {
    if (written.includes(name)) return [name, change(value)];
    if (name !== "propertyDependencies") return [name, ofEngine(value)];
    const byProperty = Object.entries(value as object).map(([property, urns]) => [mask.text(property), ofEngine(urns)]);
    return [name, Object.fromEntries(byProperty)];
  });
  return Object.fromEntries(parts) as Resource;
}

/** Secrets that a state marks, with a placeholder that follows from the first place where each is. */
export function secretsIn(exported: Export): Replacement[] {
  const found = new Map<string, string>();
  const visit = (value: Value, urn: string, path: string): void => {
    if (isSecret(value)) {
      for (const secret of stringsIn(plaintextOf(value)))
        if (secret !== "" && !found.has(secret)) found.set(secret, placeholder(path, `${urn} ${path} ${found.size}`));
    } else if (value !== null && typeof value === "object")
      for (const [name, one] of Object.entries(value)) visit(one, urn, path === "" ? name : `${path}.${name}`);
  };
  for (const resource of inOrder(resourcesOf(exported)))
    for (const part of written) visit(resource[part], resource.urn, part);
  return [...found].map(([secret, by]) => ({ secret, by }));
}

/**
 * What is known to be secret: the configuration's values and those that the state marks. Values that are openly said
 * elsewhere are left out: they would be everywhere.
 *
 * @param open Strings that are no secrets: those of the stack file.
 */
export function knownSecrets(
  exported: Export,
  origins: readonly Replacement[],
  open: readonly string[],
): Replacement[] {
  return [...origins, ...secretsIn(exported)].filter(({ secret }) => !open.some((text) => text.includes(secret)));
}

/**
 * The state with placeholders, for `pulumi stack import` into a backend of previews.
 *
 * @param origins Secrets of the configuration, with their placeholders.
 */
export function secretFree(exported: Export, origins: readonly Replacement[], open: readonly string[]): Export {
  // A secret that is openly said elsewhere is one all the same where the state marks it.
  const marked = new Map([...secretsIn(exported), ...[...origins].reverse()].map(({ secret, by }) => [secret, by]));
  const mask = new Mask(knownSecrets(exported, origins, open));
  const inMarked = (value: Value): Value => {
    if (typeof value === "string") return value === "" ? "" : (marked.get(value) ?? mask.text(value));
    if (typeof value === "number") return 0;
    if (typeof value === "boolean") return false;
    if (Array.isArray(value)) return value.map(inMarked);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [mask.text(name), inMarked(one)]));
  };
  const replaced = (value: Value): Value => {
    if (isSecret(value))
      return { [signature]: secretSignature, plaintext: JSON.stringify(inMarked(plaintextOf(value)) ?? null) };
    if (typeof value === "string") return mask.text(value);
    if (Array.isArray(value)) return value.map(replaced);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [mask.text(name), replaced(one)]));
  };
  const ofResource = (resource: Resource) => partsOf(withoutPrinted(resource), replaced, mask);
  const { deployment } = exported;
  return {
    ...exported,
    deployment: {
      ...deployment,
      secrets_providers: { type: "passphrase", state: { salt: encryptionSalt } },
      ...(deployment.resources ? { resources: deployment.resources.map(ofResource) } : {}),
      ...(deployment.pending_operations
        ? {
            pending_operations: deployment.pending_operations.map(({ type, resource }) => ({
              type,
              resource: ofResource(resource),
            })),
          }
        : {}),
    },
  };
}

/** When and from which line of the program it was made: that may change while nothing else does. */
const fleeting = ["created", "modified", "sourcePosition", "stackTrace"];

/**
 * Version of a state: SHA-256 of what it says, with one word for all secrets. So a state and its copy have the same.
 *
 * @param secrets What is known to be secret, or its placeholders. Undefined where nothing is in the state.
 */
export function stateVersion(exported: Export, mask: Mask): string | undefined {
  const { resources = [], pending_operations: operations = [] } = exported.deployment;
  if (resources.length === 0 && operations.length === 0) return undefined;
  const plain = (value: Value): Value => {
    if (isSecret(value)) return masked;
    if (typeof value === "string") return mask.text(value);
    if (Array.isArray(value)) return value.map(plain);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [mask.text(name), plain(one)]));
  };
  const ofResource = (resource: Resource) => {
    const parts = Object.entries(partsOf(resource, plain, mask));
    return Object.fromEntries(parts.filter(([name]) => !fleeting.includes(name))) as Resource;
  };
  const content = {
    resources: inOrder(resources.map(ofResource)),
    operations: operations.map(({ type, resource }) => ({ type, resource: ofResource(resource) })),
  };
  return createHash("sha256").update(canonical(content)).digest("hex");
}

/** The engine writes them in the order in which they happened to be made. */
function inOrder(resources: readonly Resource[]): Resource[] {
  // Of a resource that is being replaced there are two.
  const key = ({ urn, delete: old }: Resource) => `${urn} ${old === true}`;
  return [...resources].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
