import { expect, test } from "vitest";
import { Mask } from "../state/mask.ts";
import type { EngineEvent, StepMetadata, StepState } from "./events.ts";
import { fold } from "./fold.ts";

const mask = new Mask([{ secret: "hunter2", by: "[secret]" }]);
const signature = "4dabf18193072939515e22adb298388d";
const secret = { [signature]: "1b47061264138c4ac30d75fd1eb44270", ciphertext: "[secret]" };
const type = "azure-native:network:VirtualNetwork";
const urn = `urn:pulumi:dev::platform::${type}::network`;
const state = (inputs: object, more: Partial<StepState> = {}): StepState => ({
  type,
  urn,
  inputs: { ...inputs },
  outputs: {},
  ...more,
});
const begins = (metadata: Partial<StepMetadata>): EngineEvent => ({
  resourcePreEvent: { metadata: { op: "same", urn, type, ...metadata } },
});
const stepsOf = (...events: EngineEvent[]) => fold(events, mask).steps;

test("a replacement is one step, whatever its parts and their order", () => {
  const old = state({ zone: "1" });
  const fresh = state({ zone: "2" });
  const detailedDiff = { zone: { diffKind: "update-replace", inputDiff: true } };
  const zone = { path: "zone", kind: "update", replaces: true, before: "1", after: "2" };
  const parts = ["create-replacement", "replace", "delete-replaced"].map((op) =>
    begins({ op, old, new: op === "delete-replaced" ? null : fresh, detailedDiff }),
  );
  for (const events of [parts, parts.toReversed()]) {
    const { steps, counts } = fold(events, mask);
    expect(counts).toEqual({ create: 0, update: 0, delete: 0, replace: 1, same: 0 });
    expect(steps).toMatchObject([{ operation: "replace", changes: expect.arrayContaining([zone]) as unknown }]);
  }
});

test("a replacement that deletes first says so", () => {
  const parts = (...operations: string[]) =>
    operations.map((op) =>
      begins({ op, old: state({}), new: op === "delete-replaced" ? null : state({ zone: "2" }), diffs: ["zone"] }),
    );
  const change = { path: "(deleteBeforeReplace)", kind: "update", before: false, after: true };
  expect(stepsOf(...parts("delete-replaced", "replace", "create-replacement"))[0]?.changes).toContainEqual(change);
  expect(stepsOf(...parts("create-replacement", "replace", "delete-replaced"))[0]?.changes).not.toContainEqual(change);
});

test("what an interrupted replacement left is deleted, and not replaced again", () => {
  const events = [
    begins({ op: "same", old: state({ zone: "2" }), new: state({ zone: "2" }) }),
    begins({ op: "delete-replaced", old: state({ zone: "1" }, { protect: true }), new: null }),
  ];
  const { steps, counts } = fold(events, mask);
  expect(steps).toMatchObject([{ operation: "delete", changes: [] }]);
  expect(counts).toEqual({ create: 0, update: 0, delete: 1, replace: 0, same: 1 });
});

test("protection that goes is a step of its own, whatever else is the same", () => {
  const inputs = { a: 1 };
  const same = (before: Partial<StepState>, after: Partial<StepState>) =>
    fold([begins({ op: "same", old: state(inputs, before), new: state(inputs, after) })], mask);
  const gone = (option: string) => ({ path: `(${option})`, kind: "update", before: true, after: false });
  for (const option of ["protect", "retainOnDelete"]) {
    const { steps, counts } = same({ [option]: true }, {});
    expect(steps).toMatchObject([{ name: "network", operation: "update", changes: [gone(option)], exempt: [] }]);
    expect(counts).toEqual({ create: 0, update: 1, delete: 0, replace: 0, same: 0 });
  }
  expect(same({ protect: true }, { protect: true })).toMatchObject({ steps: [], counts: { same: 1 } });
  expect(stepsOf(begins({ op: "create", new: state(inputs, { protect: true }) }))[0]?.changes).toEqual([
    { path: "(protect)", kind: "update", before: false, after: true },
    { path: "a", kind: "add", after: 1 },
  ]);
});

test("a creation tells all that is made; the engine's own names are left out", () => {
  const [step] = stepsOf(begins({ op: "create", new: state({ a: 1, __defaults: [] }) }));
  expect(step).toMatchObject({ name: "network", operation: "create", changes: [{ path: "a", kind: "add", after: 1 }] });
});

