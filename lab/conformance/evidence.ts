/** What a case's expectation rests on. */
import { z } from "zod";

const https = z.url({ protocol: /^https$/, error: "an https address" });

/** Hosts of documents that Microsoft or an SDK's authors publish. */
const documentHosts = ["learn.microsoft.com", "azure.microsoft.com", "github.com", "raw.githubusercontent.com"];

const wordsOf = (text: string): number => text.trim().split(/\s+/).length;

const documented = z.strictObject({
  kind: z.literal("documented"),
  page: https.refine((page) => documentHosts.includes(new URL(page).host), `a page of ${documentHosts.join(", ")}`),
  quote: z
    .string()
    .min(1)
    .refine((quote) => wordsOf(quote) <= 25, "at most 25 words, word for word from the page"),
  /** Where the asserted code was seen, when the quote states the rule only. */
  codeSeen: https.optional(),
});

const types = z.strictObject({
  kind: z.literal("types"),
  resource: z
    .string()
    .regex(/^Microsoft\.[A-Za-z]+\/[A-Za-z/]+$/, "a resource type such as Microsoft.Network/loadBalancers"),
  version: z.string().regex(/^\d{4}-\d{2}-\d{2}(-preview)?$/, 'an api-version such as "2024-05-01"'),
});

const recorded = z.strictObject({
  kind: z.literal("recorded"),
  date: z.iso.date("the day of the answer or of the thread, such as 2025-10-01"),
  source: https,
});

const guess = z.strictObject({
  kind: z.literal("guess"),
  why: z.string().min(10, "what was looked for, and why there is no evidence"),
});

export const evidence = z.discriminatedUnion("kind", [documented, types, recorded, guess], {
  error: "one kind of evidence: documented, types, recorded or guess",
});

export type Evidence = z.infer<typeof evidence>;
export type EvidenceKind = Evidence["kind"];

export const evidenceKinds: readonly EvidenceKind[] = ["documented", "recorded", "types", "guess"];
