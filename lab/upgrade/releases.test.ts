import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../paths.ts";
import { releasesIn } from "./releases.ts";

const changelog = `# Changelog

## [0.3.0] - 2026-12-01

### Added
- A thing.

### Replaced
- \`configuration-ansible\`: Ansible runs.
- \`data-vmss\`, by its new disk.

### Fixed
- \`nothing\` here.

## [0.2.0] - 2026-11-25

Commit: 0123456789abcdef

### Replaced
- \`configuration-ansible\`

## Older
`;

test("releases are told newest first, with their commits and what an upgrade to them replaces", () => {
  expect(releasesIn(changelog)).toEqual([
    { version: "0.3.0", replaced: ["configuration-ansible", "data-vmss"] },
    { version: "0.2.0", commit: "0123456789abcdef", replaced: ["configuration-ansible"] },
  ]);
});

test("the project's own changelog names the commits of all releases but the newest", () => {
  const [, ...before] = releasesIn(readFileSync(join(root, "CHANGELOG.md"), "utf8"));
  expect(before.length).toBeGreaterThan(0);
  for (const { version, commit } of before) expect(commit, version).toMatch(/^[0-9a-f]{40}$/);
});
