import { expect, test } from "vitest";
import { visible } from "../gitlab/markup.ts";
import type { PolicyViolation, PreviewRecord, PreviewStep, PropertyChange } from "../record.ts";
import { comesAndGoes, differences, differencesText } from "./compare.ts";

const digest = (letter: string) => letter.repeat(64);
const update = (path: string, before: unknown, after: unknown): PropertyChange => ({
  path,
  kind: "update",
  before,
  after,
});
const step = (more: Partial<PreviewStep> = {}): PreviewStep => ({
  urn: "urn:pulumi:dev::platform::azure-native:network:VirtualNetwork::network",
  type: "azure-native:network:VirtualNetwork",
  name: "network",
  operation: "update",
  inputs: digest("a"),
  changes: [update("tags.a", "1", "2")],
  exempt: [],
  ...more,
});
const record = (steps: PreviewStep[], more: Partial<PreviewRecord> = {}): PreviewRecord => ({
  version: 1,
  stack: "dev",
  commit: "0".repeat(40),
  state: digest("0"),
  outcome: "previewed",
  steps,
  counts: { create: 0, update: 0, delete: 0, replace: 0, same: 0 },
  packs: ["platform"],
  policy: [],
  ...more,
});
const playbook = (changes: PropertyChange[], more: Partial<PreviewStep> = {}) =>
  step({
    type: "command:local:Command",
    name: "configuration-ansible",
    urn: "urn:run",
    operation: "replace",
    exempt: ["playbook"],
    changes,
    ...more,
  });
const machines = update("triggers[0]", "vm-1", "vm-2");
const scaleSet = (changes: PropertyChange[], more: Partial<PreviewStep> = {}) =>
  step({
    type: "azure-native:compute:VirtualMachineScaleSet",
    name: "back-vmss",
    urn: "urn:set",
    exempt: ["capacity"],
    changes,
    ...more,
  });
const open: PolicyViolation = { policy: "open", pack: "platform", level: "mandatory", message: "it is open" };
const tags: PolicyViolation = { policy: "tags", pack: "platform", level: "advisory", urn: "urn:set", message: "none" };
const capacity = update("sku.capacity", 2, 3);

test("what is the same is no difference, whatever commit it is of", () => {
  expect(differences(record([step()]), record([step()], { commit: "1".repeat(40) }))).toEqual([]);
});

test("an apply without the policies that were asked is refused, and so is one with others", () => {
  const without = record([step()], { packs: [] });
  expect(differences(record([step()]), without)).toEqual([
    { subject: "policy packs", approved: "platform", now: "none" },
  ]);
  expect(differences(without, record([step()]))).toHaveLength(1);
});

test.each<[string, PreviewRecord, PreviewRecord]>([
  ["state", record([step()]), record([step()], { state: digest("1") })],
  ["a state that is there", record([step()], { state: undefined }), record([step()])],
  ["stack", record([step()]), record([step()], { stack: "prod" })],
  ["preview that failed", record([step()], { outcome: "failed" }), record([step()])],
  ["step more", record([]), record([step()])],
  ["step less", record([step()]), record([])],
  ["operation", record([step()]), record([step({ operation: "replace" })])],
  ["value", record([step()]), record([step({ changes: [update("tags.a", "1", "3")] })])],
  ["value before", record([step()]), record([step({ changes: [update("tags.a", "0", "2")] })])],
  ["digest of inputs", record([step()]), record([step({ inputs: digest("b") })])],
  ["secret", record([step()], { secrets: { a: "1" } }), record([step()], { secrets: { a: "2" } })],
  ["secret more", record([step()]), record([step()], { secrets: { a: "2" } })],
  ["secret change that nobody saw", record([]), record([step({ changes: [update("key", "[secret]", "[secret]")] })])],
  [
    "other command of the playbook",
    record([playbook([machines])]),
    record([playbook([machines], { inputs: digest("b") })]),
  ],
  [
    "playbooks or variables, where machines changed, too",
    record([playbook([machines])]),
    record([playbook([machines, update("environment.PLATFORM_CONTENT", "a", "b")])]),
  ],
  ["playbook that changes otherwise", record([]), record([playbook([machines, update("create", "a", "b")])])],
  ["playbook that goes and would have changed otherwise", record([playbook([update("create", "a", "b")])]), record([])],
  ["scale set of another size", record([]), record([scaleSet([capacity, update("sku.name", "B2s", "B4s")])])],
  ["scale set without autoscale", record([]), record([scaleSet([capacity], { exempt: [] })])],
  [
    "scale set for which the approved record claims more",
    record([scaleSet([capacity])]),
    record([scaleSet([update("sku.capacity", 2, 9)], { exempt: [] })]),
  ],
  ["violation of a policy", record([step()], { policy: [open] }), record([step()], { policy: [open, tags] })],
  [
    "level of a violation",
    record([step()], { policy: [{ ...open, level: "advisory" }] }),
    record([step()], { policy: [open] }),
  ],
  ["deletion of what is exempt", record([]), record([playbook([], { operation: "delete" })])],
])("another %s is a difference", (_, approved, now) => {
  expect(differences(approved, now)).not.toEqual([]);
});

