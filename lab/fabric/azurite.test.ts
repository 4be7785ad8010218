import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { azuriteProgram, containerChanges } from "./azurite.ts";
import { changeContainers } from "./azuriteClient.ts";
import { azuriteToken } from "./azuriteToken.ts";

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

describe("Azurite, as the lab runs it", () => {
  let directory: string;
  let azurite: ChildProcess;
  let port: number;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "lab-azurite-"));
    const curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    const line = `req -x509 ${curve} -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem`;
    execFileSync("openssl", line.split(" "), { cwd: directory, stdio: "ignore" });
    const tls = ["--cert", join(directory, "cert.pem"), "--key", join(directory, "key.pem"), "--oauth", "basic"];
    const args = ["--blobHost", "127.0.0.1", "--blobPort", "0", "--location", directory, ...tls];
    const key = Buffer.alloc(64, 7).toString("base64");
    azurite = spawn(process.execPath, [azuriteProgram, ...args, "--silent", "--disableTelemetry"], {
      env: { ...process.env, AZURITE_ACCOUNTS: `stone:${key}:${key};sttwo:${key}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    port = await new Promise((resolve, reject) => {
      let said = "";
      azurite.stdout!.setEncoding("utf8").on("data", (part: string) => {
        said += part;
        const found = /listens on https:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
      azurite.once("exit", () => reject(new Error(`Azurite ended: ${said}`)));
    });
  }, 60_000);
  afterAll(async () => {
    const ended = new Promise((resolve) => azurite.once("exit", resolve));
    azurite.kill();
    await ended;
    rmSync(directory, { recursive: true });
  });

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
