/** The lock and the records of deployments, against Azurite. */
import { spawn, type ChildProcess } from "node:child_process";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ContainerClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, expect, test } from "vitest";
import { breakLock, hold, holder, Locked, take } from "../../delivery/deployments/lock.ts";
import { lockOf, type Place, type Tier } from "../../delivery/deployments/place.ts";
import { latest, write, type DeploymentRecord } from "../../delivery/deployments/records.ts";
import { azuriteProgram } from "../fabric/azurite.ts";

/** Of everybody's emulator: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite */
const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

let azurite: ChildProcess;
let container: ContainerClient;

beforeAll(async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  const options = [
    "--blobHost",
    "127.0.0.1",
    "--blobPort",
    `${port}`,
    "--inMemoryPersistence",
    "--silent",
    "--disableTelemetry",
  ];
  azurite = spawn(process.execPath, [azuriteProgram, ...options, "--skipApiVersionCheck"], { stdio: "ignore" });
  container = new ContainerClient(
    `http://127.0.0.1:${port}/${account}/artifacts`,
    new StorageSharedKeyCredential(account, key),
    { retryOptions: { maxTries: 1 } },
  );
  for (let look = 0; ; look++) {
    try {
      await container.create();
      break;
    } catch (error) {
      if (look === 100) throw error;
      await sleep(200);
    }
  }
}, 60_000);
afterAll(() => {
  azurite.kill("SIGKILL");
});

/** The container by another address, where the store falls silent on demand: connections stay, and nothing comes. */
async function silenceable() {
  const { port } = new URL(container.url);
  const sockets: Socket[] = [];
  let silent = false;
  const proxy = createServer((client) => {
    const store = connect(Number(port), "127.0.0.1");
    sockets.push(client, store);
    for (const [from, to] of [
      [client, store],
      [store, client],
    ] as const)
      from.on("data", (data) => void (silent || to.write(data))).on("error", () => {});
  }).listen(0, "127.0.0.1");
  await new Promise((listening) => proxy.once("listening", listening));
  return {
    container: new ContainerClient(
      container.url.replace(`:${port}`, `:${(proxy.address() as AddressInfo).port}`),
      new StorageSharedKeyCredential(account, key),
    ),
    silence: () => void (silent = true),
    close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}

let number = 0;
const place = (): Place => ({ environment: "development", application: `front-${++number}` });
const tier = (): Tier => ({ environment: "development", tier: `front-${++number}` });
const anna = {
  application: "front",
  by: "anna",
  at: "2026-11-29T17:45:00.000Z",
  pipeline: "https://gitlab.example/pipelines/7",
};
const bert = { application: "admin", by: "bert", at: "2026-11-29T17:46:00.000Z" };

test("one has the lock, and another one is told who, since when and where", async () => {
  const here = tier();
  const held = await take(container, here, anna);
  expect(await holder(container, here)).toEqual(anna);
  await expect(take(container, here, bert)).rejects.toThrow(
    `on ${here.tier} of development front is being deployed by anna since 2026-11-29T17:45:00.000Z (https://gitlab.example/pipelines/7)`,
  );
  await held.release();
  expect(await holder(container, here)).toBeUndefined();
  const next = await take(container, here, bert);
  expect(await holder(container, here)).toEqual(bert);
  await next.release();
});

test("of many who come at the same moment one gets it", async () => {
  const here = tier();
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => take(container, here, anna)));
  const got = all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  expect(got).toHaveLength(1);
  for (const one of all) if (one.status === "rejected") expect(one.reason).toBeInstanceOf(Locked);
  await got[0]?.release();
});

test("locks of tiers and of environments are their own", async () => {
  const here = tier();
  const held = [await take(container, here, anna), await take(container, { ...here, environment: "production" }, anna)];
  for (const one of held) await one.release();
});

