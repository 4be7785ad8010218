/** Real name servers on loopback, for tests: nsd and knot, where `bin/setup lab` has unpacked them or the host has them. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, type Server } from "../ask.ts";

export type Program = "nsd" | "knotd";

export const isInstalled = (program: Program): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

const configurations: Record<Program, (directory: string, port: number, domain: string) => string> = {
  nsd: (directory, port, domain) => `server:
  ip-address: 127.0.0.1@${port}
  username: ""
  chroot: ""
  zonesdir: ${directory}
  database: ""
  pidfile: ${directory}/pid
  xfrdfile: ${directory}/xfrd
  zonelistfile: ${directory}/list
  xfrdir: ${directory}
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: ${domain}
  zonefile: zone
`,
  knotd: (directory, port, domain) => `server:
  rundir: ${directory}
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: ${directory}
zone:
  - domain: ${domain}
    file: ${directory}/zone
    zonefile-sync: -1
    journal-content: none
`,
};

export interface NameServer extends Server {
  stop(): Promise<void>;
}

/** Serves a zone file until it is stopped. */
export async function serve(program: Program, domain: string, zoneFile: string): Promise<NameServer> {
  const directory = mkdtempSync(join(tmpdir(), `${program}-`));
  const port = await freePort();
  writeFileSync(join(directory, "zone"), zoneFile);
  writeFileSync(join(directory, "conf"), configurations[program](directory, port, domain));
  const child = spawn(program, program === "nsd" ? ["-d", "-c", `${directory}/conf`] : ["-c", `${directory}/conf`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const server = { name: program, address: "127.0.0.1", port };
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await ask(server, domain, "NS").catch(() => undefined);
    if (answer?.flag_aa) return { ...server, stop };
    if (child.exitCode !== null) break;
    await sleep(100);
  }
  await stop();
  throw new Error(`${program} does not serve ${domain}: ${said}`);
}

/** A port that is free for TCP. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
