/** Azure's services from machines and from outside: names, addresses that they see, vaults that are away, blobs. Needs root. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { keepSetting } from "../liveSettings.ts";
import { blobHeaders, serviceHeaders, type VirtualNetwork, type World } from "../world.ts";
import { azuriteData } from "./azurite.ts";
import { run } from "./host.ts";
import { outside } from "./names.ts";
import { inside } from "./namespace.ts";
import { Networks } from "./networks.ts";
import { inIsolation } from "./testing/isolated.ts";
import { namespaceOf, until } from "./testing/standIn.ts";
import { machine, world } from "./testing/world.ts";

const network: VirtualNetwork = {
  id: "/vnet/dev",
  name: "vnet-dev",
  prefixes: ["10.20.0.0/16"],
  peers: [],
  subnets: [
    { id: "/a", name: "a", prefix: "10.20.1.0/24", serviceEndpoints: ["Microsoft.KeyVault"] },
    { id: "/b", name: "b", prefix: "10.20.2.0/24", natAddress: "198.51.100.40" },
    { id: "/c", name: "c", prefix: "10.20.3.0/24" },
  ],
};
const endpoint = machine(network, 0, "10.20.1.4");
const nat = machine(network, 1, "10.20.2.4");
const closed = machine(network, 2, "10.20.3.4");
const key = Buffer.alloc(64, 1).toString("base64");
const account = { id: "/st", name: "stdev", guid: "one", keys: [key, key], containers: ["artifacts"] };
const dev: World = world({ networks: [network], machines: [endpoint, nat, closed], storageAccounts: [account] });

await inIsolation(import.meta.filename, async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "lab-test-"));
  process.env.LAB_STATE = stateDir;
  const servicesSocket = join(stateDir, "services.sock");
  const { authority } = await import("../authority.ts");
  const ca = authority();
  const networks = new Networks({ stateDir, authority: ca, servicesSocket, log: console.error });
  /** Allows every request to a blob service, and answers others with the sender's address. */
  const daemon = createServer(({ headers }, response) => {
    response.statusCode = headers[blobHeaders.check] === undefined ? 200 : 204;
    response.end(response.statusCode === 200 ? String(headers[serviceHeaders.client]) : undefined);
  });

  /** What a client gets, or curl's exit status. */
  async function ask(namespace: string, url: string, ...more: string[]): Promise<string> {
    // Only the client outside has a resolver of its own here.
    const { hostname } = new URL(url);
    const address = hostname.endsWith("vault.azure.example") ? "198.51.100.12" : "198.51.100.13";
    const resolved = namespace === outside ? [] : ["--resolve", `${hostname}:443:${address}`];
    const enter = namespace === outside ? ["ip", "netns", "exec", outside] : inside(namespace);
    const curl = ["curl", "-sS", "--max-time", "3", "--cacert", ca.caFile, ...resolved, ...more, url];
    const { status, stdout } = await run([...enter, ...curl], { accept: [7, 28, 35, 52, 56] });
    return status === 0 ? stdout.trim() : `curl ${status}`;
  }
  const vault = "https://kv-dev-1.vault.azure.example/secrets/a";

  beforeAll(async () => {
    await new Promise<void>((resolve) => daemon.listen(servicesSocket, resolve));
    await networks.start();
    expect(await networks.converge(dev)).toEqual([]);
  }, 60_000);
  afterAll(async () => {
    await networks.removeAll();
    expect(await networks.list()).toEqual([]);
    daemon.close();
    rmSync(stateDir, { recursive: true });
  });

  test("have names and certificates outside every network", async () => {
    const seen = /^198\.51\.100\.20\d$/;
    expect(await ask(outside, "https://management.azure.example/metadata/endpoints")).toMatch(seen);
    expect(await ask(outside, vault)).toMatch(seen);
  });

  describe("see", () => {
    test("a machine's own address over the service endpoint of its subnet, without a NAT gateway", async () => {
      expect(await ask(namespaceOf(endpoint), vault)).toBe("10.20.1.4");
    });
    test("the NAT gateway's address from other subnets", async () => {
      expect(await ask(namespaceOf(nat), vault)).toBe("198.51.100.40");
    });
    test("nothing of a machine with neither, nor of one that asks another service", async () => {
      expect(await ask(namespaceOf(closed), vault)).toBe("curl 28");
      expect(await ask(namespaceOf(endpoint), "https://stdev.blob.core.azure.example/")).toBe("curl 28");
    });
  });

  test("nobody outside reaches a machine by the way back of its service endpoint", async () => {
    // Nothing listens there: what arrives would be refused, which is another answer.
    expect(await ask(outside, "https://10.20.1.4/")).toBe("curl 28");
  });

  test("vaults that are away refuse connections, and come back; other services stay", async () => {
    keepSetting(stateDir, "vault", "away");
    await until("vaults are away", async () => (await ask(namespaceOf(endpoint), vault)) === "curl 7");
    expect(await ask(outside, "https://management.azure.example/")).toMatch(/^198\.51\.100\./);
    keepSetting(stateDir, "vault", "whole");
    await until("vaults are whole", async () => (await ask(namespaceOf(endpoint), vault)) === "10.20.1.4");
  });

  describe("blobs", () => {
    const blob = "https://stdev.blob.core.azure.example/artifacts/a";
    const claims = Buffer.from(JSON.stringify({ oid: "o", tid: "t" })).toString("base64url");
    const token = ["-H", `Authorization: Bearer e30.${claims}.x`, "-H", "x-ms-version: 2024-11-04"];

    test("are kept in the containers that Resource Manager has", async () => {
      const put = ["-X", "PUT", "-H", "x-ms-blob-type: BlockBlob", "--data-binary", "hello"];
      expect(await ask(outside, blob, ...token, ...put)).toBe("");
      expect(await ask(outside, blob, ...token)).toBe("hello");
    });
    test("stay while the daemon is another, and go with their account", async () => {
      networks.stop();
      const next = new Networks({ stateDir, authority: ca, servicesSocket });
      const pid = readFileSync(join(stateDir, "run", "azurite.pid"), "utf8");
      await next.start();
      expect(await ask(outside, blob, ...token)).toBe("hello");
      await next.converge(dev);
      expect(readFileSync(join(stateDir, "run", "azurite.pid"), "utf8")).toBe(pid);
      const other = { ...account, id: "/other", name: "stother", guid: "two" };
      await next.converge({ ...dev, storageAccounts: [account, other] });
      expect(await ask(outside, blob, ...token)).toBe("hello");
      await next.converge({ ...dev, storageAccounts: [other] });
      await next.converge({ ...dev, storageAccounts: [account, other] });
      expect(await ask(outside, blob, ...token)).toContain("<Code>BlobNotFound</Code>");
      await next.converge({ ...dev, storageAccounts: [] });
      expect(existsSync(azuriteData(stateDir))).toBe(false);
      next.stop();
    });
  });
});
