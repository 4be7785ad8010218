import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPebble, type PebbleSettings } from "./pebble.ts";

const goIsThere = (() => {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
  });

const read = (url: string) =>
  new Promise<string>((resolve, reject) => {
    request(url, { rejectUnauthorized: false, headers: { "User-Agent": "test" } }, (answer) => {
      let text = "";
      answer.on("data", (part) => (text += String(part)));
      answer.on("end", () => {
        resolve(text);
      });
    })
      .on("error", reject)
      .end();
  });

describe.skipIf(!goIsThere)("Pebble", () => {
  let directory = "";
  let settings: PebbleSettings;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "platform-pebble-"));
    const [certificate, privateKey] = [join(directory, "cert.pem"), join(directory, "key.pem")];
    const subject = ["-subj", "/CN=acme", "-addext", "subjectAltName=IP:127.0.0.1"];
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", privateKey];
    execFileSync("openssl", ["req", "-x509", ...key, ...subject, "-out", certificate], { stdio: "ignore" });
    const [address, managementAddress] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    settings = { address, managementAddress, certificate, privateKey, httpPort: 80, profiles: { days: 86_400 } };
  }, 120_000);
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  it("has a directory with renewal information, profiles and a root certificate", async () => {
    const pebble = await startPebble(settings, directory);
    try {
      const found = JSON.parse(await read(`https://${settings.address}/dir`)) as Record<string, unknown>;
      expect(found.renewalInfo).toContain(`https://${settings.address}/`);
      expect(found.meta).toMatchObject({ profiles: { days: "86400 s" } });
      expect(await read(`https://${settings.managementAddress}/roots/0`)).toContain("BEGIN CERTIFICATE");
      expect(pebble.log()).toContain("Listening on");
    } finally {
      await pebble.stop();
    }
    await expect(read(`https://${settings.address}/dir`)).rejects.toThrow("ECONNREFUSED");
  });

  it("says why it does not start", async () => {
    await expect(startPebble({ ...settings, privateKey: "/does/not/exist" }, directory)).rejects.toThrow(
      /Pebble has ended \(status 1\): .*\/does\/not\/exist/s,
    );
  });
});
