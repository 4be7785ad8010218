/** Previews of a stack: one without secrets, for code that nobody has reviewed, and the exact one. */
import { preview as run, ownPlace, type Place } from "../pulumi.ts";
import { commitOf, policyArguments, readStackFile, type Project } from "../project.ts";
import type { PreviewRecord } from "../record.ts";
import { marksOf, placeholdersOf, secureValues, withPlaceholders, type Secure } from "../state/configuration.ts";
import { importState, makeStack, readCopy, type ExactStack } from "../state/copy.ts";
import { Mask, masked } from "../state/mask.ts";
import { previewEnvironment } from "../state/passphrase.ts";
import { withThrowAway } from "../state/throwAway.ts";
import { fold } from "./fold.ts";

/** Takes lines of the log. No secret is in them. */
export type Say = (line: string) => void;

/**
 * What an `up` would do, from the published copy of the state and with placeholders for secrets: nothing that the
 * program can see is secret. Needs to read the previews' backend and Azure, and nothing else.
 */
export async function secretFreePreview(project: Project, stack: string, say: Say): Promise<PreviewRecord> {
  const file = readStackFile(project, stack);
  const secrets = secureValues(file, project.name);
  return withThrowAway(project, stack, withPlaceholders(file, secrets), async ({ directory, backend }) => {
    const copy = await readCopy(directory, stack, secrets);
    const place = { directory, environment: previewEnvironment(backend) };
    await makeStack(place, stack);
    if (copy) await importState(place, stack, JSON.stringify(copy.exported));
    const mask = copy?.mask ?? new Mask(placeholdersOf(secrets).map((secret) => ({ secret, by: masked })));
    return record(project, stack, place, { secrets, mask, version: copy?.version }, [], say);
  });
}

/** What an `up` would do, from the state itself and with the secrets. */
export function exactPreview(
  project: Project,
  stack: string,
  exact: ExactStack,
  say: Say,
  more: readonly string[] = [],
): Promise<PreviewRecord> {
  return record(project, stack, ownPlace(project), exact, more, say);
}

interface Start {
  secrets: Secure[];
  mask: Mask;
  version: string | undefined;
}

async function record(
  project: Project,
  stack: string,
  place: Place,
  { secrets, mask, version }: Start,
  more: readonly string[],
  say: Say,
): Promise<PreviewRecord> {
  const commit = commitOf(project);
  const { status, events, stderr } = await run(
    place,
    ["--stack", stack, ...policyArguments(project), ...more],
    mask,
    say,
  );
  const { steps, counts, packs, policy, errors, result } = fold(events, mask);
  const failed = status !== 0 || result !== "succeeded";
  const marks = marksOf(secrets);
  return {
    version: 1,
    stack,
    commit,
    ...(version === undefined ? {} : { state: version }),
    outcome: failed ? "failed" : "previewed",
    ...(Object.keys(marks).length === 0 ? {} : { secrets: marks }),
    ...(failed ? { error: [...new Set([...errors, stderr.trim()])].filter(Boolean).join("\n") } : {}),
    steps,
    counts,
    packs,
    policy,
  };
}
