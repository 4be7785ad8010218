import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { azureRecords, recordSetOf } from "../../../environment/zones/azureRecords.ts";
import { parseZoneFile } from "../../../environment/zones/zoneFile.ts";
import { root } from "../../paths.ts";
import { quoted, recordTexts } from "./presentation.ts";

test("a string of a TXT record is read by the escape rules of zone files, as Azure reads it", () => {
  expect(quoted("v=spf1 -all")).toBe('"v=spf1 -all"');
  expect(quoted("A\\B")).toBe('"AB"');
  expect(quoted("A\\\\B")).toBe('"A\\092B"');
  expect(quoted("abcd\\128efgh")).toBe('"abcd\\128efgh"');
  expect(quoted('say "hello"; once')).toBe('"say \\034hello\\034; once"');
  expect(quoted("ü")).toBe('"\\195\\188"');
  expect(quoted("the end\\")).toBe('"the end\\092"');
});

test("records are lines of a zone file, with absolute names", () => {
  expect(recordTexts.MX({ mxrecords: [{ preference: 10, exchange: "Mail.example" }] })).toEqual(["10 Mail.example."]);
  expect(recordTexts.SRV({ srvrecords: [{ priority: 1, weight: 2, port: 443, target: "www.example." }] })).toEqual([
    "1 2 443 www.example.",
  ]);
  expect(recordTexts.CAA({ caarecords: [{ flags: 0, tag: "issue", value: "letsencrypt.org; a=b" }] })).toEqual([
    '0 issue "letsencrypt.org; a=b"',
  ]);
  expect(recordTexts.TXT({ txtrecords: [{ value: ["one", "two"] }, { value: ["three"] }] })).toEqual([
    '"one" "two"',
    '"three"',
  ]);
  expect(recordTexts.CNAME({})).toEqual([]);
});

test("what the program sends of a zone file is served as the file says it, and read back so", () => {
  const file = readFileSync(join(root, "environment/zones/testing/chatbot.example.zone"), "utf8");
  const domain = "chatbot.example";
  const sets = parseZoneFile(`${file}\nbytes.${domain}. 60 TXT "\\195\\188 \\\\ \\""\n`, domain).sets.map(
    ({ name, type, ttl, values }) => ({ name, type, ttl, values }),
  );
  expect(sets.find(({ name }) => name === "bytes")?.values).toEqual([String.raw`"\195\188 \\ \""`]);
  for (const set of sets) {
    const sent = azureRecords(set);
    const properties = Object.fromEntries(Object.entries(sent).map(([key, value]) => [key.toLowerCase(), value]));
    const served = recordTexts[set.type](properties).map((text) => `${set.name} ${set.ttl} ${set.type} ${text}`);
    expect(parseZoneFile(served.join("\n"), domain).sets).toMatchObject([set]);
    expect(recordSetOf({ name: set.name, type: set.type, properties: { ...sent, ttl: set.ttl } })).toEqual(set);
  }
});
