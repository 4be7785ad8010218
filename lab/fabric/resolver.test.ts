import { describe, expect, test } from "vitest";
import type { DnsZone, VirtualNetwork } from "../world.ts";
import { privateResolverText, publicResolverText } from "./resolver.ts";
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
            { name: "@", type: "TXT", ttl: 60, values: ['say "hello", once'] },
            { name: "old", type: "CNAME", ttl: 30, values: ["back.dev.chatbot.internal."] },
            { name: "*", type: "A", ttl: 60, values: ["10.20.2.9"] },
          ],
        }),
      ),
    ).toEqual(
      expect.arrayContaining([
        `txt-record=dev.chatbot.internal,"say hello, once"`,
        "cname=old.dev.chatbot.internal,back.dev.chatbot.internal,30",
        "address=/*.dev.chatbot.internal/10.20.2.9",
      ]),
    );
  });
});

test("the public resolver knows the public zones and the Git server, and asks the host's name servers", () => {
  const text = publicResolverText(
    {
      zones: [
        zone({}),
        zone({
          private: false,
          name: "chatbot.example",
          records: [{ name: "www", type: "A", ttl: 60, values: ["198.51.100.41"] }],
        }),
      ],
    },
    ["10.255.255.53"],
  ).split("\n");
  expect(text).toEqual(
    expect.arrayContaining([
      "host-record=www.chatbot.example,198.51.100.41,60",
      "host-record=git.chatbot.example,198.51.100.10,60",
      "server=10.255.255.53",
    ]),
  );
  expect(text.join()).not.toContain("chatbot.internal");
});
