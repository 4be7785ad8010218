import { describe, expect, test } from "vitest";
import { internetChains } from "./internet.ts";
import { forwarderText, privateResolverText } from "./resolver.ts";
import { rulesHash } from "./ruleset.ts";
import { world } from "./testing/world.ts";

/** The lines of a chain. */
function linesOf(name: string, chains: readonly string[]): string[] {
  const found = chains.find((one) => one.trimStart().startsWith(`chain ${name} {`)) ?? "";
  return found
    .split("\n")
    .slice(1, -1)
    .map((line) => line.trim());
}

describe("the lab's Internet", () => {
  const chains = internetChains({ addresses: [] });
  const real = linesOf("real", chains);

  test("has one way to the real one, and judges everything that would take it", () => {
    expect(linesOf("forward", chains).at(-1)).toBe('oifname "host" goto real');
    const accepted = linesOf("forward", chains).filter((line) => line.endsWith("accept"));
    // They go to private addresses, which are never there.
    expect(accepted).toEqual([expect.stringMatching(/^iifname "azure" /)]);
  });
  test("lets out to the web ports of package hosts alone, and nothing of what stands outside or of the Git server", () => {
    const accepted = real.filter((line) => line.endsWith("accept"));
    expect(accepted).toEqual([
      "ct state established,related accept",
      "ip daddr 198.51.100.0/24 accept",
      'iifname != { "outside", "git", "azure", "dns", "acme", "old" } ip daddr @packages tcp dport { 80, 443 } accept',
    ]);
  });
  test("lets to private addresses only answers of services that have endpoints, and nothing else", () => {
    const lines = linesOf("forward", chains);
    expect(lines[1]).toBe(
      'iifname "azure" ip saddr { 198.51.100.12, 198.51.100.13 } ct state established,related accept',
    );
    expect(lines[2]).toMatch(/^ip daddr \{ 10\.0\.0\.0\/8, .* \} drop$/);
  });
  test("refuses and counts the rest at once, and drops nothing silently that has an address of the lab", () => {
    expect(real.slice(-3)).toEqual([
      "counter name refused",
      "meta l4proto tcp reject with tcp reset",
      "reject with icmp admin-prohibited",
    ]);
    expect(real.filter((line) => line.endsWith("drop"))).toEqual(["ip saddr != 198.51.100.0/24 drop"]);
  });
  test("knows package hosts that are given as addresses from the start", () => {
    expect(chains[0]).toBe("  set packages { type ipv4_addr; }");
    expect(internetChains({ addresses: ["192.0.2.7", "192.0.2.8"] })[0]).toContain(
      "elements = { 192.0.2.7, 192.0.2.8 }",
    );
  });
});

describe("the forwarder of the public resolvers", () => {
  const hosts = { names: ["deb.debian.org", "mirror.example"], addresses: ["192.0.2.7"] };
  const lines = forwarderText(["192.0.2.1"], hosts).split("\n");

  test("adds the addresses of package hosts, and of no other name, to what may be reached", () => {
    expect(lines.filter((line) => line.startsWith("nftset="))).toEqual([
      "nftset=/deb.debian.org/4#ip#lab#packages",
      "nftset=/mirror.example/4#ip#lab#packages",
    ]);
  });
  test("starts anew, without a cache, when the rules do, whose set is empty then", () => {
    expect(lines).toContain(`# rules ${rulesHash(internetChains(hosts))}`);
    const others = forwarderText(["192.0.2.1"], { ...hosts, addresses: [] });
    expect(others).not.toBe(lines.join("\n"));
  });
});

test("so do the resolvers of the networks, whose caches would hide the addresses from the set", () => {
  const network = { id: "/vnet", name: "vnet", prefixes: ["10.20.0.0/16"], peers: [], subnets: [] };
  const textWith = (...addresses: string[]) => privateResolverText(world({}), network, { names: [], addresses });
  expect(textWith("192.0.2.7").split("\n")).toContain(
    `# rules ${rulesHash(internetChains({ addresses: ["192.0.2.7"] }))}`,
  );
  expect(textWith()).not.toBe(textWith("192.0.2.7"));
});
