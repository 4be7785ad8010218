import { describe, expect, test } from "vitest";
import type { DnsZone, VirtualNetwork } from "../world.ts";
import { forwarderText, privateResolverText } from "./resolver.ts";
import { world } from "./testing/world.ts";

const network: VirtualNetwork = { id: "/vnet", name: "vnet", prefixes: ["10.20.0.0/16"], peers: [], subnets: [] };
const zone = (given: Partial<DnsZone>): DnsZone => ({
  id: "/z",
  name: "dev.chatbot.internal",
  private: true,
  networkIds: ["/vnet"],
  records: [],
  ...given,
});
const lines = (...zones: DnsZone[]) => privateResolverText(world({ zones }), network).split("\n");

describe("a network's resolver", () => {
  test("answers for a linked private zone alone, and asks the public resolver for the rest", () => {
    const text = lines(zone({ records: [{ name: "back", type: "A", ttl: 60, values: ["10.20.2.254"] }] }));
    expect(text).toContain("local=/dev.chatbot.internal/");
    expect(text).toContain("host-record=back.dev.chatbot.internal,10.20.2.254,60");
    expect(text.filter((line) => line.startsWith("server="))).toEqual(["server=198.51.100.53"]);
  });
  test("does not know a zone that is linked to another network, nor public zones", () => {
    expect(lines(zone({ networkIds: ["/other"] })).join()).not.toContain("chatbot.internal");
    expect(lines(zone({ private: false, name: "chatbot.example" })).join()).not.toContain("chatbot.example");
  });
  test("writes the other kinds of record, with @ for the zone itself", () => {
    expect(
      lines(
        zone({
          records: [
            { name: "@", type: "TXT", ttl: 60, values: ['"say \\034hello\\034, once" "and again"'] },
            { name: "@", type: "MX", ttl: 60, values: ["10 mail.example."] },
            { name: "_sip._tcp", type: "SRV", ttl: 60, values: ["1 2 443 www.example."] },
            { name: "old", type: "CNAME", ttl: 30, values: ["back.dev.chatbot.internal."] },
            { name: "*", type: "A", ttl: 60, values: ["10.20.2.9"] },
          ],
        }),
      ),
    ).toEqual(
      expect.arrayContaining([
        `txt-record=dev.chatbot.internal,"say hello, once","and again"`,
        "mx-host=dev.chatbot.internal,mail.example,10",
        "srv-host=_sip._tcp.dev.chatbot.internal,www.example,443,1,2",
        "cname=old.dev.chatbot.internal,back.dev.chatbot.internal,30",
        "address=/*.dev.chatbot.internal/10.20.2.9",
      ]),
    );
  });
});

test("the forwarder asks the host's name servers, and knows no zone", () => {
  const lines = forwarderText(["10.255.255.53"]).split("\n");
  expect(lines.filter((line) => line.startsWith("server="))).toEqual(["server=10.255.255.53"]);
  expect(lines.filter((line) => /^(local|address|host-record)=/.test(line))).toEqual([]);
});
