/** What several commands have in common. */
import { readFileSync, writeFileSync } from "node:fs";
import { UsageError } from "../project.ts";
import { parseRecord, widgetOf, type PreviewRecord } from "../record.ts";

/** Exit statuses besides 0; wrong use is 2. */
export const status = { refused: 1, programFailed: 3 };

export interface OutputOptions {
  out?: string;
  widget?: string;
}

/** Writes a record into the file that was asked for. */
export function writeFile(record: object, out: string | undefined): void {
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(record, null, 2)}\n`);
}

/** Writes the files that were asked for. */
export function writeRecord(record: PreviewRecord, { out, widget }: OutputOptions): void {
  writeFile(record, out);
  if (widget !== undefined) writeFileSync(widget, `${JSON.stringify(widgetOf(record))}\n`);
}

/** @throws UsageError where the file is no record. */
export function readRecord(file: string): PreviewRecord {
  try {
    return parseRecord(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}

export const say = (line: string) => console.error(line);