test("a secret is told as one, wherever it is; a value that is not known yet too", () => {
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
  const old = state({ key: secret, text: "user:hunter2@host", id: "a", list: [1] });
  const fresh = state({ key: secret, text: "user:hunter2@other", id: unknown, list: [1, "hunter2"] });
  const detailedDiff = Object.fromEntries(
    ["key", "text", "id", "list[1]"].map((path) => [path, { diffKind: "update", inputDiff: true }]),
  );
  const [step] = stepsOf(begins({ op: "update", old, new: fresh, detailedDiff }));
  expect(step?.changes).toEqual([
    { path: "id", kind: "update", before: "a", after: "[unknown]" },
    { path: "key", kind: "update", before: "[secret]", after: "[secret]" },
    { path: "list[1]", kind: "add", after: "[secret]" },
    { path: "text", kind: "update", before: "user:[secret]@host", after: "user:[secret]@other" },
  ]);
});

test("a secret in the name of a property is told as one", () => {
  const detailedDiff = { 'tags["is hunter2"].hunter2': { diffKind: "update", inputDiff: true } };
  const of = (value: number) => state({ tags: { "is hunter2": { hunter2: value } } });
  const [step] = stepsOf(begins({ op: "update", old: of(1), new: of(2), detailedDiff }));
  expect(step?.changes).toEqual([{ path: 'tags["is [secret]"]["[secret]"]', kind: "update", before: 1, after: 2 }]);
});

test("a property that is called as what every object has is one that is added", () => {
  const diffs = ["tags.constructor"];
  const [step] = stepsOf(
    begins({ op: "update", old: state({ tags: {} }), new: state({ tags: { constructor: "ours" } }), diffs }),
  );
  expect(step?.changes).toEqual([{ path: "tags.constructor", kind: "add", after: "ours" }]);
});

test("a change of an object is told as changes of what is in it", () => {
  const [step] = stepsOf(
    begins({
      op: "update",
      old: state({ tags: { a: "1", "b.c": { d: 1 }, same: true } }),
      new: state({ tags: { "b.c": { d: 2 }, same: true, e: [] } }),
      diffs: ["tags"],
    }),
  );
  expect(step?.changes).toEqual([
    { path: "tags.a", kind: "delete", before: "1" },
    { path: "tags.e", kind: "add", after: [] },
    { path: 'tags["b.c"].d', kind: "update", before: 1, after: 2 },
  ]);
});

test("the digest is of all inputs but those that are exempt", () => {
  const parent = "urn:pulumi:dev::platform::platform:components:TierHAG::back";
  const set = (capacity: number, size = "B2s") =>
    state(
      { sku: { capacity, name: size } },
      { urn: urn.replace(type, "azure-native:compute:VirtualMachineScaleSet"), parent },
    );
  const autoscale = begins({
    new: state({}, { type: "azure-native:monitor:AutoscaleSetting", urn: "urn:other", parent }),
    urn: "urn:other",
  });
  const digest = (fresh: StepState, ...more: EngineEvent[]) => {
    const [step] = stepsOf(begins({ op: "update", old: set(2), new: fresh, urn: fresh.urn }), ...more);
    return [step?.inputs, step?.exempt];
  };
  expect(digest(set(3), autoscale)).toEqual(digest(set(5), autoscale));
  expect(digest(set(3), autoscale)[1]).toEqual(["capacity"]);
  expect(digest(set(3))).not.toEqual(digest(set(5)));
  expect(digest(set(3), autoscale)).not.toEqual(digest(set(3, "B4s"), autoscale));
});

test("long values are told by their length and their digest", () => {
  const [step] = stepsOf(begins({ op: "create", new: state({ customData: "x".repeat(501) }) }));
  expect(step?.changes[0]?.after).toMatch(/^\[501 characters, SHA-256 [0-9a-f]{64}\]$/);
});

test("violations of policies, errors and the end are as the engine tells them, without secrets and colours", () => {
  const folded = fold(
    [
      {
        policyEvent: {
          resourceUrn: urn,
          message: "<{%fg 13%}>[mandatory]  no hunter2<{%reset%}>\n",
          policyName: "no-passwords",
          policyPackName: "platform",
          enforcementLevel: "mandatory",
        },
      },
      { diagnosticEvent: { urn, message: "<{%reset%}>refused: hunter2<{%reset%}>\n", severity: "error" } },
      { diagnosticEvent: { message: "only said", severity: "info" } },
      { summaryEvent: { resourceChanges: {}, PolicyPacks: { "platform|local|policy": "" }, result: "failed" } },
    ],
    mask,
  );
  expect(folded).toMatchObject({
    policy: [
      { policy: "no-passwords", pack: "platform", level: "mandatory", urn, message: "[mandatory]  no [secret]" },
    ],
    packs: ["platform"],
    errors: ["network: refused: [secret]"],
    result: "failed",
  });
});