test.each<[string, PreviewStep[], PreviewStep[]]>([
  ["a run of Ansible that comes", [], [playbook([machines])]],
  [
    "one that is replaced in the order of the program",
    [],
    [playbook([machines, update("(deleteBeforeReplace)", false, true)])],
  ],
  ["a run of Ansible that goes", [playbook([machines])], []],
  [
    "another hash and other machines",
    [playbook([machines])],
    [playbook([update("environment.PLATFORM_MACHINES", "a", "c"), update("triggers[1]", "x", "y")])],
  ],
  ["a number of machines that comes", [], [scaleSet([capacity])]],
  [
    "another number of machines",
    [scaleSet([capacity, update("tags.a", "1", "2")])],
    [scaleSet([update("sku.capacity", 2, 5), update("tags.a", "1", "2")])],
  ],
  [
    "a secret that was encrypted anew and is the same",
    [step({ changes: [update("properties.value", "[secret]", "[secret]")] })],
    [],
  ],
  [
    "such a secret among other changes",
    [step({ changes: [update("key", "[secret]", "[secret]"), update("tags.a", "1", "2")] })],
    [step()],
  ],
])("%s is no difference", (_, approved, now) => {
  expect(differences(record(approved), record(now))).toEqual([]);
});

test("an apply that goes on may do less, and what was not known then; and nothing else", () => {
  const create = step({
    operation: "create",
    changes: [{ path: "of", kind: "add", after: { id: "[unknown]", port: 1 } }],
  });
  const known = (port: number) =>
    record([{ ...create, inputs: digest("b"), changes: [{ path: "of", kind: "add", after: { id: "/x", port } }] }], {
      state: digest("9"),
    });
  const approved = record([create, step({ urn: "urn:done" })]);
  expect(differences(approved, known(1), { resumed: true })).toEqual([]);
  expect(differences(approved, known(2), { resumed: true })).toHaveLength(1);
  expect(differences(approved, known(1))).not.toEqual([]);
  const replace = step({ operation: "replace" });
  const rest = (operation: "create" | "delete") => record([step({ operation, changes: [] })]);
  expect(differences(record([replace]), rest("create"), { resumed: true })).toEqual([]);
  expect(differences(record([replace]), rest("delete"), { resumed: true })).toEqual([]);
  expect(differences(record([step()]), rest("delete"), { resumed: true })).toHaveLength(1);
  expect(differences(record([]), record([step()]), { resumed: true })).toHaveLength(1);
});

test("what was made by half may be changed to what was approved, and to nothing else", () => {
  const add = (path: string, after: unknown): PropertyChange => ({ path, kind: "add", after });
  const create = step({ operation: "create", changes: [add("of", "[unknown]"), add("ports", { http: [80, 81] })] });
  const rest = (...changes: PropertyChange[]) =>
    differences(record([create]), record([step({ inputs: digest("b"), changes })]), { resumed: true });
  expect(rest(update("of.id", "a", "b"), update("ports.http[1]", 79, 81))).toEqual([]);
  expect(rest({ path: "gone", kind: "delete", before: 1 })).toEqual([]);
  expect(rest(update("ports.http[1]", 81, 82))).toMatchObject([{ approved: "ports.http[1]: 81" }]);
  expect(rest(add("more", 1))).toHaveLength(1);
});

test("a violation that there is no longer is no difference, nor one that an apply finds that goes on", () => {
  const [fine, violated] = [record([step()]), record([step()], { policy: [tags] })];
  expect(differences(violated, fine)).toEqual([]);
  expect(differences(fine, violated)).toMatchObject([
    { subject: "policy", now: expect.stringContaining("none") as string },
  ]);
  expect(differences(fine, violated, { resumed: true })).toEqual([]);
});

test("only a change of what is exempt comes and goes", () => {
  expect(comesAndGoes(playbook([machines]))).toBe(true);
  expect(comesAndGoes(playbook([]))).toBe(false);
  expect(comesAndGoes(playbook([machines], { operation: "create" }))).toBe(false);
  expect(comesAndGoes(step())).toBe(false);
});

test("a difference says what was approved and what would be done now", () => {
  expect(differences(record([step()]), record([step({ changes: [update("tags.a", "1", "3")] })]))).toEqual([
    {
      subject: "azure-native:network:VirtualNetwork network",
      approved: 'tags.a: "1" => "2"',
      now: 'tags.a: "1" => "3"',
    },
  ]);
});

test("a record of very many changes is compared in a time that grows as they do", { timeout: 60_000 }, () => {
  const changes = Array.from({ length: 100_000 }, (_, at) => update(`names[${at}]`, at, at + 1));
  const begun = performance.now();
  expect(differences(record([step({ changes })]), record([step({ changes: changes.toReversed() })]))).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test("an approved record hides no line of the log", () => {
  const section = "\u001b[0Ksection_start:0:x[collapsed=true]\r\u001b[0K\n";
  const approved = record([step({ name: section, changes: [update(section, 1, 2)] })]);
  for (const now of [[], [step({ name: section, changes: [] })]]) {
    const text = differencesText(differences(approved, record(now)));
    expect(text).toContain("section_start");
    expect(text).not.toMatch(/[^\P{C}\n]/u);
    expect(text.split("\n")).toHaveLength(3);
  }
  const failed = record([], { outcome: "failed", error: section });
  expect(differencesText(differences(failed, record([])))).toBe(
    `preview\n  approved: failed: ${visible(section)}\n  now:      previewed`,
  );
});
