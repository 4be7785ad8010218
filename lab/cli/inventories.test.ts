import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderSshConfig } from "../../configuration/sshConfig.ts";
import { removeInventories } from "./inventories.ts";

test("inventories of the lab's stacks go, those of stacks on Azure and others stay", () => {
  const directory = mkdtempSync(join(tmpdir(), "lab-test-"));
  const write = (stack: string, identityFile: string | undefined) => {
    const config = { stack, user: "platform", jumps: ["198.51.100.4"], knownHosts: "k", identityFile };
    writeFileSync(join(directory, `${stack}.ssh_config`), renderSshConfig([], config));
    for (const name of [`${stack}.yml`, `${stack}.known_hosts`]) writeFileSync(join(directory, name), "");
  };
  write("dev", "/var/lib/lab/ssh/id_ed25519");
  write("prod", undefined);
  write("tools", "/home/somebody/.ssh/id_ed25519");
  writeFileSync(join(directory, "by-hand.yml"), "");
  removeInventories(directory, "/var/lib/lab/ssh");
  expect(readdirSync(directory).sort()).toEqual([
    "by-hand.yml",
    "prod.known_hosts",
    "prod.ssh_config",
    "prod.yml",
    "tools.known_hosts",
    "tools.ssh_config",
    "tools.yml",
  ]);
  rmSync(directory, { recursive: true });
});
