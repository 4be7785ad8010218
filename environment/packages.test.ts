import { expect, test } from "vitest";
import { mistakes, type Json } from "./testing/mistakes.ts";
import { committed, siblingsBeside } from "./testing/stacks.ts";

const repository = {
  url: "https://packages.chatbot.example/gitlab",
  keyUrl: "https://packages.chatbot.example/key.asc",
  keyFingerprint: "F6403F6544A38863DAA0B6E03F01618A51312F3F",
};

function found(packages: Json) {
  const environment = committed("tools") as Json & { tiers: Record<string, Json> };
  environment.tiers["gitlab"] = { ...environment.tiers["gitlab"], packages };
  return mistakes({ environment, stack: "tools", siblings: siblingsBeside("tools") });
}

test("a tier's package has a name, a version and a repository of one's own, or those of the kind", () => {
  expect(found({})).toEqual([]);
  expect(found({ name: "gitlab-ce", version: "18.6.1-ce.0", repository })).toEqual([]);
});

test("what apt would read as something else, and a key that is not whole, are refused", () => {
  const at = "platform:environment.tiers.gitlab.packages";
  const https = "an address by https:// that machines may read without a login";
  const key = "the whole fingerprint of a key: 40 hexadecimal digits, A to F as capital letters";
  expect(
    found({
      name: "gitlab-ee=1",
      version: "newest",
      repository: { url: "http://packages.chatbot.example", keyUrl: "https://a b", keyFingerprint: "51312F3F" },
    }),
  ).toEqual([
    [`${at}.name`, '"gitlab-ee=1"', "the name of a Debian package, for example gitlab-ce"],
    [`${at}.version`, '"newest"', "a version of a Debian package, for example 18.6.1-ee.0"],
    [`${at}.repository.url`, '"http://packages.chatbot.example"', https],
    [`${at}.repository.keyUrl`, '"https://a b"', https],
    [`${at}.repository.keyFingerprint`, '"51312F3F"', key],
  ]);
});
