import structPb from "google-protobuf/google/protobuf/struct_pb.js";
import { expect, test } from "vitest";
import { containsSecret, containsUnknown, decode, encode, reveal, Secret, unknown } from "./values.ts";

const signature = "4dabf18193072939515e22adb298388d";
const secret = "1b47061264138c4ac30d75fd1eb44270";
const output = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const computed = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

test("Unknown values, secrets and plain values survive the way there and back.", () => {
  const properties = { a: 1, b: [true, "x", { c: unknown }], d: new Secret({ e: ["f"] }), g: {} };
  expect(decode(encode(properties))).toEqual(properties);
  expect([containsUnknown(properties), containsSecret(properties)]).toEqual([true, true]);
  expect(reveal(properties)).toEqual({ ...properties, d: { e: ["f"] } });
});

test("An output value is read as what it holds: nothing yet, a secret, or a plain value.", () => {
  const wire = structPb.Struct.fromJavaScript({
    later: { [signature]: output },
    now: { [signature]: output, value: "x", dependencies: ["urn"] },
    hidden: { [signature]: output, value: "y", secret: true },
    none: null,
    old: { [signature]: secret, value: computed },
  });
  expect(decode(wire)).toEqual({ later: unknown, now: "x", hidden: new Secret("y"), old: new Secret(unknown) });
});

test("An asset comes out as it went in.", () => {
  const asset = { [signature]: "c44067f5952c0a294b673a41bacd8c17", path: "a.txt", hash: "00" };
  expect(encode(decode(structPb.Struct.fromJavaScript({ asset }))).toJavaScript()).toEqual({ asset });
});
