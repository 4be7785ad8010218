import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createSecureServer, request, type RequestOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { frontServer } from "./azureFrontServer.ts";
import { azuriteToken } from "./azuriteToken.ts";

interface Seen {
  method?: string;
  url?: string;
  headers: IncomingMessage["headers"];
  body: string;
}

let directory: string;
let front: Server;
let daemon: Server | undefined;
let azurite: Server;
let toDaemon: Seen[];
let toAzurite: Seen[];
/** What the daemon answers to a check. */
let verdict: { status: number; headers?: Record<string, string>; body?: string };

const listening = async (server: Server, where: string | number): Promise<number> => {
  await new Promise<void>((resolve) =>
    typeof where === "string" ? server.listen(where, resolve) : server.listen(where, "127.0.0.1", resolve),
  );
  const address = server.address();
  return typeof address === "string" ? 0 : (address as AddressInfo).port;
};
const closed = (server: Server | undefined) =>
  new Promise<void>((resolve) => {
    if (!server?.listening) return resolve();
    server.close(() => resolve());
    server.closeAllConnections();
  });
const seen = async (message: IncomingMessage): Promise<Seen> => {
  const { method, url, headers } = message;
  return { method, url, headers, body: await text(message) };
};

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "lab-front-"));
  const curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  const names = "subjectAltName=DNS:management.azure.example,DNS:*.vault.azure.example,DNS:*.blob.core.azure.example";
  execFileSync(
    "openssl",
    `req -x509 ${curve} -days 2 -subj /CN=front -addext ${names} -keyout key.pem -out cert.pem`.split(" "),
    { cwd: directory, stdio: "ignore" },
  );
});
afterAll(() => rmSync(directory, { recursive: true }));

beforeEach(async () => {
  toDaemon = [];
  toAzurite = [];
  verdict = { status: 204 };
  const tls = {
    key: readFileSync(join(directory, "key.pem"), "utf8"),
    cert: readFileSync(join(directory, "cert.pem"), "utf8"),
  };
  azurite = createSecureServer(tls, (message, response) => {
    void seen(message).then((one) => {
      toAzurite.push(one);
      response.writeHead(201, { "x-ms-version": "2024-11-04" });
      response.end("made");
    });
  });
  daemon = createServer((message, response) => {
    void seen(message).then((one) => {
      toDaemon.push(one);
      const isCheck = one.headers["lab-check"] !== undefined;
      response.writeHead(isCheck ? verdict.status : 200, isCheck ? verdict.headers : { "x-answer": "yes" });
      response.end(isCheck ? verdict.body : `daemon ${one.body}`);
    });
  });
  const servicesSocket = join(directory, "services.sock");
  await listening(daemon, servicesSocket);
  front = frontServer({ tls, servicesSocket, azuritePort: await listening(azurite, 0) });
  await listening(front, 0);
});
afterEach(async () => {
  await closed(front);
  await closed(daemon);
  await closed(azurite);
});

