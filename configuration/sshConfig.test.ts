import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SshMachine } from "./knownHosts.ts";
import { renderSshConfig } from "./sshConfig.ts";

const machines: SshMachine[] = [
  { id: "id-3", name: "proxy2", address: "10.20.0.5", hostKeys: ["ssh-ed25519 CCCC"] },
  { id: "id-1", name: "front1", address: "10.20.1.4", hostKeys: ["ssh-rsa BBBB", "ssh-ed25519 AAAA"] },
  { id: "id-2", name: "proxy1", address: "10.20.0.4", hostKeys: ["ssh-ed25519 DDDD"] },
];

const config = {
  stack: "dev",
  user: "platform",
  jumps: ["198.51.100.32"],
  knownHosts: "/home/me/a project/dev.known_hosts",
  identityFile: undefined,
};

test("SSH goes to each machine through the public address, and verifies every host key", () => {
  expect(renderSshConfig(machines, config))
    .toBe(`# Written by pulumi up and bin/inventory for stack dev. From the project's root:
# ssh -F ansible/inventory/dev.ssh_config <machine>
Host front1
  HostName 10.20.1.4
Host proxy1
  HostName 10.20.0.4
Host proxy2
  HostName 10.20.0.5
Host front1 10.20.1.4 proxy1 10.20.0.4 proxy2 10.20.0.5
  ProxyJump 198.51.100.32
Host *
  User platform
  UserKnownHostsFile "/home/me/a project/dev.known_hosts"
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  ServerAliveInterval 30
`);
});

test("a private key that was named is the only one that SSH offers, also to the jump host", () => {
  const text = renderSshConfig(machines, { ...config, identityFile: "/keys/id" });
  expect(text.slice(text.indexOf("Host *"))).toContain('  IdentityFile "/keys/id"\n  IdentitiesOnly yes\n');
});

test("an environment without machines gives no pattern that would match everything", () => {
  const text = renderSshConfig([], config);
  expect(text).not.toContain("ProxyJump");
  expect(text.match(/^Host.*$/gm)).toEqual(["Host *"]);
});

test("behind an entry SSH passes its public address first, then the internal one of the environment's own jump hosts", () => {
  const text = renderSshConfig(machines, { ...config, jumps: ["198.51.100.32", "10.20.0.254"] });
  const directory = mkdtempSync(join(tmpdir(), "ssh-"));
  const file = join(directory, "config");
  writeFileSync(file, text);
  // As SSH itself reads it; the jump hosts have none before them in the file, so that no connection goes in circles.
  const jumpsOf = (host: string) =>
    /^proxyjump (.*)$/m
      .exec(execFileSync("ssh", ["-F", file, "-G", host], { encoding: "utf8" }))?.[1]
      ?.replaceAll(/[[\]]/g, "");
  expect(jumpsOf("front1")).toBe("198.51.100.32,10.20.0.254");
  expect(jumpsOf("proxy1")).toBe("198.51.100.32,10.20.0.254");
  expect([jumpsOf("10.20.0.254"), jumpsOf("198.51.100.32")]).toEqual([undefined, undefined]);
  rmSync(directory, { recursive: true });
});
