/** Makes the steps of a record from the engine's events. Pure. */
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { exemptions, exemptionsOf } from "../exemptions.ts";
import {
  countsOf,
  type PolicyViolation,
  type PreviewRecord,
  type PreviewStep,
  type PropertyChange,
} from "../record.ts";
import { canonical } from "../state/canonical.ts";
import type { Mask } from "../state/mask.ts";
import { nameOf, typeOf } from "../urn.ts";
import { plainText, type EngineEvent, type StepMetadata, type StepState } from "./events.ts";
import { formatPath, parsePath, valueAt, withoutPath, type Path } from "./paths.ts";
import { plainValue, shortened } from "./values.ts";

/** What the events say. */
export interface Folded extends Pick<PreviewRecord, "steps" | "counts" | "packs" | "policy"> {
  /** What was said as an error. */
  errors: string[];
  /** How it ended, as the engine says: `succeeded`; undefined where it did not come to an end. */
  result: string | undefined;
}

type Operation = PreviewStep["operation"];

/** The engine's operations that change something. A replacement has three. */
const operations: Readonly<Record<string, Operation | "same">> = {
  create: "create",
  import: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "import-replacement": "replace",
  "delete-replaced": "replace",
  same: "same",
};

export function fold(events: readonly EngineEvent[], mask: Mask): Folded {
  const begun = events.flatMap(({ resourcePreEvent }) => resourcePreEvent?.metadata ?? []);
  const all = begun.flatMap(({ new: state }) => state ?? []);
  const groups = Map.groupBy(begun, ({ op, urn }) => `${urn} ${operations[op] ?? ""}`);
  const steps: PreviewStep[] = [];
  let same = 0;
  for (const parts of groups.values()) {
    const operation = operationOf(parts);
    if (operation === "same") same++;
    else if (operation !== undefined) steps.push(stepOf(operation, parts, all, mask));
  }
  steps.sort((a, b) => compareText(a.urn, b.urn) || compareText(a.operation, b.operation));
  return {
    steps,
    counts: { ...countsOf(steps), same },
    packs: events
      .flatMap(({ summaryEvent }) => Object.keys(summaryEvent?.PolicyPacks ?? {}))
      .map((name) => mask.text(name.split("|")[0] ?? name))
      .sort(compareText),
    policy: events.flatMap((event) => violationOf(event, mask)),
    errors: events.flatMap(({ diagnosticEvent, errorEvent }) => {
      if (errorEvent) return [mask.text(errorEvent.error)];
      if (diagnosticEvent?.severity !== "error") return [];
      const { urn, message } = diagnosticEvent;
      return [mask.text(`${urn ? `${nameOf(urn)}: ` : ""}${plainText(message).trim()}`)];
    }),
    result: events.flatMap(({ summaryEvent }) => (summaryEvent ? (summaryEvent.result ?? "succeeded") : [])).at(-1),
  };
}

function operationOf(parts: readonly StepMetadata[]): Operation | "same" | undefined {
  // A replacement that was interrupted has left the old resource, and nothing else is to do.
  if (parts.every(({ op }) => op === "delete-replaced")) return "delete";
  const told = operations[parts[0]?.op ?? ""];
  // For the engine, a resource of which an option alone changes is the same.
  return told === "same" && optionsOf(parts).length > 0 ? "update" : told;
}

function stepOf(operation: Operation, parts: StepMetadata[], all: readonly StepState[], mask: Mask): PreviewStep {
  const part = tellingOf(parts);
  const urn = mask.urn(part.urn);
  const before = stateOf(part.old, mask);
  const after = stateOf(part.new, mask);
  const resource = part.new ?? part.old;
  const exempt = resource ? exemptionsOf(resource, all) : [];
  const counted = exempt
    .flatMap((name) => exemptions[name]?.paths ?? [])
    .reduce<unknown>((value, path) => withoutPath(value, path), after.inputs);
  return {
    urn,
    type: typeOf(urn),
    name: nameOf(urn),
    operation,
    inputs: createHash("sha256").update(canonical(counted)).digest("hex"),
    changes: [...(operation === "delete" ? [] : optionsOf(parts)), ...changesOf(operation, part, before, after, mask)],
    exempt,
  };
}

