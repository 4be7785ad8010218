/**
 * The approval whose apply has begun and not ended: a tag of the stack. With it, the next `up` of the same approval may
 * do the rest, though the state has moved by the part that is done.
 */
import { pulumi, type Place } from "../pulumi.ts";
import { digestOf, type PreviewRecord } from "../record.ts";

const tag = "delivery:begun";

export async function hasBegun(place: Place, stack: string, approved: PreviewRecord): Promise<boolean> {
  const tags = JSON.parse(await pulumi(place, ["stack", "tag", "ls", "--json", "--stack", stack])) as object;
  return (tags as Record<string, string>)[tag] === digestOf(approved);
}

export const begin = (place: Place, stack: string, approved: PreviewRecord) =>
  pulumi(place, ["stack", "tag", "set", tag, digestOf(approved), "--stack", stack]);

export const end = (place: Place, stack: string) => pulumi(place, ["stack", "tag", "rm", tag, "--stack", stack]);
