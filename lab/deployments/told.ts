/** What `cap` told of a deployment. Pure. */

export interface Step {
  /** Name in the inventory. */
  machine: string;
  outcome: "serves" | "refused" | "lost";
  /** Seconds from the command until its end, in which the machine left its rotation and came back. */
  seconds: number;
}

/** The machines that took the release, or did not, in their order. */
export function stepsIn(output: string): Step[] {
  return [...output.matchAll(/^\d+:\d\d (\S+): (serves|refused|lost)\b.*? after ([\d.]+) s/gm)].map(
    ([, machine = "", outcome, seconds]) => ({
      machine,
      outcome: outcome as Step["outcome"],
      seconds: Number(seconds),
    }),
  );
}
