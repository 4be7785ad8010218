import { expect, test } from "vitest";
import { placeholder } from "./configuration.ts";
import { Mask, masked } from "./mask.ts";

const mask = new Mask([]);
const one = placeholder("login.user:a/b", "anything");
const base64 = (text: string) => Buffer.from(text).toString("base64");

test.each([
  ["as it is", one],
  ["in an address", encodeURIComponent(one)],
  ["in base64", base64(one)],
])("a placeholder that nobody named is masked %s", (_, text) => {
  expect(mask.text(`a ${text} b`)).toBe(`a ${masked} b`);
});

const secret = `it's <a> & "b"! (c)*`;
const known = new Mask([{ secret, by: masked }]);
const inGo = String.raw`it's \u003ca\u003e \u0026 \"b\"! (c)*`;

test.each([
  ["as Go writes JSON", inGo],
  ["in an address, as Go and Python write it", "it%27s%20%3Ca%3E%20%26%20%22b%22%21%20%28c%29%2A"],
])("a secret is masked %s", (_, text) => {
  expect(known.text(`a ${text} b`)).toBe(`a ${masked} b`);
});

test.each(["", "u", "us", "use", "user"])("a secret is masked in base64 of a login: %s", (user) => {
  for (const encoding of ["base64", "base64url"] as const) {
    const text = known.text(Buffer.from(`${user}${secret}, and more`).toString(encoding));
    // Of the secret, at most a part of a letter is left at each end.
    expect(text).toMatch(/^[\w+/-]{0,6}\[secret\][\w+/=-]{12,18}$/);
  }
});

test("few signs that base64 of a longer text has of a short secret are everywhere", () => {
  expect(new Mask([{ secret: "abcde", by: masked }]).text(base64("xabcde y"))).toBe(base64("xabcde y"));
});

test.each([
  ["base64 with something behind a placeholder", base64(`${one}; rm -rf /`)],
  ["base64 that begins as a placeholder's", base64("placeholder \nrm -rf /")],
  ["an address that holds something else", "placeholder%20a%0Arm%20-rf%200123456789abcdef"],
])("what an author hides as a placeholder is shown: %s", (_, text) => {
  expect(mask.text(`echo ${text} | base64 -d | sh`)).toBe(`echo ${text} | base64 -d | sh`);
});
