/** When a load balancer's probe changes its mind. Pure. */

export interface Judgement {
  /** Absent: nothing is known yet. */
  up?: boolean;
  /** Consecutive answers against the verdict. */
  against: number;
}

/** The judgement after one more answer: the first decides at once, later ones after `threshold` in a row. */
export function judge(before: Judgement, answer: boolean, threshold: number): Judgement {
  if (before.up === undefined) return { up: answer, against: 0 };
  if (before.up === answer) return { up: answer, against: 0 };
  const against = before.against + 1;
  return against >= threshold ? { up: answer, against: 0 } : { up: before.up, against };
}
