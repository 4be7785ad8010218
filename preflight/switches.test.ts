import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { restTo, subscriptionId } from "../azure/testing/subscription.ts";
import { isInstalled, serve, type NameServer } from "../dns/testing/nameServers.ts";
import type { DnsSettings } from "../environment/dnsSchema.ts";
import type { Plan } from "../environment/plan.ts";
import { planOf } from "../environment/testing/stacks.ts";
import { azureRecords } from "../environment/zones/azureRecords.ts";
import type { RecordSet } from "../environment/zones/recordSet.ts";
import { parseZoneFile } from "../environment/zones/zoneFile.ts";
import { switchObstacles, timeObstacles } from "./switches.ts";

const azure = vi.hoisted((): { answer: (path: string) => Response } => ({ answer: () => Response.json({}) }));
const asked: string[] = [];

vi.mock("../azure/arm.ts", () => ({
  connect: () =>
    Promise.resolve({
      rest: restTo(({ url: { pathname } }) => {
        asked.push(pathname);
        return azure.answer(pathname);
      }),
    }),
}));

const zoneFile = parseZoneFile(
  "$TTL 300\nwww A 198.51.100.1\n\tMX 10 mail\napi CNAME web.old.example.\nmail A 198.51.100.2\n",
  "chatbot.example",
);
const { sets } = zoneFile;
const [www, api] = ["www.chatbot.example", "api.chatbot.example"];

/** The committed stack prod, whose hosts www and api the zone file has. */
function plan(dns: Partial<DnsSettings>): Plan {
  const target = { [www]: "azure" as const };
  return { ...planOf("prod"), dns: { zoneFile: "old.zone", target, timeToLive: 300, ...dns } };
}

/** A zone at ARM. */
function stands(records: readonly RecordSet[], nameServers: string[]): void {
  azure.answer = (path) =>
    Response.json(
      path.endsWith("/recordsets")
        ? {
            value: [
              { name: "@", type: "Microsoft.Network/dnszones/SOA", properties: { TTL: 3600, SOARecord: {} } },
              {
                name: "@",
                type: "Microsoft.Network/dnszones/NS",
                properties: { TTL: 172_800, NSRecords: [{ nsdname: "ns1." }] },
              },
              ...records.map((set) => ({
                name: set.name,
                type: `Microsoft.Network/dnszones/${set.type}`,
                // In the case that ARM has.
                properties: Object.fromEntries(
                  Object.entries({ TTL: set.ttl, ...azureRecords(set) }).map(([key, value]) => [
                    key.replace(/^(a+|cname|mx|txt)R/, (type) => `${type.slice(0, -1).toUpperCase()}R`),
                    value,
                  ]),
                ),
              })),
            ],
          }
        : { properties: { nameServers } },
    );
}

const obstacles = (dns: Partial<DnsSettings>, given = plan(dns)) =>
  switchObstacles(
    { cloud: { resourceManager: "", vaultSuffix: "", storageSuffix: "" }, zoneFile, file: "Pulumi.prod.yaml" },
    given,
  );

const longAgo = "2020-01-01T00:00:00Z";
const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);

beforeEach(() => {
  asked.length = 0;
  warn.mockClear();
});

test("nothing is asked where no host goes over: the way back is always open", async () => {
  expect(await obstacles({ target: {} })).toEqual([]);
  expect(await obstacles({ target: { [www]: "legacy" } })).toEqual([]);
  expect(asked).toEqual([]);
});

test("a zone that is made anew, and hosts that have gone over, are free", async () => {
  azure.answer = () => Response.json({ error: { code: "ResourceNotFound", message: "no" } }, { status: 404 });
  expect(await obstacles({})).toEqual([]);
  expect(
    asked.every((path) => path.startsWith(`/subscriptions/${subscriptionId}/resourceGroups/rg-platform-prod/`)),
  ).toBe(true);
  stands([{ name: "www", type: "A", ttl: 300, values: ["203.0.113.1"] }], ["127.0.0.1:9"]);
  expect(await obstacles({})).toEqual([]);
  expect(warn).not.toHaveBeenCalled();
});

test("where Azure does not tell what stands, nothing is changed", async () => {
  azure.answer = () => Response.json({ error: { code: "AuthorizationFailed", message: "no" } }, { status: 403 });
  await expect(obstacles({})).rejects.toThrow(
    /^Azure does not tell the records of chatbot\.example, .*\n.*403 AuthorizationFailed no/,
  );
});

test("a name server that does not answer keeps a host at its old address", async () => {
  stands(sets, ["127.0.0.1:9"]);
  const [text] = await obstacles({ legacy: { nameServers: ["127.0.0.1:9"], timeToLive: 300 } });
  expect(text).toContain(
    "1 obstacle at Azure for Pulumi.prod.yaml; nothing was changed.\n  platform:environment.dns.target.www.chatbot.example\n",
  );
  expect(text).toContain("chatbot.example at 127.0.0.1:9 (no answer of 127.0.0.1:9: ");
});

