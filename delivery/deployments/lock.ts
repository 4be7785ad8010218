/**
 * One deployment on the machines of a tier at a time, be it of one application or of several: a lease on a blob, whose
 * content says who has it. The lease ends by itself a minute after its holder, so that no deployment that was killed leaves
 * a lock behind.
 * https://learn.microsoft.com/rest/api/storageservices/lease-blob
 */
import { setTimeout as sleep } from "node:timers/promises";
import { RestError, type ContainerClient } from "@azure/storage-blob";
import { lockOf, type Tier } from "./place.ts";

/** The one that deploys. */
export interface Owner {
  application: string;
  by: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Address of the pipeline; absent where it was by hand. */
  pipeline?: string;
}

/** Another deployment is under way. */
export class Locked extends Error {
  constructor({ environment, tier }: Tier, owner: Owner | undefined) {
    const what = owner
      ? `${owner.application} is being deployed by ${owner.by} since ${owner.at}${owner.pipeline ? ` (${owner.pipeline})` : ""}`
      : "somebody has just begun to deploy";
    super(
      `on ${tier} of ${environment} ${what}. Wait for its end; should it have none, take its lock ` +
        "with `cap <stage> deploy:unlock`",
    );
  }
}

export interface Timing {
  /** 15 to 60 at Azure. */
  leaseSeconds: number;
  /** How often it is renewed, and how long each renewal may take. */
  renewSeconds: number;
}
const standardTiming: Timing = { leaseSeconds: 60, renewSeconds: 15 };

export interface Held {
  /** Settles when the lock is lost, and only then: somebody broke it, or the store was silent for nearly as long as a lease is. */
  lost: Promise<void>;
  /** Whether the lease, renewed at once, is held; false also where the store does not answer. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

/** @throws Locked where somebody has it. */
export async function take(
  container: ContainerClient,
  tier: Tier,
  owner: Owner,
  { leaseSeconds, renewSeconds } = standardTiming,
): Promise<Held> {
  const blob = container.getBlockBlobClient(lockOf(tier));
  // There already, and held perhaps.
  await tolerating(["BlobAlreadyExists", "LeaseIdMissing", "ConditionNotMet"], () =>
    blob.upload("", 0, { conditions: { ifNoneMatch: "*" } }),
  );
  const lease = blob.getBlobLeaseClient();
  const began = Date.now();
  const taken = await tolerating(["LeaseAlreadyPresent"], () => lease.acquireLease(leaseSeconds));
  if (taken === undefined) throw new Locked(tier, await ownerOf(container, tier));
  const conditions = { leaseId: lease.leaseId };
  const write = (text: string, abortSignal?: AbortSignal) =>
    blob.upload(text, Buffer.byteLength(text), { conditions, ...(abortSignal ? { abortSignal } : {}) });
  await write(JSON.stringify(owner));

  const ended = new AbortController();
  const expired = (async () => {
    for (let held = began; ;) {
      // Before the lease ends: what is under way ends without it.
      const deadline = held + (leaseSeconds - renewSeconds) * 1000;
      const milliseconds = () => Math.min(renewSeconds * 1000, Math.max(0, deadline - Date.now()));
      await sleep(milliseconds(), undefined, { signal: ended.signal });
      const asked = Date.now();
      try {
        // The client itself would try for minutes, in which another one gets the lock.
        await lease.renewLease({ abortSignal: AbortSignal.timeout(milliseconds()) });
        held = asked;
      } catch (error) {
        if (isBroken(error) || Date.now() >= deadline) return;
      }
    }
  })();
  const broken = Promise.withResolvers<void>();
  return {
    // Ended by its release, it was not lost, nor will it be.
    lost: Promise.race([expired.catch(() => new Promise<never>(() => {})), broken.promise]),
    async renew() {
      try {
        await lease.renewLease({ abortSignal: AbortSignal.timeout(renewSeconds * 1000) });
        return true;
      } catch (error) {
        if (isBroken(error)) broken.resolve();
        return false;
      }
    },
    async release() {
      ended.abort();
      // In the few seconds for which the one that ends waits; what is not released ends by itself.
      const abortSignal = AbortSignal.timeout(renewSeconds * 1000);
      // Taken away meanwhile: it is another's.
      await tolerating(["LeaseIdMismatchWithBlobOperation", "LeaseLost", "LeaseNotPresentWithBlobOperation"], () =>
        write("", abortSignal),
      );
      await tolerating(["LeaseIdMismatchWithLeaseOperation", "LeaseNotPresentWithLeaseOperation"], () =>
        lease.releaseLease({ abortSignal }),
      );
    },
  };
}

/**
 * Has the locks of some tiers until something ends.
 *
 * @param begun Called once all are held, with what renews them and tells whether all are held still.
 * @throws Locked where somebody has one of them.
 */
export async function hold(
  container: ContainerClient,
  tiers: readonly Tier[],
  owner: Owner,
  begun: (renew: () => Promise<boolean>) => Promise<unknown>,
  timing?: Timing,
): Promise<"released" | "lost"> {
  const held: Held[] = [];
  try {
    for (const tier of tiers) held.push(await take(container, tier, owner, timing));
    const renew = async () => (await Promise.all(held.map((one) => one.renew()))).every(Boolean);
    return await Promise.race([
      begun(renew).then(() => "released" as const),
      ...held.map(({ lost }) => lost.then(() => "lost" as const)),
    ]);
  } finally {
    await Promise.allSettled(held.map((one) => one.release()));
  }
}

/** Who has the lock of a tier; undefined where nobody has it. */
export async function holder(container: ContainerClient, tier: Tier): Promise<Owner | undefined> {
  const blob = container.getBlockBlobClient(lockOf(tier));
  const properties = await tolerating(["BlobNotFound"], () => blob.getProperties(), 404);
  if (properties?.leaseState !== "leased") return undefined;
  // Between the lease and its content, or after that was taken out.
  const unknown = { application: "an application", by: "somebody", at: new Date().toISOString() };
  return (await ownerOf(container, tier)) ?? unknown;
}

/** Takes the lock away; the one that had it, or undefined where nobody had. */
export async function breakLock(container: ContainerClient, tier: Tier): Promise<Owner | undefined> {
  const owner = await holder(container, tier);
  await tolerating(
    ["BlobNotFound", "LeaseNotPresentWithLeaseOperation"],
    () => container.getBlockBlobClient(lockOf(tier)).getBlobLeaseClient().breakLease(0),
    404,
  );
  return owner;
}

async function ownerOf(container: ContainerClient, tier: Tier): Promise<Owner | undefined> {
  const text = (await container.getBlockBlobClient(lockOf(tier)).downloadToBuffer()).toString();
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

/** Somebody broke the lease, or has it by now. */
const isBroken = (error: unknown) => error instanceof RestError && error.statusCode === 409;
