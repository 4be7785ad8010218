/** Keeps one note per stack on a merge request, also where two pipelines write at once. */
import type { GitLab, Note } from "./client.ts";
import { marker, readMarker, type Told } from "./marker.ts";
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
export async function putNote(gitlab: GitLab, mergeRequest: number, text: string): Promise<Put> {
  const told = readMarker(preview, text);
  if (told === undefined) throw new Error("a note about a preview begins with its marker");
  let result: Put = "there";
  for (let attempt = 0; attempt < 5; attempt++) {
    const [first, ...doubles] = await notesAbout(gitlab, mergeRequest, told.stack);
    if ([first, ...doubles].some((note) => note !== undefined && !replaces(text, note.body))) return "superseded";
    const body = first === undefined ? text : sinceThen(text, told, first);
    if (first?.body === body) {
      for (const { id } of doubles) await gitlab.removeNote(mergeRequest, id);
      return result;
    }
    result = "written";
    if (first) await gitlab.editNote(mergeRequest, first.id, body);
    else await unlessUncertain(() => gitlab.addNote(mergeRequest, body));
  }
  throw new Error(`merge request !${mergeRequest}: the note about ${told.stack} is changed by others all the time`);
}

/** When the record that a note tells was first told: approvals of before are of another one. */
export const toldSince = ({ body, updated_at }: Note): string => readMarker(preview, body)?.since ?? updated_at;

/** A text with the time since when its record is told, where the note that stands tells the same one. */
function sinceThen(text: string, told: Told & { stack: string }, note: Note): string {
  const before = readMarker(preview, note.body);
  if (told.record === undefined || before?.record !== told.record) return text;
  // Its text may be there already: its last change is this one.
  if (before.since === undefined && note.body === text) return text;
  const [, ...lines] = text.split("\n");
  return [marker(preview, told.stack, { ...told, since: toldSince(note) }), ...lines].join("\n");
}

/** The next look tells whether it was done. */
async function unlessUncertain(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isUncertain(error)) throw error;
  }
}
