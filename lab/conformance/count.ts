/** Cases by provider and evidence, and the table of guesses. `node lab/conformance/count.ts --write` writes the table. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evidenceKinds, type EvidenceKind } from "./evidence.ts";
import { loadSuite, type Case } from "./load.ts";

/** From this share of guesses on, the cases prove too little. */
export const greatestShareOfGuesses = 0.15;

export const guessesFile = join(import.meta.dirname, "GUESSES.md");

export type Counts = Record<EvidenceKind, number>;

export function countEvidence(cases: readonly Case[]): Counts {
  const count = (kind: EvidenceKind): number => cases.filter(({ evidence }) => evidence.kind === kind).length;
  return { documented: count("documented"), recorded: count("recorded"), types: count("types"), guess: count("guess") };
}

export const shareOfGuesses = (cases: readonly Case[]): number => countEvidence(cases).guess / cases.length;

/** One line for each provider, and one for all of them. */
export function countTable(cases: readonly Case[]): string {
  const providers = [...new Set(cases.map(({ provider }) => provider))].sort();
  const line = (name: string, some: readonly Case[]): string[] => {
    const counts = countEvidence(some);
    return [name, ...evidenceKinds.map((kind) => String(counts[kind])), String(some.length)];
  };
  const rows = [
    ["provider", ...evidenceKinds, "cases"],
    ...providers.map((provider) =>
      line(
        provider,
        cases.filter((one) => one.provider === provider),
      ),
    ),
    line("all", cases),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row.map((cell, column) => (column ? cell.padStart(widths[column]!) : cell.padEnd(widths[0]!))).join("  "),
    )
    .join("\n");
}

/** Markdown: what the lab does although nobody has shown that Azure does it. */
export function guessesTable(cases: readonly Case[]): string {
  const guesses = cases.flatMap(({ file, title, evidence }) =>
    evidence.kind === "guess" ? [`| [${title}](${file}) | ${evidence.why.replaceAll("|", "\\|")} |`] : [],
  );
  return [
    "# Guesses",
    "",
    "What the lab does here is a choice: no document, recorded answer or type of Azure's was found that shows it.",
    "Written by `node lab/conformance/count.ts --write`.",
    "",
    "| case | why it is a guess |",
    "| --- | --- |",
    ...guesses,
    "",
  ].join("\n");
}

function main(): void {
  const { cases } = loadSuite();
  console.log(countTable(cases));
  const share = shareOfGuesses(cases);
  console.log(`\n${(share * 100).toFixed(1)}% guesses; they must stay below ${greatestShareOfGuesses * 100}%.`);
  if (process.argv.includes("--write")) writeFileSync(guessesFile, guessesTable(cases));
  else if (readFileSync(guessesFile, "utf8") !== guessesTable(cases)) {
    console.error("GUESSES.md is out of date: run with --write");
    process.exitCode = 1;
  }
  if (share >= greatestShareOfGuesses) process.exitCode = 1;
}

if (import.meta.main) main();
