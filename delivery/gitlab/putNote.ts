/** Keeps one note per stack on a merge request, also where two pipelines write at once. */
import type { GitLab, Note } from "./client.ts";
import { readMarker } from "./marker.ts";
import { preview, replaces } from "./note.ts";
import { isUncertain } from "./requester.ts";

export type Put = "written" | "there" | "superseded";

/** The notes about a stack that the token's own user has written, oldest first. Others may write markers, too. */
export async function notesAbout(gitlab: GitLab, mergeRequest: number, stack: string): Promise<Note[]> {
  return (await previewNotes(gitlab, mergeRequest)).filter(({ body }) => readMarker(preview, body)?.stack === stack);
}

/** All notes about previews that the token's own user has written, oldest first. */
export async function previewNotes(gitlab: GitLab, mergeRequest: number): Promise<Note[]> {
  const [notes, me] = await Promise.all([gitlab.notes(mergeRequest), gitlab.me()]);
  return notes
    .filter(({ author, system, body }) => author.id === me && !system && readMarker(preview, body) !== undefined)
    .sort((one, other) => one.id - other.id);
}

/**
 * Makes or edits the note of a stack. One of a newer pipeline stays. GitLab has no condition for a write, so what is there
 * is read again after each: of two notes that were made at once, the newer text stays in the older note.
 */
export async function putNote(gitlab: GitLab, mergeRequest: number, body: string): Promise<Put> {
  const stack = readMarker(preview, body)?.stack;
  if (stack === undefined) throw new Error("a note about a preview begins with its marker");
  let result: Put = "there";
  for (let attempt = 0; attempt < 5; attempt++) {
    const [first, ...doubles] = await notesAbout(gitlab, mergeRequest, stack);
    if ([first, ...doubles].some((note) => note !== undefined && !replaces(body, note.body))) return "superseded";
    if (first?.body === body) {
      for (const { id } of doubles) await gitlab.removeNote(mergeRequest, id);
      return result;
    }
    result = "written";
    if (first) await gitlab.editNote(mergeRequest, first.id, body);
    else await unlessUncertain(() => gitlab.addNote(mergeRequest, body));
  }
  throw new Error(`merge request !${mergeRequest}: the note about ${stack} is changed by others all the time`);
}

/** The next look tells whether it was done. */
async function unlessUncertain(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isUncertain(error)) throw error;
  }
}
