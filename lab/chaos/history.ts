/** The history of a run: what became of each request, as the load generator wrote it. Pure. */

export interface RequestRecord {
  /** When it should be sent, milliseconds since 1970. */
  planned: number;
  /** Absent: it was not sent, because the generator had no worker left. */
  sent?: number;
  /** Milliseconds from the planned time to the end of the answer, or to the error. */
  latency: number;
  /** Empty when it was not sent. */
  method: string;
  /** 0 when there was no answer. */
  status: number;
  /** The ID in a write's body, by which the database is asked for it afterwards. */
  id?: string;
  /** The server that answered. */
  machine?: string;
  /** Host names of the machines that it passed, as far as the answer names them. */
  passed: readonly string[];
  error?: string;
  /** The beginning of an answer that was an error. */
  text?: string;
}

/** Reads lines of JSON. The last line of a generator that was killed may be incomplete; any other must be right. */
export async function readHistory(lines: AsyncIterable<string> | Iterable<string>): Promise<RequestRecord[]> {
  const records: RequestRecord[] = [];
  // Hundreds of thousands of records name a dozen machines: each list is kept once.
  const known = new Map<string, readonly string[]>();
  let broken: { line: number; error: unknown } | undefined;
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (broken) throw new Error(`line ${broken.line} of the history is no record`, { cause: broken.error });
    if (text === "") continue;
    try {
      records.push(readRecord(text, known));
    } catch (error) {
      broken = { line, error };
    }
  }
  return records.sort((a, b) => a.planned - b.planned);
}

function readRecord(text: string, known: Map<string, readonly string[]>): RequestRecord {
  const given = JSON.parse(text) as Omit<RequestRecord, "passed"> & { passed?: string[] };
  const passed = given.passed ?? [];
  const key = passed.join(" ");
  if (!known.has(key)) known.set(key, passed);
  return {
    ...given,
    planned: given.planned / 1e6,
    ...(given.sent === undefined ? {} : { sent: given.sent / 1e6 }),
    passed: known.get(key) ?? passed,
  };
}

/** Whether the client did not get what it asked for. */
export function failed({ status }: RequestRecord): boolean {
  return status < 200 || status >= 400;
}

/** What may be done twice without harm; a proxy may send it again. */
export function idempotent({ method }: RequestRecord): boolean {
  return ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"].includes(method);
}

/** Whether the request came to this machine, by what its answer says. */
export function touched({ machine, passed }: RequestRecord, hostName: string): boolean {
  return machine === hostName || passed.includes(hostName);
}

/** The records that were planned from one instant until, and without, another. */
export function between(records: readonly RequestRecord[], from: number, to: number): RequestRecord[] {
  return records.filter(({ planned }) => planned >= from && planned < to);
}
