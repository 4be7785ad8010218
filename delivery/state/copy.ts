/** The secret-free copy of a stack's state: published after an apply, read by previews that nobody has reviewed. */
import { ownPlace, PulumiError, pulumi, saysLocked, type Place } from "../pulumi.ts";
import { readStackFile, UsageError, type Project, type StackFile } from "../project.ts";
import {
  earlierSecrets,
  openStrings,
  originsOf,
  placeholdersOf,
  secureValues,
  withPlaceholders,
  type Secure,
} from "./configuration.ts";
import { Mask, masked, type Replacement } from "./mask.ts";
import { previewEnvironment } from "./passphrase.ts";
import { knownSecrets, secretFree, secretsIn, stateVersion, type Export } from "./secretFree.ts";
import { withThrowAway } from "./throwAway.ts";

/** A stack as it is: its state and configuration, with their secrets. In memory only. */
export interface ExactStack {
  file: StackFile;
  secrets: Secure[];
  exported: Export;
  origins: Replacement[];
  /** Takes out all that is known to be secret. */
  mask: Mask;
  /** Version of the state. */
  version: string | undefined;
}

/** So many of the newest runs are looked at. */
const longestHistory = "50";

export async function readExactStack(project: Project, stack: string): Promise<ExactStack> {
  const file = readStackFile(project, stack);
  const place = ownPlace(project);
  const secrets = secureValues(file, project.name);
  // Without a key Pulumi is not asked: it might make one and write it into the stack file.
  const ask = (...args: string[]) => (hasKey(file) ? pulumi(place, [...args, "--show-secrets", "--stack", stack]) : "");
  const [exported, shown, history] = await Promise.all([
    exportState(place, stack),
    ask("config", "--json"),
    ask("stack", "history", "--json", "--page-size", longestHistory, "--page", "1"),
  ]);
  // What the configuration had before may be where nothing marks it as secret.
  const earlier = earlierSecrets(secrets, JSON.parse(history || "[]"));
  const origins = [...originsOf(secrets, JSON.parse(shown || "{}")), ...earlier];
  const known = knownSecrets(exported, origins, openIn(project, stack, file, secrets));
  const mask = new Mask(known.map(({ secret }) => ({ secret, by: masked })));
  return { file, secrets, exported, origins, mask, version: stateVersion(exported, mask) };
}

/** Version of the state, which may have moved since it was read. */
export async function versionNow(project: Project, stack: string, { mask }: ExactStack): Promise<string | undefined> {
  return stateVersion(await exportState(ownPlace(project), stack), mask);
}

/** What is no secret, whatever the values of secrets are. */
const openIn = ({ name }: Project, stack: string, file: StackFile, secrets: readonly Secure[]) => [
  name,
  stack,
  ...openStrings(file, secrets),
];

const hasKey = (file: StackFile) =>
  ["encryptionsalt", "encryptedkey", "secretsprovider"].some((name) => file[name] !== undefined);

/** Writes the copy of a stack's state. */
export async function publish(project: Project, stack: string): Promise<void> {
  const backend = previewBackend();
  const { file, secrets, exported, origins } = await readExactStack(project, stack);
  const copy = JSON.stringify(secretFree(exported, origins, openIn(project, stack, file, secrets)));
  await withThrowAway(project, stack, withPlaceholders({}, []), async ({ directory }) => {
    const place = { directory, environment: previewEnvironment(backend) };
    try {
      await importState(place, stack, copy);
    } catch (error) {
      if (isNoStack(error)) await makeStack(place, stack);
      // By a publish that was killed: nothing else works on the copy for long.
      else if (isLocked(error)) await pulumi(place, ["cancel", "--yes", "--stack", stack]);
      else throw error;
      await importState(place, stack, copy);
    }
  });
}

/** A copy as a preview starts from it. */
export interface Copy {
  exported: Export;
  /** Takes out placeholders. */
  mask: Mask;
  version: string | undefined;
}

/**
 * The published copy; undefined where nothing was published yet.
 *
 * @param directory A throw-away project.
 */
export async function readCopy(
  directory: string,
  stack: string,
  secrets: readonly Secure[],
): Promise<Copy | undefined> {
  const place = { directory, environment: previewEnvironment(previewBackend()) };
  try {
    const exported = await exportState(place, stack);
    const placeholders = [...placeholdersOf(secrets), ...secretsIn(exported).map(({ secret }) => secret)];
    const mask = new Mask(placeholders.map((secret) => ({ secret, by: masked })));
    return { exported, mask, version: stateVersion(exported, mask) };
  } catch (error) {
    if (isNoStack(error)) return undefined;
    throw error;
  }
}

export const makeStack = (place: Place, stack: string) =>
  pulumi(place, ["stack", "init", "--no-select", "--stack", stack]);

export const importState = (place: Place, stack: string, state: string) =>
  pulumi(place, ["stack", "import", "--stack", stack], state);

async function exportState(place: Place, stack: string): Promise<Export> {
  return JSON.parse(await pulumi(place, ["stack", "export", "--show-secrets", "--stack", stack])) as Export;
}

const isLocked = (error: unknown) => error instanceof PulumiError && saysLocked(error.stderr);
const isNoStack = (error: unknown) => error instanceof PulumiError && error.stderr.includes("no stack named");

function previewBackend(): string {
  const backend = process.env["PLATFORM_PREVIEW_BACKEND"];
  if (!backend)
    throw new UsageError(
      "PLATFORM_PREVIEW_BACKEND is not set; allowed is the URL of the previews' backend: azblob://previews?storage_account=…",
    );
  return backend;
}
