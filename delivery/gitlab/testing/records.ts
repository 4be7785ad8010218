/** Records of previews, for tests. */
import type { PreviewRecord, PreviewStep } from "../../record.ts";

export const commit = "0123456789abcdef0123456789abcdef01234567";

export function step(operation: PreviewStep["operation"], name: string, more: Partial<PreviewStep> = {}): PreviewStep {
  const type = "azure-native:network:VirtualNetwork";
  return {
    urn: `urn:pulumi:prod::platform::${type}::${name}`,
    type,
    name,
    operation,
    inputs: "0".repeat(64),
    changes: [],
    exempt: [],
    ...more,
  };
}

/** A record of these steps, whose counts follow from them. */
export function recordOf(steps: readonly PreviewStep[], more: Partial<PreviewRecord> = {}): PreviewRecord {
  const counts = { create: 0, update: 0, delete: 0, replace: 0, same: 40 };
  for (const { operation } of steps) counts[operation]++;
  return {
    version: 1,
    stack: "prod",
    commit,
    state: "0".repeat(64),
    outcome: "previewed",
    steps: [...steps],
    counts,
    packs: ["platform"],
    policy: [],
    ...more,
  };
}
