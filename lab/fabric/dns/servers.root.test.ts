/** Real name servers and resolvers in a network namespace of their own. Needs root. */
import { Resolver } from "node:dns/promises";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { azureNameServers, azurePools, type AzurePool } from "../../serviceNames.ts";
import type { DnsRecordSet, DnsZone } from "../../world.ts";
import {
  acmeResolver,
  cappingResolver,
  oldNameServers,
  poolAddresses,
  publicResolver,
  registryAddress,
  stubbornResolver,
} from "../addresses.ts";
import { run } from "../host.ts";
import { ensurePublicResolvers, forgetDomains } from "../resolver.ts";
import { services, stopService } from "../service.ts";
import { putOldZone, register } from "./domains.ts";
import { ensureNameServers } from "./servers.ts";
import { record } from "./zoneText.ts";

const namespace = `dnstest-${process.pid}`;
const text = (length: number) => `"${"x".repeat(length)}"`;

function zone(name: string, pool: AzurePool, ...records: DnsRecordSet[]): DnsZone {
  const servers = azureNameServers(pool);
  const soa = record("@", "SOA", 3600, `${servers[0]} azuredns-hostmaster.microsoft.com. 1 3600 300 2419200 300`);
  const apex = [soa, record("@", "NS", 172800, ...servers)];
  return { id: `/${name}`, name, private: false, pool, networkIds: [], records: [...apex, ...records] };
}
const dev = (address: string) => zone("dev.chatbot.example", 2, record("www", "A", 300, address));
const production = (...records: DnsRecordSet[]) =>
  zone("chatbot.example", 1, record("www", "A", 300, "198.51.100.41"), ...records);

let stateDir: string;
/** Asks in the namespace, by Node.js's own resolver. */
async function ask(server: string, name: string, type: string): Promise<unknown> {
  const script = `
    const { Resolver } = require("node:dns/promises");
    const resolver = new Resolver({ timeout: 2000, tries: 2 });
    resolver.setServers([${JSON.stringify(server)}]);
    resolver.resolve(${JSON.stringify(name)}, ${JSON.stringify(type)})
      .catch(({ code }) => code)
      .then((found) => console.log(JSON.stringify(found)));`;
  const { stdout } = await run(["ip", "netns", "exec", namespace, process.execPath, "-e", script]);
  return JSON.parse(stdout) as Awaited<ReturnType<Resolver["resolve"]>>;
}
const eventually = async (server: string, name: string, type: string, expected: unknown) =>
  expect.poll(() => ask(server, name, type), { timeout: 10_000, interval: 200 }).toEqual(expected);

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), "dns-test-"));
  await run(["ip", "netns", "add", namespace]);
  const addresses = [publicResolver, cappingResolver, stubbornResolver, acmeResolver, registryAddress];
  const servers = [...oldNameServers.map(({ address }) => address), ...azurePools.flatMap(poolAddresses)];
  const lines = [...addresses, ...servers].map((address) => `addr add ${address}/32 dev lo`);
  await run(["ip", "-n", namespace, "-batch", "-"], { input: ["link set lo up", ...lines, ""].join("\n") });
  await ensureNameServers(stateDir, [dev("198.51.100.50")], namespace);
  await ensurePublicResolvers(stateDir, { names: [], addresses: [] }, namespace);
});
afterAll(async () => {
  for (const name of services(stateDir)) await stopService(stateDir, name);
  await run(["ip", "netns", "del", namespace]);
  rmSync(stateDir, { recursive: true });
});

