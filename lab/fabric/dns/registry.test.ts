import { describe, expect, test } from "vitest";
import { azureNameServers, type AzurePool } from "../../serviceNames.ts";
import type { DnsZone } from "../../world.ts";
import { delegations, isRegistrable, registryZones } from "./registry.ts";
import { zoneText } from "./zoneText.ts";

const zone = (name: string, pool: AzurePool = 1): DnsZone => ({
  id: `/${name}`,
  name,
  private: false,
  networkIds: [],
  pool,
  records: [],
});
const old = ["ns1.old.example.", "ns2.old.example."];

describe("the registry", () => {
  test("delegates a zone at Azure to the name servers that Azure has given it", () => {
    expect(delegations([zone("dev.chatbot.example", 2)], {})).toEqual([
      { domain: "dev.chatbot.example", provider: "azure", servers: azureNameServers(2) },
    ]);
  });
  test("knows no zone below another one: the parent's own records delegate it, or nothing does", () => {
    const found = delegations([zone("dev.chatbot.example", 2), zone("chatbot.example")], {});
    expect(found.map(({ domain }) => domain)).toEqual(["chatbot.example"]);
    const below = delegations([zone("dev.chatbot.example")], { "chatbot.example": "old" });
    expect(below).toEqual([{ domain: "chatbot.example", provider: "old", servers: old }]);
  });
  test("delegates to the provider from before where it is told so, and back", () => {
    const zones = [zone("chatbot.example")];
    expect(delegations(zones, { "chatbot.example": "old" })[0]?.servers).toEqual(old);
    expect(delegations(zones, { "chatbot.example": "azure" })[0]?.servers).toEqual(azureNameServers(1));
    expect(delegations([], { "chatbot.example": "azure" })).toEqual([]);
  });
  test("knows neither private zones nor those of other domains, nor one that would hide the lab's own names", () => {
    const zones = [{ ...zone("dev.chatbot.example"), private: true }, zone("chatbot.com"), zone("azure.example")];
    expect(delegations(zones, {})).toEqual([]);
    expect(["example", "acme.example", "old.example", "vault.azure.example"].filter(isRegistrable)).toEqual([]);
  });
  test("of zones of the same name it delegates the first one", () => {
    expect(delegations([zone("a.example", 1), zone("a.example", 2)], {})[0]?.servers).toEqual(azureNameServers(1));
  });
  test("has the addresses of all name servers, and what is in nobody's zone", () => {
    const zones = registryZones([], {});
    expect(zones.map(({ name }) => name)).toEqual([
      "example",
      "azure-dns.com",
      "azure-dns.net",
      "azure-dns.org",
      "azure-dns.info",
    ]);
    const [own = "", first = ""] = zones.map(zoneText);
    expect(own).toContain("\nacme.example. 60 IN A 198.51.100.14\n");
    expect(own).toContain("\n*.vault.azure.example. 60 IN A 198.51.100.12\n");
    expect(own).toContain("\nns1.old.example. 60 IN A 198.51.100.17\n");
    expect(first).toContain("\nns1-01.azure-dns.com. 60 IN A 198.51.100.20\n");
    expect(first).toContain("\nns1-03.azure-dns.com. 60 IN A 198.51.100.28\n");
  });
});

test("a zone's file has a line for each record, by its name below the zone", () => {
  const records: DnsZone["records"] = [
    { name: "@", type: "MX", ttl: 300, values: ["10 a.example.", "20 b.example."] },
    { name: "empty", type: "A", ttl: 300, values: [] },
  ];
  expect(zoneText({ name: "chatbot.example", records })).toBe(
    "$ORIGIN chatbot.example.\n@ 300 IN MX 10 a.example.\n@ 300 IN MX 20 b.example.\n",
  );
});
