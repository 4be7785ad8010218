/** Against Azurite, Microsoft's emulator of storage, with the client that is used on Azure. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BlobServiceClient, StorageSharedKeyCredential, type ContainerClient } from "@azure/storage-blob";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { deployed, find, move, publish, Refused } from "./store.ts";

const first = { release: "20261129174500-0123456789ab", revision: "0123456789ab".padEnd(40, "0") };
const second = { release: "20261130174500-ba9876543210", revision: "ba9876543210".padEnd(40, "0") };
const at = new Date("2026-11-29T18:00:00Z");

let directory: string;
let azurite: ChildProcess;
let service: BlobServiceClient;
let store: ContainerClient;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "artifacts-"));
  const program = join(
    dirname(createRequire(import.meta.url).resolve("azurite/package.json")),
    "dist/src/blob/main.js",
  );
  const where = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--location", directory];
  // The client is newer than it.
  const args = [...where, "--silent", "--disableTelemetry", "--skipApiVersionCheck"];
  const key = Buffer.alloc(64, 7).toString("base64");
  azurite = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, AZURITE_ACCOUNTS: `stdev:${key}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await new Promise<string>((resolve, reject) => {
    let said = "";
    azurite.stdout!.setEncoding("utf8").on("data", (part: string) => {
      said += part;
      const found = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    azurite.once("exit", () => reject(new Error(`Azurite ended: ${said}`)));
  });
  const credential = new StorageSharedKeyCredential("stdev", key);
  service = new BlobServiceClient(`http://127.0.0.1:${port}/stdev`, credential, { retryOptions: { maxTries: 1 } });
}, 60_000);
afterAll(async () => {
  const ended = once(azurite, "exit");
  azurite.kill();
  await ended;
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  count += 1;
  store = service.getContainerClient(`artifacts${count}`);
  await store.create();
});

async function file(content: string): Promise<string> {
  const path = join(directory, `file-${content}`);
  await writeFile(path, content);
  return path;
}

const moved = (more: object = {}) =>
  move(store, { environment: "development", application: "front", release: first.release, by: "Ada", at, ...more });

test("an artifact is kept under its release, with its hash and its revision", async () => {
  const kept = await publish(store, "front", await file("one"), first);
  expect(kept).toEqual({
    ...first,
    artifact: "applications/front/20261129174500-0123456789ab.tar.gz",
    sha256: "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",
  });
  expect(await find(store, "front", first.release)).toEqual(kept);
  expect((await store.getBlobClient(kept.artifact).downloadToBuffer()).toString()).toBe("one");
});

test("the same artifact is published any number of times, another one under the same release never", async () => {
  const kept = await publish(store, "front", await file("one"), first);
  expect(await publish(store, "front", await file("one"), first)).toEqual(kept);
  await expect(publish(store, "front", await file("two"), first)).rejects.toThrow(Refused);
  await expect(publish(store, "front", await file("two"), first)).rejects.toThrow("a release is never overwritten");
  expect((await store.getBlobClient(kept.artifact).downloadToBuffer()).toString()).toBe("one");
});

test("nothing is deployed until the pointer moves, and then what was published", async () => {
  expect(await deployed(store, "development", "front")).toBeUndefined();
  const { sha256, artifact } = await publish(store, "front", await file("one"), first);
  const pointer = { application: "front", ...first, artifact, sha256, by: "Ada", at: "2026-11-29T18:00:00.000Z" };
  expect(await moved()).toEqual(pointer);
  expect(await deployed(store, "development", "front")).toEqual(pointer);
  expect(await deployed(store, "production", "front")).toBeUndefined();
  expect(await moved({ pipeline: "https://git.example/1" })).toEqual({ ...pointer, pipeline: "https://git.example/1" });
});

test("what was never published is not deployed", async () => {
  await expect(moved()).rejects.toThrow(/20261129174500-0123456789ab\.tar\.gz is not there; publish it/);
  await store.getBlockBlobClient("applications/front/20261129174500-0123456789ab.tar.gz").upload("x", 1);
  await expect(moved()).rejects.toThrow("given an artifact without its SHA-256 and commit");
  expect(await deployed(store, "development", "front")).toBeUndefined();
});

test("a deployment that expects another release than the one that is deployed is refused", async () => {
  await publish(store, "front", await file("one"), first);
  await publish(store, "front", await file("two"), second);
  await moved({ from: "none" });
  await expect(moved({ release: second.release, from: "none" })).rejects.toThrow(
    "given --from none, but it is 20261129174500-0123456789ab by now",
  );
  await moved({ release: second.release, from: first.release });
  expect((await deployed(store, "development", "front"))?.release).toBe(second.release);
});

test("an artifact that was replaced, its note too, is not deployed as the one that was meant", async () => {
  const { artifact, sha256 } = await publish(store, "front", await file("one"), first);
  const other = { metadata: { sha256: "0".repeat(64), revision: first.revision } };
  await store.getBlockBlobClient(artifact).upload("two", 3, other);
  await expect(moved({ sha256 })).rejects.toThrow(
    `given --sha256 ${sha256}, but what is kept has ${other.metadata.sha256}`,
  );
  expect(await deployed(store, "development", "front")).toBeUndefined();
  expect(await moved({ sha256: other.metadata.sha256 })).toMatchObject(other.metadata);
});

test("a pointer that is none is told by its name, and moving it writes it anew", async () => {
  await publish(store, "front", await file("one"), first);
  for (const content of ["", "{", '{"release": "main"}']) {
    await store.getBlockBlobClient("deployed/development/front").upload(content, content.length);
    await expect(deployed(store, "development", "front")).rejects.toThrow(
      `deployed/development/front: given ${content}, allowed is what \`bin/artifact move\` writes`,
    );
    await expect(moved({ from: first.release })).rejects.toThrow("but it is what is no pointer by now");
    expect(await moved()).toMatchObject(first);
  }
});

test("of deployments at the same moment one moves the pointer, and the others are told", async () => {
  await publish(store, "front", await file("one"), first);
  await publish(store, "front", await file("two"), second);
  for (const round of [1, 2, 3]) {
    const all = [first, second, first, second].map(({ release }) => moved({ release, by: `deployer ${round}` }));
    const results = await Promise.allSettled(all);
    const done = results.filter(({ status }) => status === "fulfilled");
    expect(done.length).toBeGreaterThan(0);
    for (const result of results)
      if (result.status === "rejected") expect(String(result.reason)).toContain("somebody else has just moved it");
    expect((await deployed(store, "development", "front"))?.by).toBe(`deployer ${round}`);
  }
});

test("a container that is missing is an error, and not a store in which nothing is deployed", async () => {
  store = service.getContainerClient("missing");
  await expect(deployed(store, "development", "front")).rejects.toThrow();
});