const ask = (host: string, path: string, { body = "", ...more }: RequestOptions & { body?: string } = {}) =>
  new Promise<{ status: number; headers: IncomingMessage["headers"]; body: string }>((resolve, reject) => {
    const { port } = front.address() as AddressInfo;
    const ca = readFileSync(join(directory, "cert.pem"));
    const headers = { host, ...(more.headers as Record<string, string>) };
    const sent = request(
      { port, host: "127.0.0.1", servername: host, path, ca, agent: false, ...more, headers },
      (answer) => {
        text(answer).then(
          (found) => resolve({ status: answer.statusCode!, headers: answer.headers, body: found }),
          reject,
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });

describe("the front of Azure's services", () => {
  test("hands requests to the daemon with their host and body, and with the sender's address, whatever the sender wrote", async () => {
    const headers = { "lab-client": "10.20.1.4", "lab-check": "after" };
    const answer = await ask("kv-dev.vault.azure.example", "/secrets/a?api-version=7.4", {
      method: "PUT",
      body: "value",
      headers,
    });
    expect(answer).toMatchObject({ status: 200, body: "daemon value", headers: { "x-answer": "yes" } });
    const [one] = toDaemon;
    expect(one).toMatchObject({ method: "PUT", url: "/secrets/a?api-version=7.4", body: "value" });
    expect(one?.headers).toMatchObject({ host: "kv-dev.vault.azure.example", "lab-client": "127.0.0.1" });
    expect(one?.headers).not.toHaveProperty("lab-check");
  });
  test("has neither daemon nor Azurite close a connection, also for a client that closes its own", async () => {
    const headers = { connection: "close" };
    await ask("kv-dev.vault.azure.example", "/secrets/a", { method: "PUT", body: "value", headers });
    await ask("stdev.blob.core.azure.example", "/artifacts/a", { method: "PUT", body: "value", headers });
    const [secret] = toDaemon;
    const [blob] = toAzurite;
    expect([secret, blob].map((one) => one?.headers.connection)).toEqual(["keep-alive", "keep-alive"]);
  });
  test("answers 503 while the daemon is away, so that clients ask again", async () => {
    await closed(daemon);
    const answer = await ask("management.azure.example", "/subscriptions");
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "ServiceUnavailable" } });
    const blob = await ask("stdev.blob.core.azure.example", "/c/b", { method: "PUT", body: "x".repeat(100_000) });
    expect(blob).toMatchObject({ status: 503, headers: { "content-type": "application/xml" } });
    expect(blob.body).toContain("<Code>ServerBusy</Code>");
    expect(toAzurite).toEqual([]);
  });
  test("asks the daemon about a request to a blob service, without its body, before Azurite gets it", async () => {
    const headers = { authorization: `Bearer ${azuriteToken()}`, "x-ms-blob-type": "BlockBlob" };
    const body = "x".repeat(100_000);
    const answer = await ask("stdev.blob.core.azure.example", "/backups/a%20b", { method: "PUT", body, headers });
    expect(answer).toMatchObject({ status: 201, body: "made" });
    expect(toDaemon).toHaveLength(1);
    expect(toDaemon[0]).toMatchObject({
      method: "PUT",
      url: "/backups/a%20b",
      body: "",
      headers: { ...headers, "lab-check": "before" },
    });
    expect(toAzurite[0]).toMatchObject({ method: "PUT", url: "/backups/a%20b", body });
    expect(toAzurite[0]?.headers).toMatchObject({
      host: "stdev.blob.core.azure.example",
      "x-ms-blob-type": "BlockBlob",
    });
    expect(toAzurite[0]?.headers).not.toHaveProperty("lab-check");
  });
  test("answers the daemon's refusal as it is, and Azurite hears nothing", async () => {
    verdict = { status: 403, headers: { "x-ms-error-code": "AuthorizationFailure" }, body: "<Error/>" };
    const answer = await ask("stdev.blob.core.azure.example", "/c/b", { method: "PUT", body: "x".repeat(100_000) });
    expect(answer).toMatchObject({
      status: 403,
      body: "<Error/>",
      headers: { "x-ms-error-code": "AuthorizationFailure" },
    });
    expect(toAzurite).toEqual([]);
  });
  test("gives Azurite a token with the issuer and audience that it wants, and the holder of the sender's", async () => {
    const bearer = ["{}", JSON.stringify({ oid: "somebody", tid: "tenant", iss: "https://lab", aud: "x" }), "signature"]
      .map((part) => Buffer.from(part).toString("base64url"))
      .join(".");
    await ask("stdev.blob.core.azure.example", "/c/b", { headers: { authorization: `Bearer ${bearer}` } });
    const [, claims = ""] = toAzurite[0]!.headers.authorization!.split(".");
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({
      aud: "https://storage.azure.com",
      iss: "https://sts.windows.net/tenant/",
      oid: "somebody",
    });
    await ask("stdev.blob.core.azure.example", "/c/b", { headers: { authorization: "SharedKey stdev:signature" } });
    expect(toAzurite[1]?.headers.authorization).toBe("SharedKey stdev:signature");
  });
  test("refuses a path that the daemon and Azurite could read differently", async () => {
    for (const path of ["/public/../backups/a", "/public/%2e%2e/backups/a", "//backups/a", "/public\\..\\backups"]) {
      const answer = await ask("stdev.blob.core.azure.example", path);
      expect(answer).toMatchObject({ status: 400 });
    }
    expect([...toDaemon, ...toAzurite]).toEqual([]);
  });
  test("tells the daemon of a success where it wants to know, before the sender", async () => {
    verdict = { status: 204, headers: { "lab-tell": "1" } };
    await ask("stdev.blob.core.azure.example", "/c?restype=container", { method: "PUT" });
    expect(toDaemon.map(({ headers }) => headers["lab-check"])).toEqual(["before", "after"]);
  });
});
