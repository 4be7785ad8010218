import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dump, load } from "js-yaml";
import { parseZoneFile } from "../environment/zones/zoneFile.ts";
import type { RecordSet } from "../environment/zones/recordSet.ts";
import { administrators } from "../environment/testing/stacks.ts";
import { ask } from "./ask.ts";
import { askedNames, differences } from "./compare.ts";
import { serversOf } from "./servers.ts";
import { isInstalled, serve, type NameServer, type Program } from "./testing/nameServers.ts";

const root = join(import.meta.dirname, "..");
const samplePath = "environment/zones/testing/chatbot.example.zone";
const domain = "chatbot.example";
const sample = readFileSync(join(root, samplePath), "utf8");
const { sets } = parseZoneFile(sample, domain);

/** A zone that a server loads, of any record sets. */
const zoneOf = (records: readonly RecordSet[]) =>
  [
    "@ 3600 IN SOA ns1.azure.example. hostmaster.azure.example. 1 3600 300 2419200 300",
    "@ 172800 IN NS ns1.azure.example.",
    ...records.flatMap(({ name, ttl, type, values }) => values.map((value) => `${name} ${ttl} IN ${type} ${value}`)),
    "",
  ].join("\n");

const programs: Program[] = ["nsd", "knotd"];
const missing = programs.filter((program) => !isInstalled(program));
if (missing.length > 0)
  console.warn(`tests of name servers are left out: there is no ${missing.join(", no ")}; bin/setup lab unpacks them`);