/** Of a replacement, the step that has both states says what changes. */
const tellingOf = (parts: readonly StepMetadata[]): StepMetadata =>
  parts.find(({ op }) => op === "replace") ?? parts.find((one) => one.new) ?? parts[0]!;

/**
 * Options of a resource that change what is done with it, as changes. Their names are in brackets, as no property's path
 * is. Of the others, the engine's events tell nothing.
 */
function optionsOf(parts: readonly StepMetadata[]): PropertyChange[] {
  const { old, new: fresh } = tellingOf(parts);
  const at = (operation: string) => parts.findIndex(({ op }) => op === operation);
  const isDeletedFirst = at("delete-replaced") >= 0 && at("delete-replaced") < at("create-replacement");
  const told = [
    ["(deleteBeforeReplace)", false, isDeletedFirst],
    ["(protect)", old?.protect ?? false, fresh?.protect ?? false],
    ["(retainOnDelete)", old?.retainOnDelete ?? false, fresh?.retainOnDelete ?? false],
  ] as const;
  return told.flatMap(([path, before, after]) => (before === after ? [] : [{ path, kind: "update", before, after }]));
}

interface PlainState {
  inputs: Record<string, unknown>;
  outputs: Record<string, unknown>;
}

function stateOf(state: StepState | null | undefined, mask: Mask): PlainState {
  // Names with two underscores are the engine's and the SDKs' own.
  const own = (values: Record<string, unknown> = {}) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith("__")));
  return {
    inputs: plainValue(own(state?.inputs), mask) as Record<string, unknown>,
    outputs: plainValue(own(state?.outputs), mask) as Record<string, unknown>,
  };
}

function changesOf(
  operation: Operation,
  part: StepMetadata,
  before: PlainState,
  after: PlainState,
  mask: Mask,
): PropertyChange[] {
  if (operation === "delete") return [];
  const changes: PropertyChange[] = [];
  if (operation === "create") {
    for (const [name, value] of Object.entries(after.inputs))
      changes.push({ path: formatPath([name]), kind: "add", after: shortened(value) });
  } else {
    const diff = part.detailedDiff ?? Object.fromEntries((part.diffs ?? []).map((name) => [name, undefined]));
    for (const [text, detail] of Object.entries(diff)) {
      const path = parsePath(text).map((name) => (typeof name === "string" ? mask.text(name) : name));
      const replaces = detail?.diffKind.endsWith("-replace") || (operation === "replace" && part.keys?.includes(text));
      const old = valueAt(before.inputs, path);
      // Some providers tell the difference to what stands.
      const stands = detail?.inputDiff !== true && old === undefined ? valueAt(before.outputs, path) : old;
      changes.push(...leaves(path, stands, valueAt(after.inputs, path), replaces === true));
    }
  }
  return changes.sort((a, b) => compareText(a.path, b.path));
}

/** The change of a value, as changes of what is in it. */
function leaves(path: Path, before: unknown, after: unknown, replaces: boolean): PropertyChange[] {
  if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const inner = names.flatMap((name) => {
      const [old, now] = [before[name], after[name]];
      const part = Array.isArray(before) ? Number(name) : name;
      return isDeepStrictEqual(old, now) ? [] : leaves([...path, part], old, now, replaces);
    });
    if (inner.length > 0) return inner;
  }
  return [
    {
      path: formatPath(path),
      kind: before === undefined ? "add" : after === undefined ? "delete" : "update",
      ...(replaces ? { replaces } : {}),
      ...(before === undefined ? {} : { before: shortened(before) }),
      ...(after === undefined ? {} : { after: shortened(after) }),
    },
  ];
}

const isContainer = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === "object";

function violationOf({ policyEvent }: EngineEvent, mask: Mask): PolicyViolation[] {
  if (!policyEvent) return [];
  const { policyName: policy, policyPackName: pack, enforcementLevel, resourceUrn, message } = policyEvent;
  return [
    {
      policy,
      pack,
      level: enforcementLevel === "mandatory" ? "mandatory" : "advisory",
      ...(resourceUrn ? { urn: mask.urn(resourceUrn) } : {}),
      message: mask.text(plainText(message).trim()),
    },
  ];
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
