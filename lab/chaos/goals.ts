/** What must come of a run: each goal says what was wanted and what came. Pure. */
import { longestWindow, unavoidableFailures } from "./unavoidable.ts";
import type { Outcome } from "./outcome.ts";

export interface Verdict {
  goal: string;
  wanted: string;
  got: string;
  met: boolean;
}

export type Goal = (outcome: Outcome) => Verdict;

/** Otherwise the figures are those of another load. */
export const loadWasKept: Goal = ({ rate, achieved, after, before }) => ({
  goal: "the load was kept",
  wanted: `${rate} requests a second, all sent`,
  got: `${achieved.toFixed(0)} a second, ${before.unsent + after.unsent} not sent`,
  met: achieved >= 0.95 * rate && before.unsent + after.unsent === 0,
});

/** Reading may be done twice, so that somebody on the way must have done it again. */
export const noReadFailed: Goal = ({ after }) => ({
  goal: "no idempotent request failed",
  wanted: "0 failed",
  got: `${after.failed.idempotent} of ${after.count} failed${reasons(after)}`,
  met: after.failed.idempotent === 0,
});

/** Not even one that nobody may send again. */
export const noRequestFailed: Goal = ({ after }) => {
  const failed = after.failed.idempotent + after.failed.other;
  return {
    goal: "no request failed",
    wanted: "0 failed",
    got: `${failed} of ${after.count} failed${reasons(after)}`,
    met: failed === 0,
  };
};

export const writesWereKept = ({ writes }: Pick<Outcome, "writes">): Verdict => ({
  goal: "what was acknowledged is there, once",
  wanted: "0 missing, 0 twice",
  got: `${writes.missing.length} missing, ${writes.twice.length} twice, of ${writes.acknowledged} acknowledged`,
  met: writes.missing.length === 0 && writes.twice.length === 0,
});

export const becameWhole = ({ whole }: Pick<Outcome, "whole">): Verdict => ({
  goal: "as many machines as configured, healthy and in rotation",
  wanted: "in the end",
  got: whole === undefined ? "not in time" : `after ${whole.toFixed(1)} s`,
  met: whole !== undefined,
});

export const ejectedWithin =
  (seconds: number): Goal =>
  ({ ejected }) => ({
    goal: "the machine was ejected",
    wanted: `within ${seconds} s`,
    got: `after ${ejected.toFixed(2)} s`,
    met: ejected <= seconds,
  });

export const replacedWithin =
  (seconds: number): Goal =>
  ({ replaced }) => ({
    goal: "another machine converged and serves",
    wanted: `within ${seconds} s of the verdict`,
    got: replaced === undefined ? "not in time" : `after ${replaced.toFixed(1)} s`,
    met: replaced !== undefined && replaced <= seconds,
  });

/** Itself or another one, whichever Azure does. */
export const servesAgainWithin =
  (seconds: number): Goal =>
  ({ servesAgain }) => ({
    goal: "a machine serves in its place",
    wanted: `within ${seconds} s`,
    got: servesAgain === undefined ? "not in time" : `after ${servesAgain.toFixed(1)} s`,
    met: servesAgain !== undefined && servesAgain <= seconds,
  });

export const noneReplaced: Goal = ({ newcomers }) => ({
  goal: "no machine was replaced",
  wanted: "0 repairs",
  got: `${newcomers} new machines`,
  met: newcomers === 0,
});

/** No more failed, and no longer, than the load balancer's probes make unavoidable. */
export const noMoreThanUnavoidable: Goal = ({ rate, members, probing, before, after, lastFailure }) => {
  const failed = after.failed.idempotent + after.failed.other;
  if (!probing)
    return {
      goal: "no more failed than is unavoidable",
      wanted: "a load balancer with a probe",
      got: "none",
      met: false,
    };
  const bound = unavoidableFailures({ rate, members, probing, latency: before.latency.p99 });
  const window = longestWindow(probing);
  return {
    goal: "no more failed than is unavoidable",
    wanted: `at most ${bound} failed, the last one within ${window} s`,
    got: `${failed} failed${lastFailure === undefined ? "" : `, the last one after ${lastFailure.toFixed(1)} s`}${reasons(after)}`,
    met: failed <= bound && (lastFailure ?? 0) <= window,
  };
};

function reasons({ errors, statuses }: Outcome["after"]): string {
  const [error] = Object.entries(errors);
  const bad = Object.entries(statuses).filter(([status]) => Number(status) >= 400);
  const parts = [
    ...bad.map(([status, count]) => `${count} with ${status}`),
    ...(error ? [`${error[1]} with "${error[0]}"`] : []),
  ];
  return parts.length > 0 ? ` (${parts.join(", ")})` : "";
}
