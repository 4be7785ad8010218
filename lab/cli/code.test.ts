import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { codeOf, sameCode } from "./code.ts";

let checkout: string;
const write = (name: string, content: string) => {
  mkdirSync(dirname(join(checkout, name)), { recursive: true });
  writeFileSync(join(checkout, name), content);
};
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "lab-test-"));
  write("package-lock.json", "{}");
  write("lab/arm/index.ts", "1");
  write("lab/fabric/agent/agent.py", "1");
});
afterEach(() => rmSync(checkout, { recursive: true }));

test.each(["lab/arm/index.ts", "lab/new.ts", "lab/fabric/agent/agent.py", "package-lock.json"])(
  "a change of %s makes other code",
  (name) => {
    const before = codeOf(checkout);
    write(name, "2");
    expect(sameCode(before, codeOf(checkout))).toBe(false);
  },
);

test.each(["lab/README.md", "index.ts", "lab/node_modules/execa/index.ts"])(
  "a change of %s makes no other code",
  (name) => {
    const before = codeOf(checkout);
    write(name, "2");
    expect(sameCode(before, codeOf(checkout))).toBe(true);
  },
);

test("code of another folder, or of a daemon that does not tell, is other code", () => {
  expect(sameCode({ ...codeOf(checkout), root: "/elsewhere" }, codeOf(checkout))).toBe(false);
  expect(sameCode(undefined, codeOf(checkout))).toBe(false);
});
