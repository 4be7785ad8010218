/** Images of Azure's marketplace, as a region has them. */
import { QuestionError, type Questions } from "./questions.ts";

/** Which image; `version` is a number such as `0.20250814.2204`, or `latest`. */
export interface ImageReference {
  publisher: string;
  offer: string;
  sku: string;
  version: string;
}

/** What a version of an image is made for. */
export interface Image {
  version: string;
  /** `V1` or `V2`. */
  hyperVGeneration: string;
  /** `x64` or `Arm64`. */
  architecture: string;
  /** For example `SecurityType`: `TrustedLaunchSupported`. */
  features: Map<string, string>;
  /** Whose terms must be accepted before it is used; absent for a free one. */
  plan?: { publisher?: string; name?: string; product?: string };
}

const apiVersion = "2024-11-01";

function versionsPath({ subscriptionId }: Questions, location: string, { publisher, offer, sku }: ImageReference) {
  return (
    `/subscriptions/${subscriptionId}/providers/Microsoft.Compute/locations/${location}` +
    `/publishers/${publisher}/artifacttypes/vmimage/offers/${offer}/skus/${sku}/versions`
  );
}

/**
 * Versions of an image in a region, the oldest first; none where there is no such image.
 * https://learn.microsoft.com/rest/api/compute/virtual-machine-images/list
 */
export async function listImageVersions(
  questions: Questions,
  location: string,
  image: ImageReference,
): Promise<string[]> {
  const path = versionsPath(questions, location, image);
  // A list without pages: the answer itself.
  const versions = await ifThere(() => questions.get({ path, apiVersion }));
  return ((versions ?? []) as { name?: string }[]).flatMap(({ name }) => name ?? []).sort(byNumbers);
}

/** The image of a version in a region, of the newest where it is `latest`; undefined where there is none. */
export async function readImage(
  questions: Questions,
  location: string,
  image: ImageReference,
): Promise<Image | undefined> {
  const version =
    image.version === "latest" ? (await listImageVersions(questions, location, image)).at(-1) : image.version;
  if (version === undefined) return undefined;
  const path = `${versionsPath(questions, location, image)}/${version}`;
  const found = (await ifThere(() => questions.get({ path, apiVersion }))) as
    | {
        properties?: {
          hyperVGeneration?: string;
          architecture?: string;
          features?: { name?: string; value?: string }[];
          plan?: Image["plan"];
        };
      }
    | undefined;
  if (!found) return undefined;
  const { hyperVGeneration, architecture, features, plan } = found.properties ?? {};
  return {
    version,
    hyperVGeneration: hyperVGeneration ?? "V1",
    architecture: architecture ?? "x64",
    features: new Map((features ?? []).map(({ name, value }) => [name ?? "", value ?? ""])),
    ...(plan ? { plan } : {}),
  };
}

async function ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof QuestionError && error.status === 404) return undefined;
    throw error;
  }
}

/** `0.20250814.2204` before `0.20251001.1`: by the numbers, not by the letters. */
function byNumbers(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at < 0 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? 0);
}