test("a lock that is taken away is free, and the one that had it does not take it from the next", async () => {
  const here = tier();
  expect(await breakLock(container, here)).toBeUndefined();
  const held = await take(container, here, anna);
  expect(await breakLock(container, here)).toEqual(anna);
  expect(await holder(container, here)).toBeUndefined();
  const next = await take(container, here, bert);
  await held.release();
  expect(await holder(container, here)).toEqual(bert);
  await next.release();
});

test("one of several tiers that is taken leaves the others free", async () => {
  const [here, there] = [tier(), tier()];
  const held = await take(container, there, anna);
  const deployment = hold(container, [here, there], bert, () => Promise.resolve());
  await expect(deployment).rejects.toThrow(`on ${there.tier} of development front is being deployed by anna`);
  expect(await holder(container, here)).toBeUndefined();
  await held.release();
});

test("it is held until something ends, and free then", async () => {
  const here = tier();
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  let begun = () => {};
  const began = new Promise<void>((resolve) => (begun = resolve));
  const held = hold(container, [here], anna, () => {
    begun();
    return ended;
  });
  await began;
  expect(await holder(container, here)).toEqual(anna);
  end();
  expect(await held).toBe("released");
  expect(await holder(container, here)).toBeUndefined();
});

test("the one from whom it was taken knows soon", { timeout: 40_000 }, async () => {
  const here = tier();
  const end = await hold(container, [here], anna, async () => {
    await breakLock(container, here);
    return new Promise(() => {});
  });
  expect(end).toBe("lost");
});

test("the one that asks whether it has it still knows at once", async () => {
  const [here, there] = [tier(), tier()];
  const answers: boolean[] = [];
  const end = await hold(container, [here, there], anna, async (renew) => {
    answers.push(await renew());
    await breakLock(container, there);
    answers.push(await renew());
    return new Promise(() => {});
  });
  expect([answers, end]).toEqual([[true, false], "lost"]);
  expect(await holder(container, here)).toBeUndefined();
});

test("a lease that has no content yet is somebody's", async () => {
  const here = tier();
  const held = await take(container, here, anna);
  await held.release();
  const lease = container.getBlockBlobClient(lockOf(here)).getBlobLeaseClient();
  await lease.acquireLease(15);
  expect(await holder(container, here)).toMatchObject({ by: "somebody" });
  await expect(take(container, here, bert)).rejects.toThrow("somebody has just begun to deploy");
  expect(await breakLock(container, here)).toMatchObject({ by: "somebody" });
  expect(await holder(container, here)).toBeUndefined();
});

test("where the store falls silent, the lock is lost before another one can get it", { timeout: 60_000 }, async () => {
  const here = tier();
  const { container: far, ...store } = await silenceable();
  let silentSince = 0;
  let lostAfter = 0;
  const end = await hold(
    far,
    [here],
    anna,
    async () => {
      await sleep(5000);
      silentSince = Date.now();
      store.silence();
      return new Promise(() => {});
    },
    { leaseSeconds: 15, renewSeconds: 2 },
  ).finally(() => (lostAfter = (Date.now() - silentSince) / 1000));
  store.close();
  expect(end).toBe("lost");
  expect(lostAfter).toBeLessThan(15);
  // It was renewed after 4 seconds: a lease of the beginning would have ended here.
  expect(lostAfter).toBeGreaterThan(9);
});

test("records are told newest first, and the end of a deployment takes the place of its beginning", async () => {
  const here = place();
  const record = (second: number, outcome: DeploymentRecord["outcome"]): DeploymentRecord => ({
    ...{ ...here, kind: "deploy", release: "20261129174500-0123456789ab", by: "anna", outcome },
    at: `2026-11-29T17:45:0${second}.000Z`,
  });
  expect(await latest(container, here, 3)).toEqual([]);
  for (const second of [2, 0, 1]) await write(container, here, record(second, "started"));
  await write(container, here, record(1, "done"));
  expect(await latest(container, here, 2)).toEqual([record(2, "started"), record(1, "done")]);
});
