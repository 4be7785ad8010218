import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { sshBanner, waitForJumpHost } from "./jumpHost.ts";
import { testClock } from "../azure/testing/clock.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that says something to each client, and its port. */
async function saying(text: string): Promise<number> {
  const server = createServer((socket) => socket.end(text));
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return (server.address() as AddressInfo).port;
}

const options = { stack: "prod", timeoutSeconds: 20, intervalSeconds: 2, progress: () => {} };

test("an SSH server is known by its banner, also behind lines that come before it", async () => {
  expect(await sshBanner("127.0.0.1", await saying("welcome\r\nSSH-2.0-OpenSSH_10.0\r\n"))).toBe(
    "SSH-2.0-OpenSSH_10.0",
  );
});

test("what answers in another way is no SSH server", async () => {
  expect(await sshBanner("127.0.0.1", await saying("HTTP/1.1 400 Bad Request\r\n\r\n"))).toBeUndefined();
});

test("waiting ends when the server is there", async () => {
  const told: string[] = [];
  const port = await saying("SSH-2.0-x\r\n");
  await waitForJumpHost("127.0.0.1", { ...options, port, progress: (text) => told.push(text), clock: testClock() });
  expect(told).toEqual([]);
});

test("when nothing answers, the error says where, and which setting lets administrators in", async () => {
  const port = await saying("");
  servers.pop()?.close();
  const told: string[] = [];
  await expect(
    waitForJumpHost("127.0.0.1", { ...options, port, progress: (text) => told.push(text), clock: testClock() }),
  ).rejects.toThrow(/no SSH at 127\.0\.0\.1, port \d+, after 20 s.*platform:administrators\.ranges of stack prod/);
  expect(told).toEqual(["waiting for SSH at 127.0.0.1"]);
});
