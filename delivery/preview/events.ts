/**
 * Events of the engine, as far as they are read here: `pulumi preview --json` with
 * PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true, one JSON object in a line (pulumi/sdk, go/common/apitype/events.go). They
 * have the steps with their values, the policies' violations, what was said, and the engine's own count; a value that is
 * marked as secret is not in them.
 */

/** State of a resource before or after a step. */
export interface StepState {
  type: string;
  urn: string;
  parent?: string;
  /** Options of the resource; not told where they are false. */
  protect?: boolean;
  retainOnDelete?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

export interface StepMetadata {
  /** For example `update`, `create-replacement`. */
  op: string;
  urn: string;
  type: string;
  old?: StepState | null;
  new?: StepState | null;
  /** Properties for which it is replaced. */
  keys?: string[] | null;
  /** Properties that changed, where there is no `detailedDiff`. */
  diffs?: string[] | null;
  detailedDiff?: Record<string, { diffKind: string; inputDiff: boolean }> | null;
}

export interface EngineEvent {
  resourcePreEvent?: { metadata: StepMetadata };
  resOutputsEvent?: { metadata: StepMetadata };
  diagnosticEvent?: { urn?: string; prefix?: string; message: string; severity: string; ephemeral?: boolean };
  stdoutEvent?: { message: string };
  policyEvent?: {
    resourceUrn?: string;
    message: string;
    policyName: string;
    policyPackName: string;
    enforcementLevel: string;
  };
  /** `PolicyPacks` are those that ran, with their versions: a local one is `<name>|local|<folder>`. */
  summaryEvent?: {
    resourceChanges?: Record<string, number>;
    PolicyPacks?: Record<string, string> | null;
    result?: string;
  };
  errorEvent?: { error: string };
}

/** The engine's marks for colours: `<{%reset%}>`. */
export function plainText(text: string): string {
  return text.replaceAll(/<\{%[^%]*%\}>/g, "");
}
