/**
 * Property values as they travel between the engine and a plugin: plain JSON in which some values carry a signature.
 * https://www.pulumi.com/docs/iac/extending-pulumi/schema/ names them; the constants are Pulumi's wire format.
 */
import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";
import structPb from "google-protobuf/google/protobuf/struct_pb.js";

const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";
const unknownSentinels = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string, and what is sent for any type
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // boolean
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);

/** A value that is not known before the resource exists. */
export class Unknown {
  // Makes the class distinct for the type checker, which takes any object for an empty one.
  readonly known = false;
}
export const unknown = new Unknown();

/** A value that the engine encrypts in the state and hides in what it prints. */
export class Secret {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

/** An asset or an archive, kept as it came: only its identity matters to these plugins. */
export class Blob {
  readonly wire: Record<string, JavaScriptValue>;
  constructor(wire: Record<string, JavaScriptValue>) {
    this.wire = wire;
  }
}

export type Value = null | boolean | number | string | Unknown | Secret | Blob | Value[] | Properties;
export interface Properties {
  [name: string]: Value;
}

export function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Reads properties; nulls are left out, as the engine does everywhere. */
export function decode(struct: structPb.Struct | undefined): Properties {
  return struct ? (decodeValue(struct.toJavaScript()) as Properties) : {};
}

function decodeValue(wire: JavaScriptValue): Value {
  if (wire === null || typeof wire === "boolean" || typeof wire === "number") return wire;
  if (typeof wire === "string") return unknownSentinels.has(wire) ? unknown : wire;
  if (Array.isArray(wire)) return wire.map(decodeValue);
  const object = wire as Record<string, JavaScriptValue>;
  switch (object[signature]) {
    case undefined: {
      const properties: Properties = {};
      for (const [name, value] of Object.entries(object)) if (value !== null) properties[name] = decodeValue(value);
      return properties;
    }
    case secretSignature:
      return new Secret(decodeValue(object["value"] as JavaScriptValue));
    case outputSignature: {
      const inner = "value" in object ? decodeValue(object["value"]) : unknown;
      return object["secret"] === true ? new Secret(inner) : inner;
    }
    case assetSignature:
    case archiveSignature:
      return new Blob(object);
    case resourceSignature:
      return object["id"] === undefined ? (object["urn"] as string) : decodeValue(object["id"]);
    default:
      throw new Error(
        `A property value has the signature ${JSON.stringify(object[signature])}, which this plugin does not know.`,
      );
  }
}

/** Writes properties; what is undefined is left out. */
export function encode(properties: Properties): structPb.Struct {
  return structPb.Struct.fromJavaScript(encodeValue(properties) as Record<string, JavaScriptValue>);
}

function encodeValue(value: Value): JavaScriptValue {
  if (value instanceof Unknown) return [...unknownSentinels][0]!;
  if (value instanceof Secret) return { [signature]: secretSignature, value: encodeValue(value.value) };
  if (value instanceof Blob) return value.wire;
  if (Array.isArray(value)) return value.map(encodeValue);
  if (!isObject(value)) return value;
  const wire: Record<string, JavaScriptValue> = {};
  for (const [name, item] of Object.entries(value)) if (item !== undefined) wire[name] = encodeValue(item);
  return wire;
}

/** The same value without secrets' wrapping. */
export function reveal(value: Value): Value {
  if (value instanceof Secret) return reveal(value.value);
  if (Array.isArray(value)) return value.map(reveal);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, reveal(item)]));
}

function contains(value: Value, kind: typeof Unknown | typeof Secret): boolean {
  if (value instanceof kind) return true;
  if (value instanceof Secret) return contains(value.value, kind);
  if (Array.isArray(value)) return value.some((item) => contains(item, kind));
  return isObject(value) && Object.values(value).some((item) => contains(item, kind));
}
export const containsUnknown = (value: Value) => contains(value, Unknown);
export const containsSecret = (value: Value) => contains(value, Secret);
