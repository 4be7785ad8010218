import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const pages = globSync("**/*.md", { cwd: root, exclude: (path) => /(^|\/)(node_modules|\.venv)$/.test(path) });
const read = (page: string) => readFileSync(join(root, page), "utf8");

/** The anchors of a page's headings, as Git servers make them. */
const anchors = (page: string) =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );

test("pages link to files, and to parts of pages, that are there", () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = ""]) => ({ page, link })),
  );
  const broken = links.filter(({ page, link }) => {
    const [file = "", part] = link.split("#");
    const target = file === "" ? page : join(dirname(page), file);
    return !existsSync(join(root, target)) || (part !== undefined && !anchors(target).includes(part));
  });
  expect(links.length).toBeGreaterThan(100);
  expect(broken).toEqual([]);
});
