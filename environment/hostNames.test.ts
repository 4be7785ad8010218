import fc from "fast-check";
import { expect, test } from "vitest";
import { isDnsName, parseUpstream } from "./hostNames.ts";

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

test("an upstream is an IPv4 address or a DNS name, and a port, by default 80", () => {
  expect(parseUpstream("http://198.51.100.20:8080")).toEqual({ address: "198.51.100.20", port: 8080 });
  expect(parseUpstream("http://old.example")).toEqual({ address: "old.example", port: 80 });
  expect(parseUpstream("http://old.example:65535")).toEqual({ address: "old.example", port: 65535 });
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
  "https://old.example",
  "old.example",
])("%s is no upstream", (text) => {
  expect(parseUpstream(text)).toBeUndefined();
});

test("what is an upstream is so to every program that reads URLs, unchanged", () => {
  const part = fc.stringMatching(/^[a-z0-9.-]{1,12}$/);
  fc.assert(
    fc.property(
      part,
      fc.constantFrom("", ".example", ".1.1.1"),
      fc.integer({ min: 0, max: 99_999 }),
      (start, end, port) => {
        const upstream = parseUpstream(`http://${start}${end}:${port}`);
        if (!upstream) return;
        const url = new URL(`http://${start}${end}:${port}`);
        expect(upstream).toEqual({ address: url.hostname, port: Number(url.port || 80) });
      },
    ),
  );
});
