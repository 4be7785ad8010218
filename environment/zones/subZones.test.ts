import { expect, test } from "vitest";
import { planOf } from "../testing/stacks.ts";
import { delegations, hiddenRecords, planSubZones, type SubZone } from "./subZones.ts";
import { parseZoneFile } from "./zoneFile.ts";

const zone = (environment: string, domain: string, publicZone = true) =>
  ({ stack: environment, environment: { name: environment, domain, publicZone } }) as Parameters<
    typeof planSubZones
  >[1][number];
const names = (domain: string, ...others: ReturnType<typeof zone>[]) =>
  planSubZones(zone("own", domain).environment, others).map(({ name }) => name);

const dev: SubZone = { environment: "development", stack: "dev", domain: "dev.chatbot.example", name: "dev" };
const file = (text: string) => parseZoneFile(`$TTL 60\n${text}`, "chatbot.example");

test("an environment's zone lies in the closest one above it", () => {
  expect(planOf("prod").subZones).toEqual([
    dev,
    { environment: "tools", stack: "tools", domain: "tools.chatbot.example", name: "tools" },
  ]);
  expect(planOf("dev").subZones).toEqual([]);
  const [a, b] = [zone("a", "a.example"), zone("b", "c.b.a.example")];
  expect(names("example", a, b)).toEqual(["a"]);
  expect(names("a.example", b)).toEqual(["c.b"]);
  expect(names("example", zone("a", "a.example", false), b)).toEqual(["c.b.a"]);
  expect(names("xample", a)).toEqual([]);
});

test("a zone that stands is delegated to its name servers, in one spelling, but for one of the zone file's own", () => {
  const servers = { "dev.chatbot.example": ["ns2.Azure-DNS.net.", "ns1.azure-dns.com"] };
  const values = ["ns1.azure-dns.com.", "ns2.azure-dns.net."];
  expect(delegations([dev], servers, file(""), 300)).toEqual([{ name: "dev", type: "NS", ttl: 300, values }]);
  expect(delegations([dev], {}, file(""), 300)).toEqual([]);
  expect(delegations([dev], servers, file("dev NS ns.own.example."), 300)).toEqual([]);
});

test("records of the zone file that its sub-zone hides are refused", () => {
  const given = file("dev A 192.0.2.1\nwww.dev A 192.0.2.1\nmydev A 192.0.2.1");
  expect(hiddenRecords([dev], "chatbot.example", "old.zone", given).map(({ path, given: is }) => [path, is])).toEqual([
    ["old.zone:2:1", "A of dev.chatbot.example"],
    ["old.zone:3:1", "A of www.dev.chatbot.example"],
  ]);
});
