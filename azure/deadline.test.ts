import { createServer, type AddressInfo, type Server } from "node:net";
import { ComputeManagementClient } from "@azure/arm-compute";
import { NetworkManagementClient } from "@azure/arm-network";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deadline, within } from "./deadline.ts";

let server: Server;
let endpoint: string;
/** Connections that were made, and that were given up. */
let made = 0;
let left = 0;

/** Takes connections, and never says a word: not even TLS begins. */
beforeAll(async () => {
  server = createServer((socket) => {
    made += 1;
    socket.on("close", () => (left += 1)).on("error", () => {});
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endpoint = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const credential = { getToken: () => Promise.resolve({ token: "none", expiresOnTimestamp: Date.now() + 3_600_000 }) };
const options = () => ({ endpoint, ...deadline(0.2) });

test("a request of Azure's clients that is not answered ends in time, once, and is given up", async () => {
  const compute = new ComputeManagementClient(credential, "0000", options());
  const start = Date.now();
  await expect(compute.virtualMachines.instanceView("rg", "silent")).rejects.toThrow(
    /^GET https:.*\/virtualMachines\/silent\/instanceView.* has not answered within 0\.2 s$/,
  );
  expect(Date.now() - start).toBeLessThan(2000);
  // No second attempt, and nothing is left open.
  expect(made).toBe(1);
  await expect.poll(() => left).toBe(1);
});

test("so does a list, with every client", async () => {
  const network = new NetworkManagementClient(credential, "0000", options());
  const list = async () => {
    for await (const { id } of network.networkInterfaces.list("rg")) expect.fail(`answered with ${id}`);
  };
  await expect(list()).rejects.toThrow(/networkInterfaces.* has not answered within 0\.2 s$/);
});

test("a call that does not listen to the signal is left nevertheless", async () => {
  await expect(within(0.05, "it", () => new Promise(() => {}))).rejects.toThrow("it has not answered within 0.05 s");
});

test("what answers in time, or fails by itself, is as without a limit", async () => {
  expect(await within(5, "it", () => Promise.resolve(7))).toBe(7);
  await expect(within(5, "it", () => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
});
