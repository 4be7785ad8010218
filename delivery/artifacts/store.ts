/** Artifacts and what is deployed, in the container of an environment. Nothing is overwritten unseen. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { RestError, type ContainerClient } from "@azure/storage-blob";
import { artifactPath, pointerPath, pointerSchema, type Identity, type Pointer } from "./release.ts";

/** An artifact as it is kept. */
export interface Kept extends Identity {
  /** Path in the container. */
  artifact: string;
  sha256: string;
}

/** Why something is refused; nothing was changed. */
export class Refused extends Error {}

/**
 * Puts an artifact where machines find it. One that is there already with the same content is well.
 *
 * @throws Refused where another content has the name of this release.
 */
export async function publish(
  store: ContainerClient,
  application: string,
  file: string,
  identity: Identity,
): Promise<Kept> {
  const { release, revision } = identity;
  const artifact = artifactPath(application, release);
  const sha256 = await hashOf(file);
  const blob = store.getBlockBlobClient(artifact);
  try {
    await blob.uploadFile(file, {
      conditions: { ifNoneMatch: "*" },
      metadata: { sha256, revision },
      blobHTTPHeaders: { blobContentType: "application/gzip" },
    });
  } catch (error) {
    if (!isOf(error, 409, 412)) throw error;
    const kept = await find(store, application, release);
    if (kept?.sha256 !== sha256)
      throw new Refused(
        `${artifact}: given a file with SHA-256 ${sha256}, which is kept with ${kept?.sha256 || "none"} already; ` +
          "a release is never overwritten. Build a new commit, or publish the file that was built first",
        { cause: error },
      );
  }
  return { release, revision, artifact, sha256 };
}

/** An artifact; undefined where there is none. */
export async function find(store: ContainerClient, application: string, release: string): Promise<Kept | undefined> {
  const artifact = artifactPath(application, release);
  try {
    const { metadata = {} } = await store.getBlobClient(artifact).getProperties();
    return { release, artifact, sha256: metadata["sha256"] ?? "", revision: metadata["revision"] ?? "" };
  } catch (error) {
    if (isOf(error, 404)) return undefined;
    throw error;
  }
}

/**
 * The pointer; undefined where nothing is deployed.
 *
 * @throws Error that names its blob where that is none.
 */
export async function deployed(
  store: ContainerClient,
  environment: string,
  application: string,
): Promise<Pointer | undefined> {
  const found = await pointerIn(store, environment, application);
  if (!found) return undefined;
  if (!found.pointer)
    throw new Error(
      `${pointerPath(environment, application)}: given ${found.content.slice(0, 200)}, allowed is what \`bin/artifact move\` ` +
        "writes; without --from it writes it anew",
    );
  return found.pointer;
}

/** The blob of the pointer and its version, whatever stands in it; undefined where there is none. */
async function pointerIn(
  store: ContainerClient,
  environment: string,
  application: string,
): Promise<{ content: string; pointer: Pointer | undefined; etag: string } | undefined> {
  try {
    const { etag = "", readableStreamBody } = await store
      .getBlobClient(pointerPath(environment, application))
      .download();
    const content = readableStreamBody ? await text(readableStreamBody) : "";
    return { content, pointer: parsed(content), etag };
  } catch (error) {
    if (isOf(error, 404)) return undefined;
    throw error;
  }
}

function parsed(content: string): Pointer | undefined {
  try {
    return pointerSchema.parse(JSON.parse(content));
  } catch {
    return undefined;
  }
}

export interface Move {
  environment: string;
  application: string;
  release: string;
  /** The person or the pipeline that does it. */
  by: string;
  pipeline?: string;
  /** The release that must be deployed before, `none` for none; absent for any. */
  from?: string;
  /** SHA-256 that the artifact must have been published with; absent for any. */
  sha256?: string;
  at: Date;
}

/**
 * Moves the pointer.
 *
 * @throws Refused where there is no such artifact, or another one, where another release is deployed than was expected, and where
 *   somebody else moves it at the same time.
 */
export async function move(store: ContainerClient, given: Move): Promise<Pointer> {
  const { environment, application, release, by, pipeline: address, at } = given;
  const kept = await find(store, application, release);
  if (!kept) throw new Refused(`${artifactPath(application, release)} is not there; publish it before it is deployed`);
  if (!kept.sha256 || !kept.revision)
    throw new Refused(
      `${kept.artifact}: given an artifact without its SHA-256 and commit, allowed is what \`bin/artifact publish\` ` +
        "has put there; delete it, and publish it",
    );
  if (given.sha256 !== undefined && given.sha256 !== kept.sha256)
    throw new Refused(
      `${kept.artifact}: given --sha256 ${given.sha256}, but what is kept has ${kept.sha256}: it was replaced. ` +
        "Look at who could, then build a new commit",
    );
  const before = await pointerIn(store, environment, application);
  const standing = before ? (before.pointer?.release ?? "what is no pointer") : "none";
  if (given.from !== undefined && given.from !== standing)
    throw new Refused(
      `deployed ${application} of ${environment}: given --from ${given.from}, but it is ${standing} by now; ` +
        "look at what was deployed meanwhile, then begin anew",
    );
  const pointer = pointerSchema.parse({
    ...{ application, release, artifact: kept.artifact, sha256: kept.sha256, revision: kept.revision, by },
    at: at.toISOString(),
    ...(address === undefined ? {} : { pipeline: address }),
  });
  const content = `${JSON.stringify(pointer, null, 2)}\n`;
  const blob = store.getBlockBlobClient(pointerPath(environment, application));
  try {
    await blob.upload(content, Buffer.byteLength(content), {
      conditions: before ? { ifMatch: before.etag } : { ifNoneMatch: "*" },
      blobHTTPHeaders: { blobContentType: "application/json" },
    });
  } catch (error) {
    if (!isOf(error, 409, 412)) throw error;
    throw new Refused(`deployed ${application} of ${environment}: somebody else has just moved it; begin anew`, {
      cause: error,
    });
  }
  return pointer;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/** 404 also where a container is missing: that is another mistake, and told. */
function isOf(error: unknown, ...statuses: number[]): boolean {
  if (!(error instanceof RestError) || error.statusCode === undefined) return false;
  return statuses.includes(error.statusCode) && error.code !== "ContainerNotFound";
}
