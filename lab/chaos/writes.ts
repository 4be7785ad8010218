/** Whether what was acknowledged was kept: the history against what the database has in the end. Pure. */
import { failed, idempotent, type RequestRecord } from "./history.ts";

export interface WritesVerdict {
  /** Writes whose answer said that they are done. */
  acknowledged: number;
  /** Of those, the IDs that the database does not have: what must never be. */
  missing: string[];
  /** IDs that it has more than once, acknowledged or not: somebody sent a write twice. */
  twice: string[];
  /** Writes without a good answer that were done all the same: allowed, a client cannot know. */
  unacknowledgedButKept: number;
}

export function checkWrites(records: readonly RequestRecord[], kept: readonly string[]): WritesVerdict {
  const writes = records.filter((record) => record.id !== undefined && !idempotent(record));
  const found = new Map<string, number>();
  for (const id of kept) found.set(id, (found.get(id) ?? 0) + 1);
  const done = writes.filter((record) => !failed(record)).map(({ id = "" }) => id);
  return {
    acknowledged: done.length,
    missing: done.filter((id) => !found.has(id)),
    twice: [...found].filter(([, times]) => times > 1).map(([id]) => id),
    unacknowledgedButKept: writes.filter((record) => failed(record) && found.has(record.id ?? "")).length,
  };
}
