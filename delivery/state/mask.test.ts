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

test.each([
  ["base64 with something behind a placeholder", base64(`${one}; rm -rf /`)],
  ["base64 that begins as a placeholder's", base64("placeholder \nrm -rf /")],
  ["an address that holds something else", "placeholder%20a%0Arm%20-rf%200123456789abcdef"],
])("what an author hides as a placeholder is shown: %s", (_, text) => {
  expect(mask.text(`echo ${text} | base64 -d | sh`)).toBe(`echo ${text} | base64 -d | sh`);
});
