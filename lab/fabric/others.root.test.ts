/** What stands in the lab's Internet and is nobody's stack, as seen from outside. Needs root, and Go for the authority. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keepSetting, liveSettings } from "../liveSettings.ts";
import { azureNameServers } from "../serviceNames.ts";
import type { DnsZone } from "../world.ts";
import { acmeResolver } from "./addresses.ts";
import { putOldZone, register } from "./dns/domains.ts";
import { run } from "./host.ts";
import { outside } from "./names.ts";
import { Networks } from "./networks.ts";
import { keepOldHostNames } from "./oldHost/oldHost.ts";
import { inIsolation } from "./testing/isolated.ts";
import { until } from "./testing/standIn.ts";
import { world } from "./testing/world.ts";

const soa = "ns1-01.azure-dns.com. azuredns-hostmaster.microsoft.com. 1 3600 300 2419200 300";
const zone: DnsZone = {
  id: "/zone",
  name: "chatbot.example",
  private: false,
  networkIds: [],
  pool: 1,
  records: [
    { name: "@", type: "SOA", ttl: 3600, values: [soa] },
    { name: "@", type: "NS", ttl: 172800, values: azureNameServers() },
    { name: "www", type: "A", ttl: 1, values: ["198.51.100.15"] },
  ],
};

await inIsolation(import.meta.filename, async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "lab-test-"));
  process.env.LAB_STATE = stateDir;
  const { authority } = await import("../authority.ts");
  const ca = authority();
  const acmeDaySeconds = () => liveSettings(stateDir).acmeDaySeconds;
  const networks = new Networks({ stateDir, authority: ca, acmeDaySeconds, log: console.error });

  /** What a client outside gets, or curl's exit status. */
  async function ask(url: string): Promise<string> {
    const command = ["ip", "netns", "exec", outside, "curl", "-sS", "--max-time", "5", "--cacert", ca.caFile, url];
    const { status, stdout } = await run(command, { accept: [6, 7, 28, 35, 52, 56, 60] });
    return status === 0 ? stdout.trim() : `curl ${status}`;
  }

  beforeAll(async () => {
    keepSetting(stateDir, "acmeDaySeconds", "20");
    await networks.start();
    expect(await networks.converge(world({ zones: [zone] }))).toEqual([]);
  }, 120_000);
  afterAll(async () => {
    await networks.removeAll();
    expect(await networks.list()).toEqual([]);
    rmSync(stateDir, { recursive: true });
  });

  test("the certificate authority has a name, a certificate and days of the length that is set", async () => {
    expect(await ask("https://acme.example/dir")).toMatch(/"classic": "1800 s"/);
  });

  test("an authority that is down refuses connections, and comes back with what it knew", async () => {
    const pid = await run(["cat", join(stateDir, "run", "pebble.pid")]);
    keepSetting(stateDir, "acme", "down");
    await until("it is down", async () => (await ask("https://acme.example/dir")) === "curl 7");
    keepSetting(stateDir, "acme", "up");
    await until("it is up", async () => (await ask("https://acme.example/dir")).includes("newOrder"));
    expect(await run(["cat", join(stateDir, "run", "pebble.pid")])).toEqual(pid);
  });

  test("the host from before answers for the names that it is told, and refuses others' handshakes", async () => {
    expect(await ask("https://old-host.example/")).toContain('"service":"old-host"');
    expect(await ask("https://www.chatbot.example/")).toBe("curl 35");
    keepOldHostNames(stateDir, ["www.chatbot.example"]);
    await networks.take();
    expect(await ask("https://www.chatbot.example/a")).toContain('"host":"www.chatbot.example"');
    expect(await ask("http://www.chatbot.example/a")).toContain('"scheme":"http"');
  });

  test("a domain goes to the provider from before, for a resolver that has forgotten what the registry said", async () => {
    const file = join(stateDir, "zone");
    const lines = ["@ 5 SOA ns1.old.example. a.old.example. 1 3600 300 2419200 5", "@ 5 NS ns1.old.example."];
    writeFileSync(file, [...lines, "@ 5 NS ns2.old.example.", "www 5 A 198.51.100.16", ""].join("\n"));
    const lookUp = `
      const resolver = new (require("node:dns").Resolver)();
      resolver.setServers(["${acmeResolver}"]);
      resolver.resolve4("www.chatbot.example", (error, found) => console.log(error?.code ?? found[0]));`;
    const found = async () =>
      (await run(["ip", "netns", "exec", outside, process.execPath, "-e", lookUp])).stdout.trim();
    expect(await found()).toBe("198.51.100.15");
    await putOldZone(stateDir, "chatbot.example", file);
    register(stateDir, "chatbot.example", "old");
    await networks.take();
    await until("it is found there", async () => (await found()) === "198.51.100.16");
  });
});
