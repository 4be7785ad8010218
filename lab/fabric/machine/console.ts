/** The serial console's log, as boot diagnostics hand it out: without the colours that systemd gives its lines. */
import { readFile } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";
import type { MachinePaths } from "./files.ts";

export async function readConsole(paths: MachinePaths): Promise<string> {
  try {
    return stripVTControlCharacters(await readFile(paths.console, "utf8")).replaceAll("\r\n", "\n");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
