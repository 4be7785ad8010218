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
 * Makes the note of a stack. One that tells the same record is edited; another record gets a new note in the place of the
 * one before, so that it is seen, and `created_at` says since when the record was told. A note of a newer pipeline stays.
 * GitLab has no condition for a write, so what is there is read again after each.
 */
export async function putNote(gitlab: GitLab, mergeRequest: number, body: string): Promise<Put> {
  const told = readMarker(preview, body);
  if (told === undefined) throw new Error("a note about a preview begins with its marker");
  let result: Put = "there";
  for (let attempt = 0; attempt < 5; attempt++) {
    const standing = await notesAbout(gitlab, mergeRequest, told.stack);
    if (standing.some((note) => !replaces(body, note.body))) return "superseded";
    const same = standing.find((note) => readMarker(preview, note.body)?.record === told.record);
    if (same?.body === body) {
      for (const { id } of standing.filter((note) => note !== same)) await gitlab.removeNote(mergeRequest, id);
      return result;
    }
    result = "written";
    if (same) await gitlab.editNote(mergeRequest, same.id, body);
    else await unlessUncertain(() => gitlab.addNote(mergeRequest, body));
  }
  throw new Error(`merge request !${mergeRequest}: the note about ${told.stack} is changed by others all the time`);
}

/** The next look tells whether it was done. */
async function unlessUncertain(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isUncertain(error)) throw error;
  }
}
