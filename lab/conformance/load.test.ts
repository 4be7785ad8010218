import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadSuite } from "./load.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "conformance-"));
  mkdirSync(join(directory, "network"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(directory, "network", name), text);

const evidence = "evidence: { kind: guess, why: nothing was found in the documents }";
const get = 'request: { method: GET, path: "{group}/x" }';

function mistakesOf(): string[] {
  try {
    loadSuite(directory);
  } catch (error) {
    return (error as Error).message.split("\n").slice(1);
  }
  return [];
}

test("every mistake of every file is told at once, with its file and path", () => {
  write(
    "a.yml",
    `title: A case that is wrong\n${evidence}\nrequest: { method: FETCH, path: x }\nexpect: { status: 20 }`,
  );
  write("b.yml", "title: [");
  write("c.yml", `title: A case with an unknown word\n${evidence}\n${get}\nexpect: { status: 200 }\nwhen: now`);
  const mistakes = mistakesOf();
  const start = (text: string): string | undefined => mistakes.find((one) => one.startsWith(text));
  expect(start("network/a.yml: request.method:")).toBeDefined();
  expect(start("network/a.yml: request.path: a path that begins with / or a variable")).toBeDefined();
  expect(start("network/a.yml: expect.status")).toBeDefined();
  expect(start("network/b.yml: ")).toBeDefined();
  expect(start("network/c.yml: (file): ")).toContain("when");
});

test("fixtures and variables must exist", () => {
  write(
    "a.yml",
    `title: A case without its fixture\n${evidence}\ngiven: [nothing]\n${get}\nexpect: { status: 200, body: "{what}" }`,
  );
  expect(mistakesOf()).toEqual([
    "network/a.yml: given: there is no fixture nothing",
    "network/a.yml: {what} is not a variable of this case",
  ]);
});

test("two cases cannot have one title", () => {
  for (const name of ["a.yml", "b.yml"])
    write(name, `title: The same title\n${evidence}\n${get}\nexpect: { status: 200 }`);
  expect(mistakesOf()).toEqual(["network/b.yml: title: another case has the title 'The same title'"]);
});

test.for<[string, string, string]>([
  [
    "a quote has at most 25 words",
    `kind: documented, page: https://learn.microsoft.com/x, quote: "${"word ".repeat(26)}"`,
    "evidence.quote: at most 25 words",
  ],
  [
    "a page is one of Microsoft's or a public repository's",
    "kind: documented, page: https://example.com/x, quote: words",
    "evidence.page: a page of learn.microsoft.com",
  ],
  ["a page is read over https", "kind: documented, page: http://learn.microsoft.com/x, quote: words", "evidence.page"],
  ["a recorded answer has a day", "kind: recorded, date: soon, source: https://example.com", "evidence.date: the day"],
  ["a guess says why", "kind: guess, why: so", "evidence.why: what was looked for"],
  ["there is one kind of evidence", "kind: rumour", "evidence.kind: one kind of evidence"],
])("%s", ([, given, mistake]) => {
  write("a.yml", `title: A case with evidence\nevidence: { ${given} }\n${get}\nexpect: { status: 200 }`);
  expect(mistakesOf().join("\n")).toContain(`network/a.yml: ${mistake}`);
});

test("types prove neither codes nor messages", () => {
  const types = 'evidence: { kind: types, resource: Microsoft.Network/loadBalancers, version: "2024-05-01" }';
  write("a.yml", `title: A code by types\n${types}\n${get}\nexpect: { status: 400, code: SomeCode }`);
  expect(mistakesOf()).toEqual([
    "network/a.yml: evidence: types prove shapes only: no code and no message can be expected",
  ]);
});

test("a documented code stands in the quote, or somewhere else that is named", () => {
  const text = (more: string): string =>
    `title: A documented code\nevidence: { kind: documented, page: https://learn.microsoft.com/x, quote: a rule${more} }\n` +
    `${get}\nexpect: { status: 400, code: SomeCode }`;
  write("a.yml", text(""));
  expect(mistakesOf()).toEqual([
    "network/a.yml: evidence: the quote does not have the code SomeCode: give codeSeen, or expect no code",
  ]);
  write("a.yml", text(", codeSeen: https://github.com/x"));
  expect(mistakesOf()).toEqual([]);
});

test("a request and what is expected alone are one step", () => {
  write("a.yml", `title: A short case\n${evidence}\n${get}\nexpect: { status: 200 }\nwait: true`);
  const [one] = loadSuite(directory).cases;
  expect(one).toMatchObject({
    file: "network/a.yml",
    provider: "network",
    steps: [{ wait: true, expect: { status: 200 } }],
  });
});