const hosts = [{ host: www, name: "www", target: "azure" as const, legacy: sets.filter(({ name }) => name === "www") }];
const at = (moment: string, dns: Partial<DnsSettings>) => timeObstacles(plan(dns), hosts, new Date(moment));
const legacy = { nameServers: ["ns1.old.example"], timeToLive: 86_400, loweredAt: "2026-12-01T08:00:00Z" };

test("a host waits until the old time to live has run out since it was lowered, to the second", () => {
  const [early] = at("2026-12-02T07:59:59Z", { legacy });
  expect(early).toMatchObject({
    place: "platform:environment.dns.target.www.chatbot.example",
    given: "azure at 2026-12-02T07:59:59Z, for www.chatbot.example",
    allowed: expect.stringContaining("azure from 2026-12-02T08:00:00Z on") as string,
  });
  expect(at("2026-12-02T08:00:00Z", { legacy })).toEqual([]);
});

test("a host waits where nobody said when the time to live was lowered, or it is still long; a short one has nothing to wait for", () => {
  expect(at("2026-12-02T08:00:00Z", { legacy: { ...legacy, loweredAt: undefined } })).toMatchObject([
    { place: "platform:environment.dns.legacy.loweredAt", given: "(nothing)" },
  ]);
  expect(at("2026-12-03T00:00:00Z", { legacy, timeToLive: 60 })).toMatchObject([
    { place: "platform:environment.dns.zoneFile", given: "300 seconds for A of www (line 2)" },
  ]);
  expect(at("2020-01-01T00:00:00Z", { legacy: { nameServers: ["ns1.old.example"], timeToLive: 300 } })).toEqual([]);
});

describe.skipIf(!isInstalled("knotd"))("with name servers", () => {
  const running: NameServer[] = [];
  const start = async (records: readonly RecordSet[]) => {
    const zone = [
      "@ 3600 SOA ns1.old.example. me.old.example. 1 2 3 4 5",
      "@ 3600 NS ns1.old.example.",
      ...records.flatMap(({ name, ttl, type, values }) => values.map((value) => `${name} ${ttl} ${type} ${value}`)),
    ];
    const server = await serve("knotd", "chatbot.example", `${zone.join("\n")}\n`);
    running.push(server);
    return `${server.address}:${server.port}`;
  };
  let [same, other]: [string, string] = ["", ""];
  beforeAll(async () => {
    same = await start(sets);
    other = await start(sets.map((set) => (set.name === "mail" ? { ...set, values: ["198.51.100.3"] } : set)));
  }, 60_000);
  afterAll(() => Promise.all(running.map((server) => server.stop())));

  test("hosts go over while all of them serve the same, and the time has run out", async () => {
    stands(sets, [same]);
    expect(await obstacles({ legacy: { nameServers: [same], timeToLive: 86_400, loweredAt: longAgo } })).toEqual([]);
    // Of hosts that have gone over already, the old servers differ intentionally.
    const gone = sets.map((set) =>
      set.name === "www" && set.type === "A" ? { ...set, values: ["203.0.113.1"] } : set,
    );
    stands(gone, [await start(gone)]);
    const target = { [www]: "azure" as const, [api]: "azure" as const };
    expect(await obstacles({ target, legacy: { nameServers: [same], timeToLive: 300 } })).toEqual([]);
    expect(warn).not.toHaveBeenCalled();
  });

  test("what the old provider has of another environment's name keeps no host", async () => {
    const delegation: RecordSet = { name: "dev", type: "NS", ttl: 300, values: ["ns1.azure.example."] };
    stands([...sets, delegation], [same]);
    const old = await start([...sets, { name: "dev", type: "A", ttl: 300, values: ["198.51.100.4"] }]);
    expect(await obstacles({ legacy: { nameServers: [old], timeToLive: 300 } })).toEqual([]);
  });

  test.each([
    ["old", () => [[same, other], [same]] as const],
    ["Azure's", () => [[same], [same, other]] as const],
  ])("one of the %s servers that serves something else keeps all hosts", async (_, servers) => {
    const [old, ours] = servers();
    stands(sets, [...ours]);
    const found = await obstacles({ legacy: { nameServers: [...old], timeToLive: 300 } });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(
      `given:   azure, and differences: mail.chatbot.example at ${other} (300 A 198.51.100.3 in place of 300 A 198.51.100.2)\n`,
    );
    expect(found[0]).toContain("until bin/zone compare prod tells no difference; or legacy, in Pulumi.prod.yaml");
  });

  test("date and differences are told at once", async () => {
    stands(sets, [other]);
    const lowered = { nameServers: [same], timeToLive: 604_800, loweredAt: new Date().toISOString() };
    const [text] = await obstacles({ legacy: lowered });
    expect(text).toContain("2 obstacles at Azure");
  });

  test("without an old provider a warning says that none is asked", async () => {
    stands(sets, [same]);
    expect(await obstacles({})).toEqual([]);
    expect(warn.mock.calls[0]?.[0]).toContain(
      "no old provider is asked, and no time is waited, before www.chatbot.example go to Azure",
    );
  });
});
