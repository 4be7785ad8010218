/** How long the rest of the suite takes, by what was done. Pure. */
import type { Run } from "../chaos/report.ts";

/** `deployments` of `deployments-3`. */
export const kindOf = (experiment: string) => experiment.replace(/-\d+$/, "");

/** Minutes that one took for release 0.6.0: they count as long as none was seen on this host. */
const measured: Record<string, number> = { deployments: 14, bad: 6, killed: 5, "repair-then-deploy": 4, repair: 6 };

/** Minutes for those that are left. */
export function minutesLeft(left: readonly string[], runs: readonly Run[]): number {
  const minutes = left.map((name) => {
    const seen = runs.flatMap(({ experiment, seconds }) =>
      seconds !== undefined && kindOf(experiment) === kindOf(name) ? [seconds / 60] : [],
    );
    return seen.length > 0 ? seen.reduce((sum, one) => sum + one, 0) / seen.length : (measured[kindOf(name)] ?? 10);
  });
  return minutes.reduce((sum, one) => sum + one, 0);
}

/** Requests that the 50 deployments and 50 rollbacks must have had at least. */
export const fewestRequests = 100_000;

/**
 * What is missed of all deployments together, once all are done: one line each.
 *
 * @param names All experiments that there are, not only those that were asked for.
 */
export function missedTogether(names: readonly string[], runs: readonly Run[]): string[] {
  const all = names.filter((name) => kindOf(name) === "deployments");
  const done = runs.filter(({ experiment, report }) => report && all.includes(experiment));
  if (done.length < all.length) return [];
  const requests = done.reduce((sum, { report }) => sum + (report?.figures["requests"] ?? 0), 0);
  return requests >= fewestRequests
    ? []
    : [`deployments: ${requests} requests in deployments and rollbacks; wanted: at least ${fewestRequests}`];
}
