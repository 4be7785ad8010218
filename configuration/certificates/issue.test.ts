import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { planOf } from "../../environment/testing/stacks.ts";
import { renderSshConfig } from "../sshConfig.ts";
import { checkAuthority, writeCertificate, type Wanted } from "./issue.ts";
import { testAuthority } from "./testing/authority.ts";

const plan = planOf("dev");
const authority = testAuthority();
let directory: string;
let out: string;
let wanted: Wanted;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "issue-"));
  out = join(directory, "out");
  mkdirSync(join(directory, "inventory"));
  const machine = { id: "a", name: "front1.dev", address: "10.20.1.4", hostKeys: [], jumpHost: false };
  const config = {
    stack: "dev",
    user: "platform",
    publicAddress: "198.51.100.32",
    knownHosts: "/known",
    identityFile: "/other",
  };
  writeFileSync(join(directory, "inventory", "dev.ssh_config"), renderSshConfig([machine], config));
  wanted = { principal: "deploy", minutes: 10, plan, authority, ansible: directory };
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  vi.unstubAllEnvs();
});

const shown = () => execFileSync("ssh-keygen", ["-L", "-f", join(out, "id_ed25519-cert.pub")], { encoding: "utf8" });

test("key and certificate are for nobody else, and for the minutes that were asked for", async () => {
  vi.stubEnv("CI_JOB_URL", "https://gitlab.example/-/jobs/7");
  const before = Date.now();
  const until = await writeCertificate(out, wanted);
  expect(until.getTime() - before).toBeGreaterThan(9.9 * 60_000);
  expect(until.getTime() - before).toBeLessThan(10.2 * 60_000);
  expect(statSync(out).mode & 0o777).toBe(0o700);
  expect(statSync(join(out, "id_ed25519")).mode & 0o777).toBe(0o600);
  expect(shown()).toContain('Key ID: "https://gitlab.example/-/jobs/7"');
  expect(shown()).toMatch(/Principals: \n\s+deploy\n/);
});

test("without a job's address the certificate names user and host; each one has a key and a serial of its own", async () => {
  vi.stubEnv("CI_JOB_URL", undefined);
  const all = [];
  for (let count = 0; count < 2; count += 1) {
    await writeCertificate(out, wanted);
    expect(shown()).toMatch(/Key ID: "[^@"]+@[^"]+"/);
    all.push([readFileSync(join(out, "id_ed25519.pub"), "utf8"), /Serial: \d+/.exec(shown())?.[0]]);
  }
  const [[firstKey, firstSerial] = [], [key, serial] = []] = all;
  expect(key).not.toBe(firstKey);
  expect(serial).not.toBe(firstSerial);
});

test("ssh reaches a machine, and the jump host before it, as the certificate's user and with its key", async () => {
  const settings = (host: string) =>
    execFileSync("ssh", ["-G", "-F", join(out, "ssh_config"), host], { encoding: "utf8" }).split("\n");
  await writeCertificate(out, wanted);
  const machine = settings("front1.dev");
  expect(machine).toEqual(
    expect.arrayContaining([
      "user deploy",
      "hostname 10.20.1.4",
      `certificatefile ${join(out, "id_ed25519-cert.pub")}`,
      "identitiesonly yes",
      "userknownhostsfile /known",
    ]),
  );
  // Versions of OpenSSH write the address in different ways.
  expect(machine.join("\n")).toMatch(/^proxyjump \[?198\.51\.100\.32\]?$/m);
  expect(machine.find((line) => line.startsWith("identityfile "))).toBe(`identityfile ${join(out, "id_ed25519")}`);
  const jumpHost = settings("198.51.100.32");
  expect(jumpHost).toContain("user deploy");
  expect(jumpHost.join("\n")).not.toMatch(/^proxyjump /m);
  await writeCertificate(out, { ...wanted, principal: "administrator" });
  expect(settings("front1.dev")).toContain("user platform");
  expect(shown()).toMatch(/Principals: \n\s+administrator\n/);
});

test("a key of the vault that is not the stack file's signs nothing", () => {
  const trusted = (line: string | undefined) => ({
    stack: "dev",
    administrators: { ...plan.administrators, authority: line },
  });
  expect(() => checkAuthority(authority, trusted(`${authority.publicKey} a comment`))).not.toThrow();
  expect(() => checkAuthority(authority, trusted(testAuthority().publicKey))).toThrow(
    /^platform:administrators\.authority: given ecdsa-sha2-nistp256 .*\n {2}pulumi config set --stack dev --path/,
  );
  expect(() => checkAuthority(authority, trusted(undefined))).toThrow("given (nothing)");
});
