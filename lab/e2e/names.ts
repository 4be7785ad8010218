/** What is asked of the lab's names while dev is up: Azure's name servers, the registry, the old provider, certificates. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DnsManagementClient } from "@azure/arm-dns";
import { expect, test } from "vitest";
import { resourceName } from "../../environment/names.ts";
import { eventually, lab, labCommand, outside, run } from "../commands.ts";
import { deployer } from "../deployer.ts";
import { outputOf } from "./vault.ts";

const domain = "dev.chatbot.example";
const resolvers = ["198.51.100.53", "198.51.100.210", "198.51.100.211"];

/** What each server says, asked from outside by Node.js; the error's code where it says nothing. */
async function look(servers: readonly string[], name: string, type: string): Promise<unknown[]> {
  const script = `
    const { Resolver } = require("node:dns/promises");
    const [name, type, ...servers] = process.argv.slice(1);
    const ask = (server) => {
      const resolver = new Resolver({ timeout: 3000, tries: 2 });
      resolver.setServers([server]);
      return resolver.resolve(name, type).catch(({ code }) => code);
    };
    Promise.all(servers.map(ask)).then((found) => console.log(JSON.stringify(found)));`;
  const { stdout, output, status } = await outside(process.execPath, "-e", script, name, type, ...servers);
  if (status !== 0) throw new Error(output);
  return JSON.parse(stdout) as unknown[];
}

const curl = (url: string) => outside("curl", "-sS", "--max-time", "10", url);

/** Registers the questions as tests. What they make they take away. More of it: lab/fabric/{dns/servers,others}.root.test.ts. */
export function names(): void {
  let servers: string[];

  test("dev's host names are found through every resolver, and at each of Azure's four name servers", async () => {
    const address = await outputOf("dev", "publicAddress");
    const { stdout } = await lab("pulumi", "stack", "output", "nameServers", "--json", "--stack", "dev");
    const found = (JSON.parse(stdout) as string[]).map((name) => look([resolvers[0]!], name.replace(/\.$/, ""), "A"));
    servers = (await Promise.all(found)).flat(2) as string[];
    expect(servers).toHaveLength(4);
    const all = [...resolvers, ...servers];
    expect(await look(all, `www.${domain}`, "A")).toEqual(all.map(() => [address]));
    expect((await lab("registry")).stdout).toMatch(new RegExp(`^ +${domain} +azure +ns1-`, "m"));
  });

  test("a record that Resource Manager takes is served as it was given, and gone when it is deleted", async () => {
    const { credential, subscriptionId, options } = deployer();
    const zones = new DnsManagementClient(credential, subscriptionId, options);
    const record = [resourceName("resourceGroup", "dev"), domain, "names-test", "TXT"] as const;
    const long = ["v".repeat(255), "w".repeat(45)];
    const served = (wanted: unknown) =>
      eventually(
        () => look(servers, `names-test.${domain}`, "TXT"),
        (found) => JSON.stringify(found) === JSON.stringify(servers.map(() => wanted)),
        30,
      );
    await zones.recordSets.createOrUpdate(...record, { ttl: 1, txtRecords: [{ value: long }] });
    try {
      await served([long]);
    } finally {
      await zones.recordSets.delete(...record);
    }
    await served("ENOTFOUND");
  });

  test("the provider from before serves a zone file, and the host from before its names, with certificates", async () => {
    const directory = mkdtempSync(join(tmpdir(), "names-"));
    const file = join(directory, "legacy.zone");
    const lines = [
      "$TTL 60",
      "@ SOA ns1.old.example. admin.old.example. 1 3600 300 2419200 60",
      "@ NS ns1.old.example.",
      "@ NS ns2.old.example.",
      "www A 198.51.100.15",
      "",
    ];
    writeFileSync(file, lines.join("\n"));
    const refused = await run([labCommand, "registry", "legacy.example", "old"]);
    expect(refused.output).toContain("bin/lab old-dns legacy.example FILE");
    try {
      await lab("old-dns", "legacy.example", file);
      await lab("registry", "legacy.example", "old");
      await lab("old-host", "www.legacy.example");
      await eventually(
        () => curl("https://www.legacy.example/some?thing"),
        ({ stdout }) => stdout.includes('"service":"old-host"'),
        30,
      );
    } finally {
      await lab("registry", "legacy.example", "azure");
      await lab("old-dns", "legacy.example", "--remove");
      await lab("old-host", "--none");
      rmSync(directory, { recursive: true });
    }
  });

  test("dev answers by HTTPS with a certificate of the lab's authority", async () => {
    await eventually(
      () => curl(`https://www.${domain}/`),
      ({ stdout }) => stdout.includes("front"),
      120,
    );
  });
}
