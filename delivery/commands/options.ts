/** What several commands have in common. */
import { readFileSync, writeFileSync } from "node:fs";
import { parseCheck } from "../check/record.ts";
import { UsageError } from "../project.ts";
import { parseRecord } from "../record.ts";

/** Exit statuses besides 0; wrong use is 2. */
export const status = { refused: 1, programFailed: 3 };

/** Writes a record into the file that was asked for, if one was. */
export function writeFile(record: object, out: string | undefined): void {
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(record, null, 2)}\n`);
}

/** @throws UsageError where the file is no record of a preview of this stack. */
export const readRecord = (file: string, stack: string) => recordIn(file, stack, parseRecord);

/** @throws UsageError where the file is no record of a check of this stack. */
export const readCheck = (file: string, stack: string) => recordIn(file, stack, parseCheck);

function recordIn<T extends { stack: string }>(file: string, stack: string, parse: (text: string) => T): T {
  try {
    const record = parse(readFileSync(file, "utf8"));
    if (record.stack === stack) return record;
    throw new Error(`given a record of stack ${record.stack}, allowed is one of ${stack}`);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

export const say = (line: string) => console.error(line);
