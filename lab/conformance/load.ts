/** Case files and fixture files, read and checked: every mistake is told at once. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { load } from "js-yaml";
import type { z } from "zod";
import { ruleMistakes } from "./rules.ts";
import { caseFile, fixtureFile, type CaseFile, type Fixture } from "./schema.ts";

export interface Case extends CaseFile {
  /** `network/subnetOutside.yml`. */
  file: string;
  /** The folder: `network`, `compute` ... */
  provider: string;
}

export interface Suite {
  cases: Case[];
  fixtures: Record<string, Fixture>;
  /** Of the fixture files. */
  variables: Record<string, string>;
}

const home = import.meta.dirname;

/** Throws one error that names every mistake with its file and path. */
export function loadSuite(directory: string = home): Suite {
  const mistakes: string[] = [];
  const suite: Suite = { cases: [], fixtures: {}, variables: {} };
  const providers = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name: provider } of providers) {
    for (const name of readdirSync(join(directory, provider)).sort()) {
      if (!/\.ya?ml$/.test(name)) continue;
      const path = join(directory, provider, name);
      const file = relative(directory, path);
      const content = parsed(path, file, mistakes);
      if (content === undefined) continue;
      if (name === "fixtures.yml") addFixtures(suite, checked(fixtureFile, content, file, mistakes), file, mistakes);
      else {
        const found = checked(caseFile, content, file, mistakes);
        if (found) suite.cases.push({ ...found, file, provider });
      }
    }
  }
  mistakes.push(...ruleMistakes(suite));
  if (mistakes.length > 0) throw new Error(`${mistakes.length} mistakes in case files:\n${mistakes.join("\n")}`);
  return suite;
}

function parsed(path: string, file: string, mistakes: string[]): unknown {
  try {
    return load(readFileSync(path, "utf8"));
  } catch (error) {
    mistakes.push(`${file}: ${(error as Error).message.split("\n")[0]}`);
    return undefined;
  }
}

function checked<T>(schema: z.ZodType<T>, content: unknown, file: string, mistakes: string[]): T | undefined {
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  mistakes.push(...result.error.issues.flatMap((issue) => tell(issue, file)));
  return undefined;
}

/** A union tells the mistakes of the member that came nearest: a step with a request is no step of the lab. */
function tell(issue: z.core.$ZodIssue, file: string, above: PropertyKey[] = []): string[] {
  const path = [...above, ...issue.path];
  const members: z.core.$ZodIssue[][] = issue.code === "invalid_union" ? issue.errors : [];
  const nearest = members.toSorted((a, b) => a.length - b.length)[0] ?? [];
  if (nearest.length > 0) return nearest.flatMap((inner) => tell(inner, file, path));
  return [`${file}: ${path.map(String).join(".") || "(file)"}: ${issue.message}`];
}

function addFixtures(
  suite: Suite,
  found: z.infer<typeof fixtureFile> | undefined,
  file: string,
  mistakes: string[],
): void {
  for (const kind of ["fixtures", "variables"] as const) {
    for (const [name, value] of Object.entries<unknown>(found?.[kind] ?? {})) {
      if (name in suite[kind]) mistakes.push(`${file}: ${kind}.${name}: another provider has one of this name`);
      Object.assign(suite[kind], { [name]: value });
    }
  }
}