describe("the lab's names", () => {
  test("a zone at Azure is found from the registry on, through every resolver", async () => {
    for (const resolver of [publicResolver, cappingResolver, stubbornResolver, acmeResolver])
      expect(await ask(resolver, "www.dev.chatbot.example", "A")).toEqual(["198.51.100.50"]);
    expect(await ask(publicResolver, "management.azure.example", "A")).toEqual(["198.51.100.11"]);
    expect(await ask(publicResolver, "some.vault.azure.example", "A")).toEqual(["198.51.100.12"]);
    expect(await ask(publicResolver, "git.chatbot.example", "A")).toEqual(["198.51.100.10"]);
    expect(await ask(publicResolver, "nothing.example", "A")).toBe("ENOTFOUND");
  });

  test("a change is served by all four name servers, and a resolver keeps what it was told", async () => {
    await ensureNameServers(stateDir, [dev("198.51.100.51")], namespace);
    for (const server of poolAddresses(2)) await eventually(server, "www.dev.chatbot.example", "A", ["198.51.100.51"]);
    expect(await ask(publicResolver, "www.dev.chatbot.example", "A")).toEqual(["198.51.100.50"]);
    await forgetDomains(stateDir, ["dev.chatbot.example"]);
    expect(await ask(publicResolver, "www.dev.chatbot.example", "A")).toEqual(["198.51.100.51"]);
  });

  test("a zone below another one is found only where that one delegates it", async () => {
    await ensureNameServers(stateDir, [dev("198.51.100.51"), production()], namespace);
    await eventually(publicResolver, "www.chatbot.example", "A", ["198.51.100.41"]);
    await forgetDomains(stateDir, ["example"]);
    await eventually(publicResolver, "www.dev.chatbot.example", "A", "ENOTFOUND");
    const delegating = production(record("dev", "NS", 300, ...azureNameServers(2)));
    await ensureNameServers(stateDir, [dev("198.51.100.51"), delegating], namespace);
    await eventually(publicResolver, "www.dev.chatbot.example", "A", ["198.51.100.51"]);
  });

  test("all types of records are answered, names that look like types and long strings too", async () => {
    const records = [
      record("a", "AAAA", 60, "2001:db8::1"),
      record("mx", "MX", 60, "10 mail.chatbot.example.", "20 other.example."),
      record("txt", "TXT", 60, `${text(255)} ${text(200)}`, '"A\\092B \\034 \\195\\188"'),
      record("_sip._tcp", "SRV", 60, "1 2 443 www.chatbot.example."),
      record("@", "CAA", 60, '0 issue "acme.example"'),
      record("*.any", "CNAME", 60, "www.chatbot.example."),
    ];
    await ensureNameServers(stateDir, [production(...records)], namespace);
    await eventually(publicResolver, "a.chatbot.example", "AAAA", ["2001:db8::1"]);
    const mx = (await ask(publicResolver, "mx.chatbot.example", "MX")) as { priority: number }[];
    expect(mx.toSorted((a, b) => a.priority - b.priority)).toMatchObject([
      { exchange: "mail.chatbot.example", priority: 10 },
      { exchange: "other.example", priority: 20 },
    ]);
    const txt = (await ask(publicResolver, "txt.chatbot.example", "TXT")) as string[][];
    expect(txt).toContainEqual(["x".repeat(255), "x".repeat(200)]);
    expect(txt.flat().some((one) => one.startsWith('A\\B " '))).toBe(true);
    expect(await ask(publicResolver, "_sip._tcp.chatbot.example", "SRV")).toMatchObject([
      { name: "www.chatbot.example", port: 443, priority: 1, weight: 2 },
    ]);
    expect(await ask(publicResolver, "chatbot.example", "CAA")).toMatchObject([{ critical: 0, issue: "acme.example" }]);
    expect(await ask(publicResolver, "some.any.chatbot.example", "A")).toEqual(["198.51.100.41"]);
  });

  test("the provider from before serves a zone file that it is given, once the registry names it", async () => {
    const file = join(stateDir, "legacy.zone");
    const soa = "@ 300 IN SOA ns1.old.example. admin.old.example. 1 3600 300 2419200 300";
    const write = (address: string) =>
      writeFileSync(
        file,
        [soa, "@ 300 NS ns1.old.example.", "@ 300 NS ns2.old.example.", `www 60 A ${address}`, ""].join("\n"),
      );
    write("198.51.100.15");
    await putOldZone(stateDir, "legacy.example", file);
    await ensureNameServers(stateDir, [production()], namespace);
    for (const { address } of oldNameServers) await eventually(address, "www.legacy.example", "A", ["198.51.100.15"]);
    expect(await ask(publicResolver, "www.legacy.example", "A")).toBe("ENOTFOUND");
    register(stateDir, "legacy.example", "old");
    await ensureNameServers(stateDir, [production()], namespace);
    await eventually(publicResolver, "www.legacy.example", "A", ["198.51.100.15"]);
    write("198.51.100.16");
    await putOldZone(stateDir, "legacy.example", file);
    await putOldZone(stateDir, "more.example", file);
    await ensureNameServers(stateDir, [production()], namespace);
    await eventually(oldNameServers[0].address, "www.legacy.example", "A", ["198.51.100.16"]);
    await eventually(oldNameServers[0].address, "www.more.example", "A", ["198.51.100.16"]);
  });

  test("a zone file with a mistake is refused with its line, and nothing is changed", async () => {
    const file = join(stateDir, "wrong.zone");
    writeFileSync(file, "@ 300 IN SOA a. b. 1 2 3 4 5\n@ NS ns1.old.example.\nwww A 198.51.100.999\n");
    await expect(putOldZone(stateDir, "wrong.example", file)).rejects.toThrow(/wrong\.zone:3/);
    expect(() => register(stateDir, "wrong.example", "old")).toThrow(/has no zone wrong\.example/);
    expect(() => register(stateDir, "chatbot.com", "azure")).toThrow(/given chatbot\.com, allowed is a domain below/);
  });

  test("a zone that is removed is served no more", async () => {
    const gone = await ensureNameServers(stateDir, [], namespace);
    expect(gone).toEqual(["chatbot.example"]);
    await forgetDomains(stateDir, gone);
    await eventually(publicResolver, "other.chatbot.example", "A", "ENOTFOUND");
  });
});
