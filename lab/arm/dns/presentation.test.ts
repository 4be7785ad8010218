import { expect, test } from "vitest";
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
