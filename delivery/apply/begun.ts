/**
 * What an apply has done, as tags of the stack. The approval whose apply has begun and not ended: with it, the next `up` of
 * the same approval may do the rest, though the state has moved by the part that is done. And the commit that was applied
 * last: what was merged since is no drift.
 */
import { pulumi, type Place } from "../pulumi.ts";
import { digestOf, type PreviewRecord } from "../record.ts";

const begun = "delivery:begun";
const applied = "delivery:applied";

async function tagOf(place: Place, stack: string, name: string): Promise<string | undefined> {
  const tags = JSON.parse(await pulumi(place, ["stack", "tag", "ls", "--json", "--stack", stack])) as object;
  return (tags as Record<string, string>)[name];
}

export const hasBegun = async (place: Place, stack: string, approved: PreviewRecord) =>
  (await tagOf(place, stack, begun)) === digestOf(approved);

export const begin = (place: Place, stack: string, approved: PreviewRecord) =>
  pulumi(place, ["stack", "tag", "set", begun, digestOf(approved), "--stack", stack]);

export const forget = (place: Place, stack: string) => pulumi(place, ["stack", "tag", "rm", begun, "--stack", stack]);

export async function end(place: Place, stack: string, commit: string): Promise<void> {
  await pulumi(place, ["stack", "tag", "set", applied, commit, "--stack", stack]);
  await forget(place, stack);
}

/** Undefined where `up` has not applied anything yet. */
export const appliedCommit = (place: Place, stack: string) => tagOf(place, stack, applied);
