/** What is asked of the lab's names while dev is up: Azure's name servers, the registry, the old provider, the authority. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DnsManagementClient } from "@azure/arm-dns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resourceName } from "../../environment/names.ts";
import { authority } from "../authority.ts";
import { eventually, lab, labCommand, outside, run, status } from "../commands.ts";
import { deployer } from "../deployer.ts";
import { outputOf } from "./vault.ts";

const domain = "dev.chatbot.example";
const group = resourceName("resourceGroup", "dev");
const resolvers = ["198.51.100.53", "198.51.100.210", "198.51.100.211"];

/** What a server says, asked from outside by Node.js; the error's code where it says nothing. */
async function look(server: string, name: string, type: string): Promise<unknown> {
  const script = `
    const { Resolver } = require("node:dns/promises");
    const resolver = new Resolver({ timeout: 3000, tries: 2 });
    resolver.setServers([process.argv[1]]);
    resolver.resolve(process.argv[2], process.argv[3])
      .catch(({ code }) => code)
      .then((found) => console.log(JSON.stringify(found)));`;
  const { stdout, output, status } = await outside(process.execPath, "-e", script, server, name, type);
  if (status !== 0) throw new Error(output);
  return JSON.parse(stdout);
}

const curl = (url: string) => outside("curl", "-sS", "--max-time", "10", "--cacert", authority().caFile, url);

/** Registers the questions as tests. What they make they take away. */
export function names(): void {
  let directory: string;
  let zones: DnsManagementClient;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "names-"));
    const { credential, subscriptionId, options } = deployer();
    zones = new DnsManagementClient(credential, subscriptionId, options);
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  /** Addresses of the name servers that Azure has given dev's zone, as a resolver finds them. */
  const servers = async (): Promise<string[]> => {
    const found = JSON.parse(
      (await lab("pulumi", "stack", "output", "nameServers", "--json", "--stack", "dev")).stdout,
    ) as string[];
    const addresses = await Promise.all(found.map((name) => look(resolvers[0]!, name.replace(/\.$/, ""), "A")));
    return addresses.flat() as string[];
  };

  test("dev's host names are found through every resolver, and at each of Azure's four name servers", async () => {
    const address = await outputOf("dev", "publicAddress");
    const all = [...resolvers, ...(await servers())];
    expect(all).toHaveLength(7);
    for (const server of all) expect(await look(server, `www.${domain}`, "A"), server).toEqual([address]);
    expect(await look(resolvers[0]!, "nobody.example", "A")).toBe("ENOTFOUND");
    expect((await lab("registry")).stdout).toMatch(new RegExp(`^ +${domain} +azure +ns1-`, "m"));
  });

  test("a record that Resource Manager takes is served as it was given, and gone when it is deleted", async () => {
    const long = ["v".repeat(255), "w".repeat(45)];
    const put = (type: "TXT" | "MX" | "SRV" | "CAA", name: string, records: object) =>
      zones.recordSets.createOrUpdate(group, domain, name, type, { ttl: 1, ...records });
    await put("TXT", "names-test", { txtRecords: [{ value: long }] });
    await put("MX", "mx", { mxRecords: [{ preference: 10, exchange: "mail.old.example" }] });
    await put("SRV", "_names._tcp", { srvRecords: [{ priority: 1, weight: 2, port: 443, target: `www.${domain}` }] });
    await put("CAA", "caa", { caaRecords: [{ flags: 0, tag: "issue", value: "acme.example" }] });
    try {
      for (const server of await servers()) {
        const served = (name: string, type: string, expected: unknown) =>
          eventually(
            () => look(server, `${name}.${domain}`, type),
            (found) => {
              try {
                expect(found).toMatchObject(expected as object);
                return true;
              } catch {
                return false;
              }
            },
            30,
          );
        await served("names-test", "TXT", [long]);
        await served("mx", "MX", [{ exchange: "mail.old.example", priority: 10 }]);
        await served("_names._tcp", "SRV", [{ name: `www.${domain}`, port: 443, priority: 1, weight: 2 }]);
        await served("caa", "CAA", [{ critical: 0, issue: "acme.example" }]);
      }
    } finally {
      for (const [type, name] of [
        ["TXT", "names-test"],
        ["MX", "mx"],
        ["SRV", "_names._tcp"],
        ["CAA", "caa"],
      ] as const)
        await zones.recordSets.delete(group, domain, name, type);
    }
    for (const server of await servers())
      await eventually(
        () => look(server, `names-test.${domain}`, "TXT"),
        (found) => found === "ENOTFOUND",
        30,
      );
  });

  test("the address records that Resource Manager lists are those that every name server has", async () => {
    const all = await servers();
    let count = 0;
    for await (const { name, aRecords = [] } of zones.recordSets.listByType(group, domain, "A")) {
      count += 1;
      const wanted = aRecords.map(({ ipv4Address }) => ipv4Address).sort();
      for (const server of all)
        expect(((await look(server, `${name === "@" ? "" : `${name}.`}${domain}`, "A")) as string[]).sort()).toEqual(
          wanted,
        );
    }
    expect(count).toBeGreaterThanOrEqual(2);
  });

  test("the provider from before serves a zone file, and the host from before its names, with certificates", async () => {
    const file = join(directory, "legacy.zone");
    writeFileSync(
      file,
      [
        "$TTL 60",
        "@ SOA ns1.old.example. admin.old.example. 1 3600 300 2419200 60",
        "@ NS ns1.old.example.",
        "@ NS ns2.old.example.",
        "www A 198.51.100.15",
        "",
      ].join("\n"),
    );
    const refused = await run([labCommand, "registry", "legacy.example", "old"]);
    expect(refused.output).toContain("bin/lab old-dns legacy.example FILE");
    await lab("old-dns", "legacy.example", file);
    await lab("registry", "legacy.example", "old");
    await lab("old-host", "www.legacy.example");
    try {
      await eventually(
        () => look(resolvers[0]!, "www.legacy.example", "A"),
        (found) => String(found) === "198.51.100.15",
        30,
      );
      expect((await curl("https://www.legacy.example/some?thing")).stdout).toContain('"service":"old-host"');
      // It has no certificate for others.
      expect(
        (await outside("curl", "-sS", "--connect-to", `::${"198.51.100.15"}:443`, "https://other.example/")).status,
      ).toBe(35);
    } finally {
      await lab("registry", "legacy.example", "azure");
      await lab("old-dns", "legacy.example", "--remove");
      await lab("old-host", "--none");
    }
  });

  test("the certificate authority is there with a certificate of the lab's, and goes and comes back as it is told", async () => {
    const directoryOf = async () => (await curl("https://acme.example/dir")).stdout;
    expect(await directoryOf()).toContain("newOrder");
    await lab("set", "acme", "down");
    try {
      await eventually(
        () => curl("https://acme.example/dir"),
        ({ status }) => status === 7,
        10,
      );
    } finally {
      await lab("set", "acme", "up");
    }
    await eventually(directoryOf, (found) => found.includes("newOrder"), 10);
    // Machines reach it as well.
    const { machines } = await status("dev");
    const proxy = machines.find(({ tier }) => tier === "reverse-proxy")?.name ?? "";
    const asked = await run([
      labCommand,
      "ssh",
      proxy,
      "--",
      "curl",
      "-sS",
      "--max-time",
      "10",
      "https://acme.example/dir",
    ]);
    expect(asked.stdout, asked.output).toContain("newOrder");
  });
}
