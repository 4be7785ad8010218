/** Applies what was approved, after it has made sure that this is what would happen. */
import { join } from "node:path";
import { isOwed } from "../../azure/pendingCreates.ts";
import { differences, type Difference } from "../preview/compare.ts";
import { exactPreview, type Say } from "../preview/preview.ts";
import { policyArguments, type Project } from "../project.ts";
import { ownPlace, pulumi } from "../pulumi.ts";
import type { PreviewRecord } from "../record.ts";
import { publish, readExactStack, versionNow, type ExactStack } from "../state/copy.ts";
import { begin, end, forget, hasBegun } from "./begun.ts";
import { inForegroundMasked } from "./foreground.ts";

export interface ApplyOptions {
  /** A lock on the stack is cancelled first. */
  cancelLock?: boolean;
  say: Say;
  /** Takes the exact preview, before anything is decided. */
  previewed: (record: PreviewRecord) => void;
}

/** What became of it. Not applied without a difference: it failed, and has said why. */
export interface Outcome {
  applied: boolean;
  differences: Difference[];
}

export async function applyApproved(
  project: Project,
  stack: string,
  approved: PreviewRecord,
  { cancelLock = false, say, previewed }: ApplyOptions,
): Promise<Outcome> {
  const place = ownPlace(project);
  if (cancelLock) await pulumi(place, ["cancel", "--yes", "--stack", stack]);
  const exact = await recovered(project, stack, await readExactStack(project, stack), say);
  const resumed = await hasBegun(place, stack, approved);
  if (resumed) say(`the apply of this approval has begun before and did not end; it goes on`);
  const now = await exactPreview(project, stack, exact, say);
  previewed(now);
  const found = differences(approved, now, { resumed });
  const version = await versionNow(project, stack, exact);
  if (version !== exact.version)
    found.push({
      subject: "state",
      approved: exact.version ?? "none",
      now: "another one: somebody has just changed it",
    });
  if (found.length > 0) {
    // What was approved started from another state: so would the next preview, from a copy of that one.
    if (approved.state !== now.state)
      await publishCopy(project, stack).catch(({ message }: Error) => say(`its copy is not published: ${message}`));
    return { applied: false, differences: found };
  }

  await begin(place, stack, approved);
  const arguments_ = ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", stack];
  const { status, locked } = await inForegroundMasked(
    place,
    ["pulumi", ...arguments_, ...policyArguments(project)],
    exact.mask,
  );
  if (status !== 0)
    say(`pulumi up ended with ${status}; ${locked ? ofLock : "the next run of this goes on where it ended"}`);
  // Another one has the stack, and may move its state. So the next run compares everything again.
  if (locked && !resumed) await forget(place, stack);
  // Also what was done by half is where the next preview starts.
  await publishCopy(project, stack);
  // Not before: where there is no copy, the next run of this goes on, finds nothing to do, and publishes.
  if (status === 0) await end(place, stack, now.commit);
  return { applied: status === 0, differences: [] };
}

const publishCopy = async (project: Project, stack: string): Promise<void> => {
  if (process.env["PLATFORM_PREVIEW_BACKEND"]) await publish(project, stack);
};

const ofLock = "where no other Pulumi works on the stack, a dead one has left its lock: --cancel-lock takes it away";

/** The stack with what a killed `up` had begun to make. */
async function recovered(project: Project, stack: string, exact: ExactStack, say: Say): Promise<ExactStack> {
  if (!isOwed(exact.exported)) return exact;
  say(`an up of stack ${stack} was killed; what it had begun to make is looked for first`);
  const recover = join(import.meta.dirname, "..", "..", "azure", "recover.ts");
  const { status, locked } = await inForegroundMasked(
    ownPlace(project),
    [process.execPath, recover, stack],
    exact.mask,
  );
  if (status !== 0) throw new Error(`bin/recover ${stack} ended with status ${status}${locked ? `; ${ofLock}` : ""}`);
  say(`what was being made is in the state of stack ${stack} now; nothing is applied yet`);
  return readExactStack(project, stack);
}
