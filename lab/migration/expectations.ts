/** What clients meet at a point of the migration, by what the stack files say. Pure. */
import { allStacks, type Stack, type State } from "./steps.ts";

export type Side = "legacy" | "tier";

export interface Expectation {
  stack: Stack;
  host: string;
  /** Percent of the clients that the tier has. */
  share: number;
  /** Where the host's name leads. */
  target: "legacy" | "azure";
  /** Whose reverse proxies the name leads to, or one who is told an address goes to. */
  entry: Stack;
}

interface Route {
  host: string;
  tier?: string;
  legacy?: string;
  share?: number;
}

/** Of every host of some stacks. */
export function expectations({ files }: Pick<State, "files">, stacks: readonly Stack[] = allStacks): Expectation[] {
  return stacks.flatMap((stack) => {
    const changes = files[stack];
    const { target = {} } = (changes["dns"] ?? {}) as { target?: Record<string, "legacy" | "azure"> };
    const routes = (changes["reverseProxy.routes"] ?? []) as Route[];
    // tools is behind production in its own file.
    const entry = stack === "tools" || changes["reverseProxy.entry"] === "production" ? "prod" : stack;
    return routes.map(({ host, legacy, share }) => ({
      stack,
      host,
      share: legacy === undefined ? 100 : (share ?? 0),
      target: target[host] ?? "legacy",
      entry,
    }));
  });
}

/** The side of a client with a number from 0 to 99, as its cookie has it. */
export const sideOf = (number: number, { share }: Pick<Expectation, "share">): Side =>
  number < share ? "tier" : "legacy";