describe.skipIf(missing.length > 0)("real name servers", () => {
  const running: NameServer[] = [];
  const start = async (program: Program, zoneFile: string) => {
    const server = await serve(program, domain, zoneFile);
    running.push(server);
    return server;
  };
  let nsd: NameServer;
  let knot: NameServer;

  beforeAll(async () => {
    [nsd, knot] = [await start("nsd", sample), await start("knotd", sample)];
  }, 60_000);
  afterAll(() => Promise.all(running.map((server) => server.stop())));

  test("read the sample zone file as the program does: no difference in more than 200 records", async () => {
    expect(sets.flatMap(({ values }) => values).length).toBeGreaterThan(200);
    expect(await differences(domain, [{ servers: [nsd, knot], sets }])).toEqual([]);
    // Names that are there without records, and what wildcards stand for, were asked, too.
    expect(askedNames(sets)).toEqual(expect.arrayContaining(["between.apps", "_tcp", "no-record-has-this-name.apps"]));
  });

  test("answer by TCP what is too long for UDP", async () => {
    const answer = await ask(nsd, `longer.${domain}`, "TXT");
    expect(answer.flag_tc).toBe(false);
    expect(answer.answers).toHaveLength(1);
  });

  test("differ in what was changed, and in nothing else", async () => {
    const change = (name: string, type: string, made: Partial<RecordSet> | undefined) => (records: RecordSet[]) =>
      records.flatMap((set) => (set.name === name && set.type === type ? (made ? [{ ...set, ...made }] : []) : [set]));
    const changed = [
      change("www", "CNAME", { ttl: 301 }),
      change("api", "A", { values: ["198.51.100.11"] }),
      change("_dmarc", "TXT", undefined),
      change("escapes", "TXT", { values: ['"one string"'] }),
      change("*", "MX", undefined),
      change("tools", "NS", { values: ["ns1.old.example.", "ns3.old.example."] }),
      change("ns1.office", "A", { values: ["198.51.100.99"] }),
    ].reduce((records, one) => one(records), [
      ...sets,
      { name: "new", type: "A", ttl: 60, values: ["198.51.100.98"] },
    ] as RecordSet[]);
    const azure = await start("knotd", zoneOf(changed));
    const found = await differences(domain, [{ servers: [azure], sets }]);
    expect(found.map(({ name, expected, found: is }) => `${name}: ${expected} -> ${is}`)).toEqual([
      "*.chatbot.example: 3600 MX 10 mail.chatbot.example. -> (nothing)",
      // What is not there any more, the wildcard answers.
      "_dmarc.chatbot.example: (nothing) -> 3600 A 198.51.100.50",
      '_dmarc.chatbot.example: 3600 TXT "v=DMARC1; p=reject; rua=mailto:dmarc@chatbot.example" -> (nothing)',
      "api.chatbot.example: 300 A 198.51.100.11, 198.51.100.12 -> 300 A 198.51.100.11",
      expect.stringMatching(/^escapes\.chatbot\.example: .* -> 3600 TXT "one string"$/),
      "no-record-has-this-name.chatbot.example: 3600 MX 10 mail.chatbot.example. -> (nothing)",
      "ns1.office.chatbot.example: 3600 A 198.51.100.60 -> 3600 A 198.51.100.99",
      "tools.chatbot.example: 172800 NS ns1.old.example., ns2.old.example. -> 172800 NS ns1.old.example., ns3.old.example.",
      "www.chatbot.example: 300 CNAME web.old.example. -> 301 CNAME web.old.example.",
    ]);
    // What only the other side has is asked of both.
    const both = await differences(domain, [
      { servers: [nsd], sets },
      { servers: [azure], sets: changed },
      { servers: [azure], sets: changed.filter(({ name }) => name !== "new") },
    ]);
    expect(both).toEqual([
      { server: "knotd", name: "new.chatbot.example", expected: "3600 A 198.51.100.50", found: "60 A 198.51.100.98" },
    ]);
  });

  test("that do not answer, or serve another zone, are told once", async () => {
    const nobody = { name: "ns9.old.example", address: "127.0.0.1", port: 9 };
    const [refused] = await differences(domain, [{ servers: [nobody], sets }]);
    expect(refused).toMatchObject({ server: "ns9.old.example", expected: "an answer" });
    expect(refused?.found).toContain("no answer of 127.0.0.1:9: ");
    const foreign = await differences("elsewhere.example", [{ servers: [nsd, knot], sets }]);
    expect(foreign.map(({ found }) => found)).toEqual([
      expect.stringMatching(/^nsd (answers REFUSED|does not serve)/),
      expect.stringMatching(/^knotd (answers REFUSED|does not serve)/),
    ]);
  });

  test("are found by the resolver that is given", async () => {
    const resolver = { name: "a resolver", address: knot.address, port: knot.port };
    expect(await serversOf([`api.${domain}:5300`, "127.0.0.9"], resolver)).toEqual([
      { name: `api.${domain}:5300 (198.51.100.11)`, address: "198.51.100.11", port: 5300 },
      { name: `api.${domain}:5300 (198.51.100.12)`, address: "198.51.100.12", port: 5300 },
      { name: "127.0.0.9", address: "127.0.0.9", port: 53 },
    ]);
    await expect(serversOf([`ns9.${domain}x`], resolver)).rejects.toThrow(
      `name server ns9.${domain}x: the resolver a resolver tells no address: REFUSED`,
    );
    await expect(serversOf(["ns_1"], resolver)).rejects.toThrow(
      "name server: given ns_1, allowed is an IPv4 address or a DNS name",
    );
  });

  describe("bin/zone", () => {
    const directory = mkdtempSync(join(tmpdir(), "zone-"));
    afterAll(() => rmSync(directory, { recursive: true }));

    /** The committed stack prod with settings of its zone. */
    function stackFile(name: string, dns: Record<string, unknown>): string {
      const file = load(readFileSync(join(root, "Pulumi.prod.yaml"), "utf8")) as {
        config: Record<string, Record<string, unknown>>;
      };
      file.config["platform:administrators"] = administrators;
      file.config["platform:environment"] = {
        ...file.config["platform:environment"],
        dns: { zoneFile: samplePath, ...dns },
      };
      writeFileSync(join(directory, name), dump(file));
      return join(directory, name);
    }

    function zone(...given: string[]): Promise<{ status: number; out: string; err: string }> {
      return new Promise((resolve) => {
        execFile(join(root, "bin/zone"), given, { cwd: root, timeout: 60_000 }, (error, out, err) => {
          resolve({ status: error ? Number(error.code) : 0, out, err });
        });
      });
    }
    const at = ({ address, port }: NameServer) => `${address}:${port}`;

    test("compares both servers record by record, and tells intended differences apart", async () => {
      const target = { "www.chatbot.example": "azure" };
      const legacy = { nameServers: ["127.0.0.1"], timeToLive: 86_400, loweredAt: "2020-01-01T00:00:00Z" };
      const file = stackFile("switched.yaml", { target, legacy });
      const listed = await zone("list", "--config-file", file, "--address", "203.0.113.1", "--json", "prod");
      expect(listed).toMatchObject({ status: 0, err: "" });
      const { sets: planned } = JSON.parse(listed.out) as { sets: RecordSet[] };
      const azure = await start("knotd", zoneOf(planned));

      const args = ["compare", "--config-file", file, "--new", at(azure), "--address", "203.0.113.1"];
      const { status, out, err } = await zone(...args, "--old", at(nsd), "prod");
      expect(err).toBe("");
      expect(out).toMatch(/^chatbot\.example: \d{3} names\n/);
      expect(out).toContain(
        "intended: www.chatbot.example: 300 CNAME web.old.example. -> 300 CNAME entry.chatbot.example.\n",
      );
      expect(out).toContain(
        "\n0 differences\nHosts may go over to Azure from 2020-01-02T00:00:00Z on, which has passed\n",
      );
      expect(status).toBe(0);

      const swapped = await zone(...args, "--old", `${at(nsd)},${at(azure)}`, "--json", "prod");
      expect(swapped.status).toBe(1);
      expect(JSON.parse(swapped.out)).toMatchObject({
        domain,
        old: [at(nsd), at(azure)],
        readyAt: "2020-01-02T00:00:00Z",
        differences: [
          { server: at(azure), name: "entry.chatbot.example", expected: "3600 A 198.51.100.50" },
          { server: at(azure), name: "entry.chatbot.example", expected: "3600 MX 10 mail.chatbot.example." },
          { server: at(azure), name: "www.chatbot.example", found: "300 CNAME entry.chatbot.example." },
        ],
      });
    });

    test("checks the zone file, and tells hosts and the date", async () => {
      const legacy = { nameServers: ["ns1.old.example"], timeToLive: 86_400 };
      const { status, out } = await zone("check", "--config-file", stackFile("waiting.yaml", { legacy }), "prod");
      expect(status).toBe(0);
      expect(out).toContain("  www.chatbot.example: legacy\n  api.chatbot.example: legacy\n");
      expect(out).toContain("may not go over to Azure yet: dns.legacy.loweredAt does not say when");
    });

    test("tells a zone file's mistakes with line and column", async () => {
      const path = join(directory, "wrong.zone");
      writeFileSync(path, "$TTL 60\nwww A 198.51.100\n\tMX mail\n");
      const relative = `../../..${path}`.replace(/^(\.\.\/)+/, "../".repeat(root.split("/").length - 1));
      const { status, err } = await zone(
        "check",
        "--config-file",
        stackFile("wrong.yaml", { zoneFile: relative }),
        "prod",
      );
      expect(status).toBe(1);
      expect(err).toContain(`2 mistakes in Pulumi.prod.yaml; nothing was changed.
  ${relative}:2:7
    given:   198.51.100
    allowed: an IPv4 address
  ${relative}:3:2
    given:   MX mail
    allowed: MX preference name`);
    });

    test("refuses wrong use with status 2", async () => {
      expect(await zone("compare")).toMatchObject({
        status: 2,
        err: expect.stringContaining("given 0 stacks, allowed is one") as string,
      });
      expect(await zone("switch", "dev")).toMatchObject({
        status: 2,
        err: expect.stringContaining("given switch, allowed is check, list or compare") as string,
      });
    });
  });
});
