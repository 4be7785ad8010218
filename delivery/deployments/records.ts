/** Who deployed what, and when: a blob for each deployment. */
import type { ContainerClient } from "@azure/storage-blob";
import { folderOf, recordOf, type Place } from "./place.ts";

export interface DeploymentRecord extends Place {
  kind: "deploy" | "rollback" | "complete";
  release: string;
  /** Of its artifact, as it was deployed; absent in records of older versions. */
  sha256?: string;
  /** Release that was deployed until then; absent at the first deployment. */
  before?: string;
  by: string;
  /** When it began: ISO 8601, UTC. */
  at: string;
  /** Address of the pipeline; absent where it was by hand. */
  pipeline?: string;
  /** `started` with an end nowhere: it was interrupted, which the next deployment finds and writes. */
  outcome: "started" | "done" | "rolled back" | "incomplete" | "interrupted";
  ended?: string;
  /** Why it was not done. */
  error?: string;
}

/** Writes a record; one that began at the same instant is replaced. */
export async function write(container: ContainerClient, place: Place, record: DeploymentRecord): Promise<void> {
  const text = `${JSON.stringify(record)}\n`;
  await container
    .getBlockBlobClient(recordOf(place, record.at))
    .upload(text, Buffer.byteLength(text), { blobHTTPHeaders: { blobContentType: "application/json" } });
}

/** The latest records, newest first. */
export async function latest(container: ContainerClient, place: Place, count: number): Promise<DeploymentRecord[]> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat({ prefix: folderOf(place) }))
    if (name.endsWith(".json")) names.push(name);
  const chosen = names.sort().reverse().slice(0, count);
  return Promise.all(
    chosen.map(async (name) => {
      const text = (await container.getBlockBlobClient(name).downloadToBuffer()).toString();
      return JSON.parse(text) as DeploymentRecord;
    }),
  );
}
