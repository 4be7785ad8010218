/** Trees of files for tests. */
import type { TreeFile } from "../tree.ts";

/** A tree from paths and contents, sorted as the program reads it. */
export function treeOf(files: Record<string, string>): TreeFile[] {
  return Object.entries(files)
    .map(([path, text]) => ({ path, content: Buffer.from(text), executable: false }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
