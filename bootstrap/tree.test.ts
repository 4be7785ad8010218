import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashTree, readTree } from "./tree.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tree-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content = "x"): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

test("all files that Ansible runs with are read, sorted by path", () => {
  for (const path of ["playbooks/front.yml", "ansible.cfg", "roles/b/tasks/main.yml", "inventory/group_vars/all.yml"]) {
    write(path);
  }
  expect(readTree(root).map(({ path }) => path)).toEqual([
    "ansible.cfg",
    "inventory/group_vars/all.yml",
    "playbooks/front.yml",
    "roles/b/tasks/main.yml",
  ]);
});

test("what runs leave behind or what only people read does not count", () => {
  write("playbooks/front.yml");
  const before = hashTree(readTree(root));
  for (const path of [
    "inventory/dev.yml",
    "inventory/dev.known_hosts",
    "inventory/dev.ssh_config",
    "site.retry",
    ".ansible/cache",
    "roles/a/README.md",
    "roles/a/files/__pycache__/x.pyc",
    "run.log",
    "tests/x.yml",
  ])
    write(path);
  expect(hashTree(readTree(root))).toBe(before);
});

test("a changed text, another name and the right to execute change the hash", () => {
  write("roles/a/files/script", "one");
  const hashes = [hashTree(readTree(root))];
  write("roles/a/files/script", "two");
  hashes.push(hashTree(readTree(root)));
  chmodSync(join(root, "roles/a/files/script"), 0o755);
  hashes.push(hashTree(readTree(root)));
  write("roles/a/files/other", "two");
  hashes.push(hashTree(readTree(root)));
  expect(new Set(hashes).size).toBe(4);
});

test("a directory that is not there has no files", () => {
  expect(readTree(join(root, "nothing"))).toEqual([]);
});
