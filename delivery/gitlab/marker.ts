/** The hidden first line by which a note or an issue is found again: whose preview it tells, and from which job. Pure. */

/** What came later counts: a pipeline with the higher ID, and in one pipeline a job with the higher ID. */
export interface Origin {
  pipeline: number;
  job: number;
}

/** What a marker says besides the stack. */
export interface Told extends Origin {
  /** SHA-256 of the record which is told; undefined where none is. */
  record?: string;
  /** Since when the note tells this record, by GitLab's clock, as `2026-11-29T12:00:00.000Z`; undefined: since its last change. */
  since?: string;
}

/** The name of a stack, as Pulumi takes it without an organization. */
export const stackName = /^[A-Za-z0-9][\w.-]*$/;

/** @param what For example `preview`. */
export function marker(what: string, stack: string, { pipeline, job, record, since }: Told): string {
  if (!stackName.test(stack)) throw new Error(`stack: given ${JSON.stringify(stack)}, allowed are names such as prod`);
  const digest = record === undefined ? "" : ` record=${record}`;
  const time = since === undefined ? "" : ` since=${since}`;
  return `<!-- platform-${what} stack=${stack} pipeline=${pipeline} job=${job}${digest}${time} -->`;
}

/** What the first line of a note says; undefined where it is no marker of this kind. */
export function readMarker(what: string, body: string): (Told & { stack: string }) | undefined {
  const line = body.split(/\r?\n/, 1)[0] ?? "";
  const [, kind, stack, pipeline, job, record, since] =
    /^<!-- platform-([a-z-]+) stack=([\w.-]+) pipeline=(\d+) job=(\d+)(?: record=([0-9a-f]{64}))?(?: since=([\d:.TZ+-]+))? -->$/.exec(
      line,
    ) ?? [];
  if (kind !== what || stack === undefined) return undefined;
  return {
    stack,
    pipeline: Number(pipeline),
    job: Number(job),
    ...(record === undefined ? {} : { record }),
    ...(since === undefined ? {} : { since }),
  };
}

export function isLater(one: Origin, other: Origin): boolean {
  return one.pipeline === other.pipeline ? one.job > other.job : one.pipeline > other.pipeline;
}
