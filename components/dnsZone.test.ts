import { expect, test } from "vitest";
import { DnsZone, type DnsZoneArgs } from "./dnsZone.ts";
import { Recorder, valueOf } from "./testing/recorder.ts";
import { common } from "./testing/stack.ts";

async function build(args: Pick<DnsZoneArgs, "domain" | "records"> & Partial<DnsZoneArgs>) {
  const recorder = await Recorder.start();
  const zone = new DnsZone("dns", { ...common, ...args });
  const [urn, nameServers] = await Promise.all([valueOf(zone.urn), valueOf(zone.nameServers)]);
  await recorder.settle();
  return { recorder, urn, nameServers };
}

const records = [
  { label: "www", address: "198.51.100.32" },
  { label: "@", address: "198.51.100.32" },
];

test("a public zone holds an address record for each host, and tells its name servers", async () => {
  const { recorder, urn, nameServers } = await build({ domain: "dev.chatbot.example", records });
  expect(urn).toContain("platform:components:DnsZone::dns");
  expect(recorder.children("dns")).toEqual([
    "azure-native:dns:RecordSet dns-@",
    "azure-native:dns:RecordSet dns-www",
    "azure-native:dns:Zone dns-zone",
  ]);
  expect(recorder.one("azure-native:dns:RecordSet", "dns-www").inputs).toMatchObject({
    zoneName: "dev.chatbot.example",
    relativeRecordSetName: "www",
    recordType: "A",
    ttl: 300,
    aRecords: [{ ipv4Address: "198.51.100.32" }],
  });
  expect(recorder.one("azure-native:dns:RecordSet", "dns-@").inputs["relativeRecordSetName"]).toBe("@");
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

test("a label twice, and a domain that is none, are refused before anything is made", async () => {
  const recorder = await Recorder.start();
  const make = () => new DnsZone("dns", { ...common, domain: "Chatbot", records: [...records, ...records] });
  expect(make).toThrow(`arguments of DnsZone dns; nothing was made
  domain: given Chatbot, allowed is a DNS name in lower case, for example dev.chatbot.example
  records: given www,@,www,@, allowed is each label once`);
  await recorder.settle();
  expect(recorder.resources).toEqual([]);
});
