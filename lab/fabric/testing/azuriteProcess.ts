/** For the tests: Azurite as the lab runs it, on a port of its own. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { azuriteArguments } from "../azurite.ts";

export interface AzuriteProcess {
  port: number;
  stop(): Promise<void>;
}

/** @param accounts Their names. */
export async function startAzurite(...accounts: string[]): Promise<AzuriteProcess> {
  const directory = mkdtempSync(join(tmpdir(), "lab-azurite-"));
  const curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  const line = `req -x509 ${curve} -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem`;
  execFileSync("openssl", line.split(" "), { cwd: directory, stdio: "ignore" });
  const args = azuriteArguments(0, directory, join(directory, "cert.pem"), join(directory, "key.pem"));
  const key = Buffer.alloc(64, 7).toString("base64");
  const azurite = spawn(process.execPath, args, {
    env: { ...process.env, AZURITE_ACCOUNTS: accounts.map((name) => `${name}:${key}`).join(";") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => azurite.once("exit", resolve));
  return {
    port: await portOf(azurite),
    async stop() {
      azurite.kill();
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

const portOf = (azurite: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    let said = "";
    azurite.stdout!.setEncoding("utf8").on("data", (part: string) => {
      said += part;
      const found = /listens on https:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    azurite.once("exit", () => reject(new Error(`Azurite ended: ${said}`)));
  });
