/** What is found wrong in a stack file, for tests. */
import { StackError } from "../mistakes.ts";
import { parseStack } from "../parse.ts";
import type { Sibling } from "../siblings.ts";
import { administrators, committed, playbooks, roleSecrets, siblingsBeside } from "./stacks.ts";

interface Given {
  environment?: unknown;
  administrators?: unknown;
  playbooks?: string[];
  /** Fields of the secrets that are set, by name. */
  secrets?: Record<string, string[] | undefined>;
  stack?: string;
  siblings?: Sibling[];
}

/** Paths, given values and allowed values of all mistakes. */
export function mistakes(given: Given): [path: string, given: string, allowed: string][] {
  try {
    parseStack(
      "Pulumi.dev.yaml",
      {
        environment: "environment" in given ? given.environment : committed("dev"),
        administrators: "administrators" in given ? given.administrators : administrators,
      },
      {
        playbooks: given.playbooks ?? playbooks,
        secrets: new Map(Object.entries(given.secrets ?? {})),
        stack: given.stack ?? "dev",
        siblings: given.siblings ?? siblingsBeside("dev"),
        roleSecrets,
      },
    );
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    return error.mistakes.map((mistake) => [mistake.path, mistake.given, mistake.allowed]);
  }
  return [];
}

export type Json = Record<string, unknown>;
type Environment = Json & { tiers: Record<string, Json>; reverseProxy: { routes: Json[] } };

/** The committed dev environment after a change. */
export function dev(change: (environment: Environment) => void): Json {
  const environment = committed("dev") as Environment;
  change(environment);
  return environment;
}

/** The committed dev environment with other fields in one of its tiers. */
export function devWith(tier: string, fields: Json): Json {
  return dev(({ tiers }) => {
    tiers[tier] = { ...tiers[tier], ...fields };
  });
}
