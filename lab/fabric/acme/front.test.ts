/** The front of the certificate authority with a real Pebble behind it. */
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { authority } from "../../authority.ts";
import { startPebble, type Pebble } from "../../pebble/pebble.ts";
import { acmeHost } from "../addresses.ts";
import { acmeFront } from "./frontServer.ts";
import { logOrder, ordersSince } from "./orderLog.ts";
import { AcmeClient, asker, renewalId } from "./testing/client.ts";
import { renewalInfo, validities } from "./window.ts";

const stateDir = vi.hoisted(() => {
  process.env.LAB_STATE = `/tmp/lab-acme-${process.pid}`;
  // There is no host to validate.
  process.env.PEBBLE_VA_ALWAYS_VALID = "1";
  return process.env.LAB_STATE;
});

describe("the window of a renewal", () => {
  const day = 20;
  const from = new Date("2026-12-01T00:00:00Z");
  const at = (days: number) => new Date(from.getTime() + days * day * 1000).toISOString();
  test("is a day before and after two thirds of the validity", () => {
    const window = renewalInfo({ from, to: new Date(at(90)) }, day).suggestedWindow;
    expect(window).toEqual({ start: at(59), end: at(61) });
  });
  test("lies within the validity", () => {
    const window = renewalInfo({ from, to: new Date(at(1)) }, day).suggestedWindow;
    expect(window).toEqual({ start: at(0), end: at(1) });
  });
  test("certificates are valid for 90 days, and those of the short profile for 160 hours", () => {
    expect(validities(86_400)).toEqual({ classic: 7_776_000, tlsserver: 7_776_000, shortlived: 576_000 });
    expect(validities(20)).toEqual({ classic: 1800, tlsserver: 1800, shortlived: 133 });
  });
});

const isBuilt = (() => {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!isBuilt)("the certificate authority", () => {
  let directory: string;
  let pebble: Pebble;
  let front: Server;
  let ask: ReturnType<typeof asker>;
  let client: AcmeClient;
  let chain: string[];
  let daySeconds = 20;
  const ca = authority();

  const freePort = async (): Promise<number> => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    await new Promise((done) => server.close(done));
    return port;
  };

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "lab-acme-"));
    const [pebblePort, managementPort] = [await freePort(), await freePort()];
    const { certFile, keyFile } = ca.issue("pebble", ["DNS:localhost"]);
    pebble = await startPebble(
      {
        address: `127.0.0.1:${pebblePort}`,
        managementAddress: `127.0.0.1:${managementPort}`,
        certificate: certFile,
        privateKey: keyFile,
        httpPort: 80,
        profiles: validities(daySeconds),
        refusedNonces: 20,
      },
      directory,
    );
    const own = ca.issue("acme", [`DNS:${acmeHost}`]);
    front = acmeFront({
      tls: { cert: readFileSync(own.certFile, "utf8"), key: readFileSync(own.keyFile, "utf8") },
      pebblePort,
      managementPort,
      daySeconds: () => daySeconds,
      endorse: (root) => ca.endorse(root),
      ordered: (order) => logOrder(stateDir, order),
    });
    await new Promise<void>((done) => front.listen(0, "127.0.0.1", done));
    ask = asker(acmeHost, (front.address() as AddressInfo).port, readFileSync(ca.caFile, "utf8"));
    client = await AcmeClient.begin(ask);
    const issued = await client.order("www.chatbot.example", "classic", directory);
    chain = issued.match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/g) ?? [];
  }, 120_000);
  afterAll(async () => {
    front.close();
    await pebble.stop();
    rmSync(directory, { recursive: true });
    rmSync(stateDir, { recursive: true });
  });

  test("tells its addresses by its own name", async () => {
    const found = JSON.parse((await ask("GET", "/dir")).body) as Record<string, unknown>;
    expect(found.newOrder).toMatch(/^https:\/\/acme\.example\//);
    expect(found.meta).toMatchObject({ profiles: { classic: "1800 s", shortlived: "133 s" } });
  });

  test("signs certificates that are valid for days of the length that is set, and that clients of the lab trust", () => {
    const [leaf = "", ...others] = chain;
    const { validFromDate, validToDate } = new X509Certificate(leaf);
    expect((validToDate.getTime() - validFromDate.getTime()) / 1000).toBe(1799);
    for (const [name, content] of [
      ["leaf.pem", leaf],
      ["others.pem", others.join("\n")],
    ] as const)
      writeFileSync(join(directory, name), content);
    const verify = ["verify", "-CAfile", ca.caFile, "-untrusted", join(directory, "others.pem")];
    const host = ["-verify_hostname", "www.chatbot.example", join(directory, "leaf.pem")];
    expect(execFileSync("openssl", [...verify, ...host], { encoding: "utf8" })).toMatch(/: OK\n$/);
  });

  test("tells each order that the authority took, once", async () => {
    const began = Date.now();
    expect(ordersSince(stateDir, 0)).toMatchObject([{ hosts: ["www.chatbot.example"] }]);
    await client.order("api.chatbot.example", "classic", directory);
    expect(ordersSince(stateDir, began)).toMatchObject([{ hosts: ["api.chatbot.example"] }]);
    expect(ordersSince(stateDir, Date.now())).toEqual([]);
  });

  test("wants a renewal at two thirds of the validity, give or take a day", async () => {
    const answer = await ask("GET", client.renewalUrl(renewalId(chain[0]!)));
    const { validFromDate } = new X509Certificate(chain[0]!);
    const { start, end } = (JSON.parse(answer.body) as ReturnType<typeof renewalInfo>).suggestedWindow;
    const days = [start, end].map((one) => (Date.parse(one) - validFromDate.getTime()) / 1000 / daySeconds);
    expect(days.map(Math.round)).toEqual([59, 61]);
    expect(answer).toMatchObject({ status: 200, headers: { "retry-after": "5" } });
  });

  test("leaves to Pebble what it says of a certificate that is not there, and of days of their real length", async () => {
    const id = renewalId(chain[0]!);
    const unknown = id.replace(/\..*/, ".AQ");
    expect((await ask("GET", client.renewalUrl(unknown))).status).toBe(404);
    daySeconds = 86_400;
    const { start } = (JSON.parse((await ask("GET", client.renewalUrl(id))).body) as ReturnType<typeof renewalInfo>)
      .suggestedWindow;
    expect(Math.abs(Date.parse(start) - new X509Certificate(chain[0]!).validFromDate.getTime())).toBeLessThan(1000);
  });
});
