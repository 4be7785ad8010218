import { readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:tls";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { authority } from "../authority.ts";
import { serialIn, served } from "./served.ts";

const stateDir = vi.hoisted(() => {
  process.env.LAB_STATE = `/tmp/lab-served-${process.pid}`;
  return process.env.LAB_STATE;
});

let server: Server;
let address: string;
let cert: string;
let caFile: string;
beforeAll(async () => {
  const ca = authority();
  caFile = ca.caFile;
  const { keyFile, certFile } = ca.issue("www", ["DNS:www.chatbot.example"]);
  cert = readFileSync(certFile, "utf8");
  server = createServer({ key: readFileSync(keyFile, "utf8"), cert });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(stateDir, { recursive: true });
});

test("tells the serial number of a certificate that clients believe", async () => {
  const host = "www.chatbot.example";
  expect(await served(address, host, caFile)).toEqual({ host, serial: serialIn(cert) });
  expect(serialIn(cert)).toMatch(/^[0-9A-F]{16,}$/);
});

test("tells why clients refuse another one: its host, its authority, or that nobody answers", async () => {
  expect((await served(address, "api.chatbot.example", caFile)).trouble).toMatch(/hostname mismatch/i);
  expect((await served(address, "www.chatbot.example", "/etc/ssl/certs/ca-certificates.crt")).trouble).toMatch(
    /verify error/,
  );
  const refused = await served("127.0.0.1:1", "www.chatbot.example", caFile);
  expect(refused).toMatchObject({ trouble: expect.stringMatching(/refused/i) as string });
  expect(refused.serial).toBeUndefined();
});
