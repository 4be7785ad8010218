import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(import.meta.dirname, "operations.md"), "utf8");
const read = (file: string) => readFileSync(join(root, file), "utf8");
/** What stands in the page's code. */
const code = [...page.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? "");
const all = (pattern: RegExp, text = code.join("\n")) => [
  ...new Set([...text.matchAll(pattern)].map(([, found]) => found ?? "")),
];
/** The anchor of a heading, as Git servers make it. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .replaceAll(" ", "-");
const headings = all(/^## (.+)$/gm, page);

// The page names commands of the stage delivery.
describe.runIf(existsSync(join(root, "delivery", "main.ts")))("what the page names is there", () => {
  test("every command", () => {
    for (const command of all(/(bin\/[\w-]+)/g)) expect(existsSync(join(root, command)), command).toBe(true);
    const targets = all(/^([a-z0-9-]+):.*##/gm, read("Makefile"));
    expect(targets).toEqual(expect.arrayContaining(all(/make ([a-z0-9-]+)/g)));
    const ofLab = all(
      /(?:\.command|stackCommand)\(\s*(?:program, )?"([a-z]+)"/g,
      read("lab/cli/main.ts") + read("lab/cli/pulumiCommands.ts"),
    );
    expect(ofLab).toEqual(expect.arrayContaining(all(/bin\/lab ([a-z]+)/g)));
  });

  test("every file, and every part of a page", () => {
    for (const file of all(/^(?:\.\/)?((?:lab|e2e|ansible)\/[\w./-]+\.(?:ts|py|yml)|(?:lab|delivery)\/[a-z]+\/)$/gm))
      expect(existsSync(join(root, file)), file).toBe(true);
    for (const [, target = ""] of page.matchAll(/\]\(([^)]+)\)/g)) {
      const [file = "", part] = target.split("#");
      const path = file === "" ? join(import.meta.dirname, "operations.md") : join(import.meta.dirname, file);
      expect(existsSync(path), target).toBe(true);
      if (part) expect(all(/^#+ (.+)$/gm, readFileSync(path, "utf8")).map(anchor), target).toContain(part);
    }
  });
});

test("each procedure says how one knows that it worked, and the table says what tries it", () => {
  const procedures = page.split(/^## /m).slice(1);
  expect(headings.length).toBeGreaterThan(12);
  for (const text of procedures.filter((one) => !/^(Look|Unlock|Tried by)\n/.test(one)))
    expect(text, text.split("\n")[0]).toMatch(/^\d\. It worked when/m);
});
