/**
 * Azure's services in the lab's Internet, by their names (lab/serviceNames.ts): one process with a certificate of the
 * lab's authority. Without a daemon it answers 503, and clients ask again, as they must on Azure.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { managementHost, storageSuffix, vaultSuffix } from "../serviceNames.ts";
import { azuritePort } from "./azurite.ts";
import type { Issuer } from "./gitServer.ts";
import { ensureService } from "./service.ts";
import { azure } from "./names.ts";

const programs = ["azureFrontProcess.ts", "azureFrontServer.ts", "azuriteToken.ts"].map((name) =>
  join(import.meta.dirname, name),
);

export async function ensureFront(stateDir: string, issuer: Issuer, servicesSocket: string): Promise<void> {
  const { keyFile, certFile } = issuer.issue("azure", [
    `DNS:${managementHost}`,
    `DNS:*.${vaultSuffix}`,
    `DNS:*.blob.${storageSuffix}`,
  ]);
  const args = [certFile, keyFile, servicesSocket, String(azuritePort), stateDir];
  const version = createHash("sha256").update(args.join("\n"));
  for (const file of [...programs, certFile]) version.update(readFileSync(file));
  await ensureService(stateDir, {
    name: "azure",
    namespace: azure,
    command: [process.execPath, programs[0]!, ...args],
    version: version.digest("hex").slice(0, 16),
    port: 443,
  });
}
