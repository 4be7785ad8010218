import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseZoneFile } from "./zoneFile.ts";

const sample = readFileSync(join(import.meta.dirname, "testing", "chatbot.example.zone"), "utf8");

/** Record sets as `name ttl type value | value`. */
function read(text: string, domain = "chatbot.example"): string[] {
  const { sets, mistakes } = parseZoneFile(text, domain);
  expect(mistakes).toEqual([]);
  return sets.map(({ name, ttl, type, values }) => `${name} ${ttl} ${type} ${values.join(" | ")}`);
}

const wrong = (text: string) => parseZoneFile(text, "chatbot.example").mistakes.map(({ message }) => message);

describe("a zone file", () => {
  test("of more than 200 records with every way of writing is read whole", () => {
    const sets = read(sample);
    expect(parseZoneFile(sample, "chatbot.example").sets.flatMap(({ values }) => values).length).toBeGreaterThan(200);
    expect(sets).toEqual(
      expect.arrayContaining([
        "@ 300 A 198.51.100.10",
        "@ 300 AAAA 2001:db8::10",
        '@ 3600 CAA 0 issue "letsencrypt.org; validationmethods=dns-01,http-01" | 0 issuewild "letsencrypt.org" | 128 iodef "mailto:security@chatbot.example"',
        "@ 3600 MX 10 mail.chatbot.example. | 20 mail2.chatbot.example. | 30 mx.elsewhere.example.",
        "* 3600 A 198.51.100.50",
        "300 300 A 198.51.100.35",
        "1h 3600 A 198.51.100.36",
        "a 3600 A 198.51.100.30",
        'txt 3600 TXT "a name like its type"',
        "in 3600 A 198.51.100.33",
        "soa 86400 A 198.51.100.34",
        "shop 300 A 198.51.100.13",
        "_sip._tcp 3600 SRV 10 40 5060 sip2.chatbot.example. | 10 60 5060 sip1.chatbot.example. | 20 0 5060 sip.elsewhere.example.",
        "office 3600 NS ns1.office.chatbot.example. | ns2.office.chatbot.example.",
        "ns2.office 3600 AAAA 2001:db8::61",
        "www.eu 7200 CNAME eu.chatbot.example.",
        "printer.berlin.eu 7200 A 198.51.100.73",
        "upper.case 7200 A 198.51.100.74",
        String.raw`escapes 3600 TXT "a \"quoted\" word; no comment" "back\\slash (no parenthesis)" "ABC" "" "a space"`,
      ]),
    );
    // What Azure makes itself.
    expect(sets.filter((set) => /^@ \d+ (NS|SOA)/.test(set))).toEqual([]);
  });

  test("keeps the strings of a text as they are written, also where the text is longer than one string may be", () => {
    const { sets } = parseZoneFile(sample, "chatbot.example");
    const strings = (name: string) => sets.find((set) => set.name === name)?.values[0]?.match(/"[^"]*"/g) ?? [];
    expect(strings("s2026._domainkey").map(({ length }) => length - 2)).toEqual([18, 200, 184]);
    expect(strings("longer").map(({ length }) => length - 2)).toEqual(Array(6).fill(255));
  });

  test("is read the same with the line ends of Windows, and with a mark of its order of bytes", () => {
    expect(read(`\uFEFF${sample.replaceAll("\n", "\r\n")}`)).toEqual(read(sample));
  });

  test.each([
    [
      "the time of $TTL holds for what follows it",
      "$TTL 60\na A 10.0.0.1\n$TTL 1h30m\nb A 10.0.0.2",
      ["a 60 A 10.0.0.1", "b 5400 A 10.0.0.2"],
    ],
    [
      "without $TTL the time of the record before holds",
      "a 60 A 10.0.0.1\nb A 10.0.0.2",
      ["a 60 A 10.0.0.1", "b 60 A 10.0.0.2"],
    ],
    [
      "without any, the last time of the SOA holds",
      "@ SOA ns1.old. me.old. 1 2 3 4 77\na A 10.0.0.1",
      ["a 77 A 10.0.0.1"],
    ],
    [
      "a time of the SOA's own holds for the record after it",
      "@ 60 SOA ns1.old. me.old. 1 2 3 4 77\na A 10.0.0.1",
      ["a 60 A 10.0.0.1"],
    ],
    [
      "a time that a record says holds in front of $TTL",
      "$TTL 60\na 5 A 10.0.0.1\nb A 10.0.0.1",
      ["a 5 A 10.0.0.1", "b 60 A 10.0.0.1"],
    ],
    ["class and time stand in any order", "a IN 5 A 10.0.0.1\nb 5 in a 10.0.0.1", ["a 5 A 10.0.0.1", "b 5 A 10.0.0.1"]],
    [
      "a name without a dot at its end is below $ORIGIN",
      "$TTL 5\n$ORIGIN b\na CNAME c\nd CNAME c.example.",
      ["a.b 5 CNAME c.b.chatbot.example.", "d.b 5 CNAME c.example."],
    ],
    [
      "$ORIGIN may be the root, as in the files that BIND writes",
      "$ORIGIN .\n$TTL 5\nchatbot.example SOA ns1.old me.old 1 2 3 4 5\n\tMX 10 mail.old\n$ORIGIN chatbot.example.\na A 10.0.0.1",
      ["@ 5 MX 10 mail.old.", "a 5 A 10.0.0.1"],
    ],
    ["a record that stands twice is one", "$TTL 5\na A 10.0.0.1\nA.chatbot.example. A 10.0.0.1", ["a 5 A 10.0.0.1"]],
    [
      "parentheses go over lines and comments",
      "a 5 (\n ; one\n MX 10 ; two\n b ) ; three\nc 5 A 10.0.0.1",
      ["a 5 MX 10 b.chatbot.example.", "c 5 A 10.0.0.1"],
    ],
    ["the root is a name", "a 5 MX 0 .", ["a 5 MX 0 ."]],
    ["bytes beyond ASCII keep their numbers", String.raw`a 5 TXT "\195\188"`, [String.raw`a 5 TXT "\195\188"`]],
  ])("%s", (_, text, sets) => {
    expect(read(text)).toEqual(sets);
  });

  test.each([
    ["a 5 A 10.0.0.256", "1:7: given 10.0.0.256, allowed is an IPv4 address"],
    ["a 5 A 10.0.0.1 10.0.0.2", "1:16: given 10.0.0.2, allowed is nothing more than A address"],
    ["a 5 AAAA 10.0.0.1", "1:10: given 10.0.0.1, allowed is an IPv6 address"],
    ["a 5 MX mail", "1:5: given MX mail, allowed is MX preference name"],
    ["a 5 MX 70000 mail", "1:8: given 70000, allowed is preference: a number from 0 to 65535"],
    ["a 5 MX 10 ma!l", "1:11: given ma!l, allowed is a name of labels with"],
    ["a 5 SRV 1 2 3", "1:5: given SRV 1 2 3, allowed is SRV priority weight port name"],
    ['a 5 CAA 0 is-sue "x"', "1:11: given is-sue, allowed is a tag"],
    ["a 5 HINFO x y", "1:5: given HINFO, allowed is a type: A, AAAA, CAA, CNAME, MX, NS, SRV, TXT"],
    ['a 5 SPF "v=spf1"', "what SPF says stands in a TXT record"],
    ["a CH A 10.0.0.1", "1:3: given CH, allowed is the class IN"],
    ["a A 10.0.0.1", "1:3: given no time to live, allowed is a time in front of the type, or $TTL above it"],
    ["a 0 A 10.0.0.1", "1:3: given a time to live of 0, allowed is 1 second or more at Azure"],
    ["a 9999999999 A 10.0.0.1", "1:3: given 9999999999, allowed is a time from 0 to 2147483647 seconds"],
    ["a.old.example. 5 A 10.0.0.1", "1:1: given a.old.example, allowed is a name of the zone chatbot.example"],
    [" 5 A 10.0.0.1", "1:2: given a line that begins with a space, allowed is a name first"],
    [
      "$INCLUDE other.zone",
      "1:1: given $INCLUDE, allowed is $TTL or $ORIGIN; in place of $INCLUDE and $GENERATE the records",
    ],
    ["$ORIGIN", "1:1: given $ORIGIN, allowed is $ORIGIN and one value"],
    ["a 5 A (\n10.0.0.1\nb 5 A 10.0.0.1", "1:7: given ( without an end, allowed is a pair of parentheses"],
    ["a 5 A 10.0.0.1 )", "1:16: given ), allowed is a parenthesis that closes one"],
    ['a 5 TXT "no end', '1:9: given " without an end on its line, allowed is a string in a pair of quotes'],
    [String.raw`a 5 TXT "\300"`, String.raw`1:9: given \300, allowed is \ and three digits from 000 to 255`],
    ['a 5 TXT "Grüße"', "1:9: given a character that is not of ASCII"],
    [
      `a 5 TXT "${"x".repeat(256)}"`,
      "1:9: given a string of 256 characters, allowed is strings of 255 characters at the most",
    ],
    [
      `a 5 TXT ${`"${"x".repeat(250)}" `.repeat(17)}`,
      "1:9: given 4250 characters, allowed is 4096 characters at the most at Azure",
    ],
    ["a 5 A 10.0.0.1\na 6 A 10.0.0.2", "2:1: given 6 seconds, allowed is 5 seconds, as in line 1"],
    ["a 5 CNAME b\na 5 A 10.0.0.1", "2:1: given A of a, allowed is nothing beside the CNAME of line 1"],
    ["a 5 CNAME b\na 5 CNAME c", "1:1: given CNAME of a, allowed is one CNAME of a name"],
    ["@ 5 CNAME b", "1:1: given CNAME of @, allowed is A and AAAA"],
    ["* 5 NS ns1.old.example.", "1:1: given NS of *, allowed is no NS of a wildcard: Azure has none"],
    [
      "b 5 NS ns1.old.example.\na.b 5 A 10.0.0.1",
      "2:1: given A of a.b, allowed is A and AAAA of its name servers only",
    ],
    ["b 5 NS ns1.b\nb 5 MX 1 c", "2:1: given MX of b, allowed is A and AAAA of its name servers only"],
    [
      "b 5 SOA ns1.old. me.old. 1 2 3 4 5",
      "1:5: given SOA of b.chatbot.example, allowed is the SOA of the zone itself",
    ],
    [
      Array.from({ length: 21 }, (_, index) => `a 5 A 10.0.0.${index}`).join("\n"),
      "21:1: given more than 20 A records of a.chatbot.example, allowed is 20",
    ],
  ])("tells a mistake with line and column: %#", (text, message) => {
    expect(wrong(text)).toEqual([expect.stringContaining(message)]);
  });

  test("tells every mistake, and reads what is right", () => {
    const { sets, mistakes } = parseZoneFile("$TTL 5\na A x\nb A 10.0.0.1\n\n\tMX mail\nc FOO", "chatbot.example");
    expect(mistakes.map(({ place }) => `${place.line}:${place.column}`)).toEqual(["2:5", "5:2", "6:3"]);
    expect(sets.map(({ name }) => name)).toEqual(["b"]);
  });

  test("never fails otherwise than by a mistake", () => {
    const piece = fc.constantFrom(
      "a",
      "@",
      "*",
      " ",
      "\t",
      "\n",
      "(",
      ")",
      '"',
      "\\",
      ";",
      "5",
      "IN",
      "A",
      "TXT",
      "$TTL",
      "$ORIGIN",
      "10.0.0.1",
      ".",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const { sets } = parseZoneFile(pieces.join(""), "chatbot.example");
        expect(sets.every(({ values }) => values.length > 0)).toBe(true);
      }),
    );
  });
});
