/**
 * One deployment of an application at a time: a lease on a blob, whose content says who has it. The lease ends by itself a
 * minute after its holder, so that no deployment that was killed leaves a lock behind.
 * https://learn.microsoft.com/rest/api/storageservices/lease-blob
 */
import { setTimeout as sleep } from "node:timers/promises";
import { RestError, type ContainerClient } from "@azure/storage-blob";
import { lockOf, type Place } from "./place.ts";

/** The one that deploys. */
export interface Owner {
  by: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Address of the pipeline; absent where it was by hand. */
  pipeline?: string;
}

/** Another deployment is under way. */
export class Locked extends Error {
  constructor({ environment, application }: Place, owner: Owner | undefined) {
    const name = owner
      ? `by ${owner.by} since ${owner.at}${owner.pipeline ? ` (${owner.pipeline})` : ""}`
      : "by somebody who has just begun";
    super(
      `${application} of ${environment} is being deployed ${name}. Wait for its end; should it have none, take its lock ` +
        "with `cap <stage> deploy:unlock`",
    );
  }
}

/** As long as a lease may be at the most, and how often it is renewed. */
export const leaseSeconds = 60;
const renewSeconds = 15;

export interface Held {
  /** Settles when the lock is lost, and only then: somebody broke it, or the store was silent for as long as a lease is. */
  lost: Promise<void>;
  release(): Promise<void>;
}

/** @throws Locked where somebody has it. */
export async function take(container: ContainerClient, place: Place, owner: Owner): Promise<Held> {
  const blob = container.getBlockBlobClient(lockOf(place));
  // There already, and held perhaps.
  await tolerating(["BlobAlreadyExists", "LeaseIdMissing", "ConditionNotMet"], () =>
    blob.upload("", 0, { conditions: { ifNoneMatch: "*" } }),
  );
  const lease = blob.getBlobLeaseClient();
  const taken = await tolerating(["LeaseAlreadyPresent"], () => lease.acquireLease(leaseSeconds));
  if (taken === undefined) throw new Locked(place, await ownerOf(container, place));
  const conditions = { leaseId: lease.leaseId };
  const write = (text: string) => blob.upload(text, Buffer.byteLength(text), { conditions });
  await write(JSON.stringify(owner));

  const ended = new AbortController();
  const lost = (async () => {
    for (let renewed = Date.now(); ;) {
      await sleep(renewSeconds * 1000, undefined, { signal: ended.signal });
      const asked = Date.now();
      try {
        await lease.renewLease();
        renewed = asked;
      } catch (error) {
        const broken = error instanceof RestError && error.statusCode === 409;
        if (broken || Date.now() - renewed > leaseSeconds * 1000) return;
      }
    }
  })();
  return {
    // Ended by its release, it was not lost, nor will it be.
    lost: lost.catch(() => new Promise<never>(() => {})),
    async release() {
      ended.abort();
      // Taken away meanwhile: it is another's.
      await tolerating(["LeaseIdMismatchWithBlobOperation", "LeaseLost", "LeaseNotPresentWithBlobOperation"], () =>
        write(""),
      );
      await tolerating(["LeaseIdMismatchWithLeaseOperation", "LeaseNotPresentWithLeaseOperation"], () =>
        lease.releaseLease(),
      );
    },
  };
}

/**
 * Has the lock until something ends.
 *
 * @param begun Called once it is held.
 * @throws Locked where somebody has it.
 */
export async function hold(
  container: ContainerClient,
  place: Place,
  owner: Owner,
  begun: () => Promise<unknown>,
): Promise<"released" | "lost"> {
  const held = await take(container, place, owner);
  const end = await Promise.race([begun().then(() => "released" as const), held.lost.then(() => "lost" as const)]);
  await held.release();
  return end;
}

/** Who has the lock; undefined where nobody has it. */
export async function holder(container: ContainerClient, place: Place): Promise<Owner | undefined> {
  const blob = container.getBlockBlobClient(lockOf(place));
  const properties = await tolerating(["BlobNotFound"], () => blob.getProperties(), 404);
  return properties?.leaseState === "leased" ? await ownerOf(container, place) : undefined;
}

/** Takes the lock away; the one that had it, or undefined where nobody had. */
export async function breakLock(container: ContainerClient, place: Place): Promise<Owner | undefined> {
  const owner = await holder(container, place);
  await tolerating(
    ["BlobNotFound", "LeaseNotPresentWithLeaseOperation"],
    () => container.getBlockBlobClient(lockOf(place)).getBlobLeaseClient().breakLease(0),
    404,
  );
  return owner;
}

async function ownerOf(container: ContainerClient, place: Place): Promise<Owner | undefined> {
  const text = (await container.getBlockBlobClient(lockOf(place)).downloadToBuffer()).toString();
  return text === "" ? undefined : (JSON.parse(text) as Owner);
}

/** What the work gives; undefined where the service refused it with one of these codes, or with that status. */
async function tolerating<T>(
  codes: readonly string[],
  work: () => Promise<T>,
  status?: number,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    // A HEAD has no body, so that its code may be missing.
    if (codes.includes(error.code ?? "") || (status !== undefined && error.statusCode === status)) return undefined;
    throw error;
  }
}
