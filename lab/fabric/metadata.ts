/**
 * The Instance Metadata Service's address in a network: a process in the network's router, which hands each request to
 * the daemon with the sender's address. Without a daemon it answers 503, and clients ask again, as they must on Azure.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { VirtualNetwork } from "../world.ts";
import { metadataAddress } from "./addresses.ts";
import { ensureService } from "./service.ts";
import { netnsName } from "./names.ts";

const program = join(import.meta.dirname, "metadataProcess.ts");

/** The service's name, by the network's namespace. */
export function metadataService(namespace: string): string {
  return `metadata-${namespace}`;
}

export async function ensureMetadata(stateDir: string, socket: string, network: VirtualNetwork): Promise<void> {
  const namespace = netnsName(network.id);
  await ensureService(stateDir, {
    name: metadataService(namespace),
    namespace,
    command: [process.execPath, program, metadataAddress, socket, network.id],
    version: createHash("sha256").update(readFileSync(program)).update(socket).digest("hex").slice(0, 16),
    port: 80,
  });
}
