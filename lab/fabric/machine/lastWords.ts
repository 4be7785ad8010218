/** What a machine that does not come up has said of the reason, from its console and from systemd-nspawn's own log. */
import { open } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";
import type { MachinePaths } from "./files.ts";

/** So much of a log is read at most, from its end. */
const mostBytes = 16 * 1024;

const telling =
  /fail|error|panic|fatal|denied|refus|cannot|can't|unable|not found|no such|too many|out of|timed? ?out|broken|freez/i;

/** The last line that tells of a failure, else the last one at all; empty where there is none. The console comes first. */
export function tellingLine(console: string, nspawnLog: string): string {
  const [said, own] = [console, nspawnLog].map((text) =>
    stripVTControlCharacters(text)
      .split(/[\r\n]+/)
      .map((line) => line.trim())
      .filter((line) => line !== ""),
  ) as [string[], string[]];
  const line = said.findLast((one) => telling.test(one)) ?? own.findLast((one) => telling.test(one));
  return (line ?? said.at(-1) ?? own.at(-1) ?? "").slice(0, 300);
}

/** @param from Where the console's log of this boot begins, in bytes. */
export async function lastWords(paths: Pick<MachinePaths, "console" | "nspawnLog">, from: number): Promise<string> {
  return tellingLine(await readEnd(paths.console, from), await readEnd(paths.nspawnLog, 0));
}

async function readEnd(path: string, from: number): Promise<string> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (!file) return "";
  try {
    const { size } = await file.stat();
    // A console that is shorter than it was is that of a new disk.
    const start = Math.max(from > size ? 0 : from, size - mostBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
