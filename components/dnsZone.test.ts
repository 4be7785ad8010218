import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import type { RecordSet } from "../environment/zones/recordSet.ts";
import { DnsZone, type DnsZoneArgs } from "./dnsZone.ts";
import { Recorder, valueOf } from "./testing/recorder.ts";
import { common } from "./testing/stack.ts";

async function build(args: Pick<DnsZoneArgs, "domain"> & Partial<DnsZoneArgs>) {
  const recorder = await Recorder.start();
  const zone = new DnsZone("dns", { ...common, ...args });
  const [urn, nameServers] = await Promise.all([valueOf(zone.urn), valueOf(zone.nameServers)]);
  await recorder.settle();
  return { recorder, urn, nameServers };
}

const recordSets: RecordSet<pulumi.Input<string>>[] = [
  { name: "@", type: "A", ttl: 300, values: ["198.51.100.32"] },
  { name: "@", type: "TXT", ttl: 3600, values: ['"v=spf1 -all" "; \\"end\\""', '"another one"'] },
  { name: "@", type: "MX", ttl: 3600, values: ["10 mail.chatbot.example."] },
  { name: "@", type: "CAA", ttl: 60, values: ['0 issue "letsencrypt.org; a=b"'] },
  { name: "_sip._tcp", type: "SRV", ttl: 60, values: ["10 60 5060 sip.chatbot.example."] },
  { name: "dev", type: "NS", ttl: 60, values: ["ns1.old.example.", "ns2.old.example."] },
  { name: "six", type: "AAAA", ttl: 60, values: ["2001:db8::1"] },
  { name: "www", type: "A", ttl: 300, values: [pulumi.output("198.51.100.32")] },
  { name: "*.apps", type: "CNAME", ttl: 60, values: ["entry.chatbot.example."] },
];

test("a public zone has every record set in Azure's form, and tells its name servers", async () => {
  const { recorder, urn, nameServers } = await build({ domain: "dev.chatbot.example", recordSets });
  expect(urn).toContain("platform:components:DnsZone::dns");
  expect(recorder.children("dns")).toEqual([
    "azure-native:dns:RecordSet dns-*.apps",
    "azure-native:dns:RecordSet dns-@",
    "azure-native:dns:RecordSet dns-@/CAA",
    "azure-native:dns:RecordSet dns-@/MX",
    "azure-native:dns:RecordSet dns-@/TXT",
    "azure-native:dns:RecordSet dns-_sip._tcp/SRV",
    "azure-native:dns:RecordSet dns-dev/NS",
    "azure-native:dns:RecordSet dns-six/AAAA",
    "azure-native:dns:RecordSet dns-www",
    "azure-native:dns:Zone dns-zone",
  ]);
  const inputs = (name: string) => recorder.one("azure-native:dns:RecordSet", `dns-${name}`).inputs;
  expect(inputs("www")).toMatchObject({
    zoneName: "dev.chatbot.example",
    relativeRecordSetName: "www",
    recordType: "A",
    ttl: 300,
    aRecords: [{ ipv4Address: "198.51.100.32" }],
  });
  expect(inputs("@")).toMatchObject({ relativeRecordSetName: "@", recordType: "A" });
  expect(inputs("@/TXT")["txtRecords"]).toEqual([{ value: ["v=spf1 -all", '; "end"'] }, { value: ["another one"] }]);
  expect(inputs("@/MX")["mxRecords"]).toEqual([{ preference: 10, exchange: "mail.chatbot.example." }]);
  expect(inputs("@/CAA")["caaRecords"]).toEqual([{ flags: 0, tag: "issue", value: "letsencrypt.org; a=b" }]);
  expect(inputs("_sip._tcp/SRV")["srvRecords"]).toEqual([
    { priority: 10, weight: 60, port: 5060, target: "sip.chatbot.example." },
  ]);
  expect(inputs("dev/NS")["nsRecords"]).toEqual([{ nsdname: "ns1.old.example." }, { nsdname: "ns2.old.example." }]);
  expect(inputs("six/AAAA")["aaaaRecords"]).toEqual([{ ipv6Address: "2001:db8::1" }]);
  expect(inputs("*.apps")).toMatchObject({ recordType: "CNAME", cnameRecord: { cname: "entry.chatbot.example." } });
  expect(nameServers).toEqual(["ns1.example.", "ns2.example."]);
});

test("a private zone is linked to its network, and no machine registers itself in it", async () => {
  const { recorder, nameServers } = await build({
    domain: "dev.chatbot.internal",
    networkId: "/network",
    records: [{ label: "front", address: "10.20.1.254" }],
  });
  expect(recorder.children("dns")).toEqual([
    "azure-native:privatedns:PrivateRecordSet dns-front",
    "azure-native:privatedns:PrivateZone dns-zone",
    "azure-native:privatedns:VirtualNetworkLink dns-link",
  ]);
  expect(recorder.one("azure-native:privatedns:VirtualNetworkLink").inputs).toMatchObject({
    privateZoneName: "dev.chatbot.internal",
    virtualNetwork: { id: "/network" },
    registrationEnabled: false,
    location: "Global",
  });
  expect(recorder.one("azure-native:privatedns:PrivateRecordSet").inputs).toMatchObject({
    privateZoneName: "dev.chatbot.internal",
    relativeRecordSetName: "front",
    recordType: "A",
    aRecords: [{ ipv4Address: "10.20.1.254" }],
  });
  expect(nameServers).toEqual([]);
});

test.each([
  [
    { domain: "Chatbot", recordSets: [...recordSets.slice(0, 1), { ...recordSets[0], type: "CNAME" }] },
    `  domain: given Chatbot, allowed is a DNS name in lower case, for example dev.chatbot.example
  recordSets: given @,@, allowed is each name and type once, and no A beside a CNAME`,
  ],
  [
    { domain: "dev.chatbot.example", records: [{ label: "a", address: "10.0.0.1" }] },
    "  records: given a, allowed is recordSets, for a public zone",
  ],
  [
    { domain: "dev.chatbot.example", networkId: "/network", recordSets: recordSets.slice(0, 1) },
    "  recordSets: given @, allowed is records, for a private zone",
  ],
] as [DnsZoneArgs, string][])("what cannot be is refused before anything is made: %#", async (args, mistakes) => {
  const recorder = await Recorder.start();
  expect(() => new DnsZone("dns", { ...common, ...args })).toThrow(
    `arguments of DnsZone dns; nothing was made\n${mistakes}`,
  );
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});
