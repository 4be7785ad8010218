import { request } from "node:https";
import { text } from "node:stream/consumers";
import { tmpdir } from "node:os";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { containerChanges, ensureAzurite } from "./azurite.ts";
import { changeContainers } from "./azuriteClient.ts";
import { azuriteToken } from "./azuriteToken.ts";
import type { Issuer } from "./gitServer.ts";
import type { Service } from "./service.ts";
import { startAzurite, type AzuriteProcess } from "./testing/azuriteProcess.ts";

const services = vi.hoisted((): Service[] => []);
vi.mock("./service.ts", () => ({ ensureService: (_: string, service: Service) => void services.push(service) }));

const account = (name: string, guid: string, ...containers: string[]) => ({
  id: `/${name}`,
  name,
  guid,
  keys: ["key"],
  containers,
});

describe("changes of containers", () => {
  const dev = account("stdev", "one", "artifacts", "backups");
  const old = account("stold", "two", "backups");
  test("are what came and what went", () => {
    expect(containerChanges([dev, old], [account("stdev", "one", "artifacts", "more"), old])).toEqual({
      removals: [{ account: "stdev", container: "backups" }],
      additions: [{ account: "stdev", container: "more" }],
    });
    const newKeys = { ...dev, keys: ["other"] };
    expect(containerChanges([dev, old], [newKeys, old])).toEqual({ removals: [], additions: [] });
  });
  test("of an account that went are all that it has, also of one that was made anew with the same name", () => {
    expect(containerChanges([dev, old], [dev])).toEqual({ removals: [{ account: "stold" }], additions: [] });
    expect(containerChanges([dev, old], [dev, account("stold", "three", "backups")])).toEqual({
      removals: [{ account: "stold" }],
      additions: [{ account: "stold", container: "backups" }],
    });
  });
});

test("where it is to run otherwise than it runs, it starts anew", async () => {
  const directory = mkdtempSync(join(tmpdir(), "azurite-"));
  const file = join(directory, "file.pem");
  writeFileSync(file, "");
  const issuer = { issue: () => ({ keyFile: file, certFile: file }) } as unknown as Issuer;
  for (const state of ["one", "one", "two"])
    await ensureAzurite(join(directory, state), issuer, [account("stone", "a")]);
  rmSync(directory, { recursive: true });
  const [first, again, otherwise] = services.map(({ version }) => version);
  expect(again).toBe(first);
  expect(otherwise).not.toBe(first);
});

describe("Azurite, as the lab runs it", () => {
  let azurite: AzuriteProcess;
  let port: number;

  beforeAll(async () => {
    azurite = await startAzurite("stone", "sttwo");
    port = azurite.port;
  }, 60_000);
  afterAll(() => azurite.stop());

  const ask = (name: string, method: string, path: string, body = "") =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const headers = {
        host: `${name}.blob.core.azure.example`,
        authorization: `Bearer ${azuriteToken()}`,
        "x-ms-version": "2024-11-04",
        "x-ms-blob-type": "BlockBlob",
      };
      const target = { host: "127.0.0.1", port, rejectUnauthorized: false, agent: false };
      const sent = request({ ...target, method, path, headers }, (answer) => {
        text(answer).then((found) => resolve({ status: answer.statusCode!, body: found }), reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  const change = (method: "PUT" | "DELETE", ...paths: string[]) =>
    changeContainers({
      port,
      method,
      changes: paths.map((path) => {
        const [name = "", container] = path.split("/");
        return { account: name, container };
      }),
    });

  test("knows accounts by the lab's host names, and takes the lab's tokens", async () => {
    await change("PUT", "stone/artifacts", "sttwo/backups");
    // What is there already is well.
    await change("PUT", "stone/artifacts");
    expect(await ask("stone", "PUT", "/artifacts/a/b%20c", "hello")).toMatchObject({ status: 201 });
    expect(await ask("stone", "GET", "/artifacts/a/b%20c")).toEqual({ status: 200, body: "hello" });
    expect(await ask("sttwo", "GET", "/artifacts/a/b%20c")).toMatchObject({ status: 404 });
  });
  test("loses one container, or all of an account", async () => {
    await change("PUT", "stone/artifacts", "stone/kept", "sttwo/backups", "sttwo/more");
    await change("DELETE", "stone/artifacts", "stone/never", "sttwo");
    const names = async (name: string) => (await ask(name, "GET", "/?comp=list")).body.match(/(?<=<Name>)[^<]+/g);
    expect(await names("stone")).toEqual(["kept"]);
    expect(await names("sttwo")).toBeNull();
  });
});
