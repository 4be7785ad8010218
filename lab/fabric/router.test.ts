import { describe, expect, test } from "vitest";
import type { VirtualNetwork } from "../world.ts";
import { linkAddresses } from "./addresses.ts";
import { parseState } from "./namespace.ts";
import { linkCommands, peerings, routerCommands, unpeerCommands } from "./router.ts";
import { networkLink } from "./names.ts";

const network: VirtualNetwork = {
  id: "/vnet",
  name: "vnet",
  prefixes: ["10.20.0.0/16"],
  peers: ["/peer"],
  subnets: [{ id: "/a", name: "a", prefix: "10.20.1.0/24" }],
};
const [far, near] = linkAddresses(networkLink(network.id));
const link = (ifname: string, addresses: string[]) => ({
  ifname,
  flags: ["UP"],
  addr_info: addresses.map((local) => ({ family: "inet", local })),
});
const state = (lo: string[], uplink: string[], routes: object[], more: string[] = []) =>
  parseState(
    [
      JSON.stringify([link("lo", ["127.0.0.1", ...lo]), link("uplink", uplink), ...more.map((name) => link(name, []))]),
      "[]",
      JSON.stringify(routes),
      "0123456789abcdef",
    ].join("\n"),
  );
const complete = state(
  ["168.63.129.16", "169.254.169.254", "10.20.1.1"],
  [near],
  [{ dst: "default", gateway: far, dev: "uplink" }],
);

describe("a router", () => {
  test("that is as it should be needs no command", () => {
    expect(routerCommands(network, complete)).toEqual([]);
  });
  test("gets the gateways of its subnets and loses those of removed ones", () => {
    expect(
      routerCommands({ ...network, subnets: [{ id: "/b", name: "b", prefix: "10.20.2.0/24" }] }, complete),
    ).toEqual(["addr add 10.20.2.1/32 dev lo", "addr del 10.20.1.1/32 dev lo"]);
  });
  test("gets its default route back", () => {
    expect(routerCommands(network, state(["168.63.129.16", "169.254.169.254", "10.20.1.1"], [near], []))).toEqual([
      `route replace default via ${far} dev uplink`,
    ]);
  });
  test("is linked to a peer when both sides want it, once", () => {
    const peer = { ...network, id: "/peer", prefixes: ["10.30.0.0/16"], peers: ["/vnet"] };
    expect(peerings([network, peer])).toHaveLength(1);
    expect(peerings([network, { ...peer, peers: [] }])).toEqual([]);
    const [first, second] = peerings([network, peer])[0]?.links ?? [];
    expect([first?.peerAddress, second?.peerAddress]).toEqual([second?.address, first?.address]);
  });
  test("loses its link to a network that is no peer any more", () => {
    expect(unpeerCommands(network, [], state([], [], [], ["lp12345678"]))).toEqual(["link del lp12345678"]);
  });
  test("is given back, in the lab's Internet, its public addresses and its subnets with service endpoints", () => {
    const name = networkLink(network.id);
    const routes = ["198.51.100.40/32", "10.20.1.0/24"];
    const asItIs = parseState(
      [
        JSON.stringify([link(name, [far])]),
        "[]",
        JSON.stringify([
          { dst: "198.51.100.40", gateway: near, dev: name },
          { dst: "10.20.9.0/24", gateway: near, dev: name },
        ]),
      ].join("\n"),
    );
    expect(linkCommands({ name, address: far, peerAddress: near, routes }, asItIs)).toEqual([
      `route replace 10.20.1.0/24 via ${near} dev ${name}`,
      `route del 10.20.9.0/24 via ${near} dev ${name}`,
    ]);
  });
  test("has a state that says which rules are in force", () => {
    expect(complete.rules).toBe("0123456789abcdef");
  });
});
