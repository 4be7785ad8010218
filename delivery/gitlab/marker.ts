/** The hidden first line by which a note or an issue is found again: whose preview it tells, and from which job. Pure. */

/** What came later counts: a pipeline with the higher ID, and in one pipeline a job with the higher ID. */
export interface Origin {
  pipeline: number;
  job: number;
}

/** The name of a stack, as Pulumi takes it without an organization. */
export const stackName = /^[A-Za-z0-9][\w.-]*$/;

/** @param what For example `preview`. */
export function marker(what: string, stack: string, { pipeline, job }: Origin): string {
  if (!stackName.test(stack)) throw new Error(`stack: given ${JSON.stringify(stack)}, allowed are names such as prod`);
  return `<!-- platform-${what} stack=${stack} pipeline=${pipeline} job=${job} -->`;
}

/** What the first line of a note says; undefined where it is no marker of this kind. */
export function readMarker(what: string, body: string): (Origin & { stack: string }) | undefined {
  const line = body.split(/\r?\n/, 1)[0] ?? "";
  const [, kind, stack, pipeline, job] =
    /^<!-- platform-([a-z-]+) stack=([\w.-]+) pipeline=(\d+) job=(\d+) -->$/.exec(line) ?? [];
  if (kind !== what || stack === undefined) return undefined;
  return { stack, pipeline: Number(pipeline), job: Number(job) };
}

export function isLater(one: Origin, other: Origin): boolean {
  return one.pipeline === other.pipeline ? one.job > other.job : one.pipeline > other.pipeline;
}
