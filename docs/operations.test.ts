import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(import.meta.dirname, "operations.md"), "utf8");
/** What stands in the page's code. */
const code = [...page.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? "");
const all = (pattern: RegExp, text = code.join("\n")) => [
  ...new Set([...text.matchAll(pattern)].map(([, found]) => found ?? "")),
];
const output = (command: string, ...args: string[]) => spawnSync(command, args, { cwd: root, encoding: "utf8" }).stdout;
const headings = all(/^## (.+)$/gm, page);

test("every command that the page names is there", () => {
  for (const command of all(/(bin\/[\w-]+)/g)) expect(existsSync(join(root, command)), command).toBe(true);
  const targets = all(/^([a-z0-9-]+) /gm, output("make", "--no-print-directory", "help"));
  expect(targets).toEqual(expect.arrayContaining(all(/make ([a-z0-9-]+)/g)));
  const ofLab = all(/^ {2}([a-z-]+) /gm, output(process.execPath, "lab/cli/main.ts", "--help"));
  expect(ofLab).toEqual(expect.arrayContaining(all(/bin\/lab ([a-z-]+)/g)));
});

test("every test that the page names is there", () => {
  for (const file of all(/^(?:\.\/)?((?:lab|e2e|ansible)\/[\w./-]+\.(?:ts|py|yml)|(?:lab|delivery)\/[a-z]+\/)$/gm))
    expect(existsSync(join(root, file)), file).toBe(true);
});

test("each procedure says how one knows that it worked, and the table says what tries it", () => {
  const rows = all(/^\| ([A-Z][^|]*) \| /gm, page);
  expect(rows).toEqual(headings.filter((heading) => heading !== "Tried by"));
  const procedures = page.split(/^## /m).slice(1);
  expect(headings.length).toBeGreaterThan(12);
  for (const text of procedures.filter((one) => !/^(Look|Unlock|Tried by)\n/.test(one)))
    expect(text, text.split("\n")[0]).toMatch(/^\d\. It worked when/m);
});
