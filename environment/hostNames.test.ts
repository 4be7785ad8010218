import fc from "fast-check";
import { expect, test } from "vitest";
import { isDnsName, labelInDomain, parseLegacy } from "./hostNames.ts";

test("a DNS name has two labels or more, and an address is none", () => {
  for (const name of ["a.b", "www.dev.chatbot.example", "4.chatbot.example", "xn--bcher-kva.example", "a.b-2.c3"]) {
    expect(isDnsName(name), name).toBe(true);
  }
  const long = `${"a.".repeat(126)}bc`;
  for (const name of ["a", "1.2.3.4", "a.4", "a..b", ".a.b", "a.b.", "-a.b", "a-.b", "A.b", "a_b.c", "a.0x1", long]) {
    expect(isDnsName(name), name).toBe(false);
  }
  expect(isDnsName(long.slice(2))).toBe(true);
});

test("a legacy address is a DNS name, or by http:// an IPv4 address, and a port, by default that of the scheme", () => {
  const at = (scheme: string, address: string, port: number) => ({ scheme, address, port });
  expect(parseLegacy("http://198.51.100.20:8080")).toEqual(at("http", "198.51.100.20", 8080));
  expect(parseLegacy("http://old.example")).toEqual(at("http", "old.example", 80));
  expect(parseLegacy("https://old.example")).toEqual(at("https", "old.example", 443));
  expect(parseLegacy("https://old.example:65535")).toEqual(at("https", "old.example", 65535));
});

test.each([
  "http://x:99999",
  "http://old.example:65536",
  "http://old.example:0",
  "http://old.example:080",
  "http://old.example:",
  "http://300.1.1.1",
  "http://1.2.3",
  "http://1",
  "http://01.2.3.4",
  "http://0x7f.1",
  "http://..",
  "http://-.-",
  "http://a..b",
  "http://old",
  "http://xn--a.example",
  "http://old.example/path",
  "https://198.51.100.20",
  "ftp://old.example",
  "old.example",
])("%s is no legacy address", (text) => {
  expect(parseLegacy(text)).toBeUndefined();
});

test("what is a legacy address is so to every program that reads URLs, unchanged", () => {
  const part = fc.stringMatching(/^[a-z0-9.-]{1,12}$/);
  fc.assert(
    fc.property(
      part,
      fc.constantFrom("", ".example", ".1.1.1"),
      fc.integer({ min: 0, max: 99_999 }),
      (start, end, port) => {
        const legacy = parseLegacy(`http://${start}${end}:${port}`);
        if (!legacy) return;
        const url = new URL(`http://${start}${end}:${port}`);
        expect(legacy).toEqual({ scheme: "http", address: url.hostname, port: Number(url.port || 80) });
      },
    ),
  );
});

test("a host has a label in the zone only when it lies in the domain", () => {
  expect(labelInDomain("www.dev.chatbot.example", "dev.chatbot.example")).toBe("www");
  expect(labelInDomain("dev.chatbot.example", "dev.chatbot.example")).toBe("@");
  expect(labelInDomain("www.mydev.chatbot.example", "dev.chatbot.example")).toBeUndefined();
});
