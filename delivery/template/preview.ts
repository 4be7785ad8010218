/** What `pulumi preview --json` says of the resources that there would be. */
import { z } from "zod";
import { parseAs } from "../parse.ts";

const state = z.object({
  urn: z.string(),
  type: z.string(),
  custom: z.boolean().default(false),
  inputs: z.record(z.string(), z.unknown()).default({}),
  dependencies: z.array(z.string()).nullish(),
  propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).nullish(),
});

const preview = z.object({ steps: z.array(z.object({ op: z.string(), newState: state.optional() })) });

const diagnosed = z.object({
  diagnostics: z.array(z.object({ message: z.string().default(""), severity: z.string().default("") })).default([]),
});

/** A resource that there would be after the preview's steps. */
export interface Planned {
  urn: string;
  type: string;
  inputs: Record<string, unknown>;
  /** URNs of the resources that must be there before. */
  dependencies: readonly string[];
  /** URNs of the resources of whose outputs an input is made. */
  madeOf: Readonly<Record<string, readonly string[]>>;
}

/** The resources of a preview, each once. Throws where the text is no such preview, or one that failed: it has a part. */
export function plannedOf(text: string): Planned[] {
  const what = "what `pulumi preview --json` prints";
  // One that failed early has no steps at all.
  const { diagnostics } = parseAs(diagnosed, what, text);
  const errors = diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message.trim());
  if (errors.length > 0) throw new Error(`the preview failed: ${errors.join("\n")}`);
  const { steps } = parseAs(preview, what, text);
  const planned = new Map<string, Planned>();
  for (const { op, newState } of steps) {
    if (!newState?.custom || op.startsWith("delete") || op.startsWith("discard")) continue;
    const { urn, type, inputs, dependencies, propertyDependencies } = newState;
    planned.set(urn, {
      ...{ urn, type, inputs },
      dependencies: dependencies ?? [],
      madeOf: Object.fromEntries(
        Object.entries(propertyDependencies ?? {}).map(([input, urns]) => [input, urns ?? []]),
      ),
    });
  }
  return [...planned.values()];
}
