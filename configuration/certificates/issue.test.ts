import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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
    jumps: ["198.51.100.32"],
    knownHosts: "/known",
    identityFile: "/other",
  };
  writeFileSync(join(directory, "inventory", "dev.ssh_config"), renderSshConfig([machine], config));
  wanted = { principal: "deploy", minutes: 10, agent: false, plan, authority, ansible: directory };
});
afterEach(() => {
  rmSync(directory, { recursive: true });
  vi.unstubAllEnvs();
});

const shown = () =>
  execFileSync("ssh-keygen", ["-L", "-f", join(out, "id_ed25519-cert.pub")], {
    encoding: "utf8",
    env: { ...process.env, TZ: "UTC" },
  });

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

test("a key of the vault that is not the stack file's signs nothing, nor does one of another principal", () => {
  const trusted = (...deploy: string[]) => ({
    stack: "dev",
    administrators: { ...plan.administrators, authorities: { deploy } },
  });
  const other = testAuthority().publicKey;
  // While a key changes both count.
  for (const lines of [[`${authority.publicKey} a comment`], [other, authority.publicKey]])
    expect(() => checkAuthority(authority, "deploy", trusted(...lines))).not.toThrow();
  expect(() => checkAuthority(authority, "deploy", trusted(other))).toThrow(
    /^platform:administrators\.authorities\.deploy: given ecdsa-sha2-nistp256 .*\n {2}pulumi config set --stack dev --path 'platform:administrators\.authorities\.deploy\[1\]'/,
  );
  expect(() => checkAuthority(authority, "administrator", trusted(authority.publicKey))).toThrow("given (nothing)");
  expect(() => checkAuthority(authority, "deploy", { stack: "dev", administrators: plan.administrators })).toThrow(
    "given (nothing)",
  );
});

test("a certificate counts from a minute before to the minutes that were asked for", async () => {
  const begun = Math.floor(Date.now() / 1000);
  await writeCertificate(out, wanted);
  const seconds = /Valid: from (\S+) to (\S+)/
    .exec(shown())
    ?.slice(1)
    .map((time) => Date.parse(`${time}Z`) / 1000);
  const [from = 0, to = 0] = seconds ?? [];
  expect(to - from).toBe(11 * 60);
  expect(from).toBeGreaterThanOrEqual(begun - 60);
  expect(from).toBeLessThan(begun);
});

test("what a variable holds stays one word in the certificate, and so in a machine's log", async () => {
  vi.stubEnv("CI_JOB_URL", `https://job (serial 7) CA\nssh-ed25519 ${"A".repeat(300)}`);
  await writeCertificate(out, wanted);
  expect(/Key ID: "(.*)"/.exec(shown())?.[1]).toMatch(/^https:\/\/job_\(serial_7\)_CA_ssh-ed25519_A{160,}$/);
  expect(readFileSync(join(out, "id_ed25519-cert.pub"), "utf8").trim().split("\n")).toHaveLength(1);
});

test("where nothing is signed, what was there stays as it was", async () => {
  await writeCertificate(out, wanted);
  const files = () => readdirSync(out).map((name) => [name, readFileSync(join(out, name), "utf8")]);
  const before = files();
  const refuses = { ...authority, sign: () => Promise.reject(new Error("403")) };
  await expect(writeCertificate(out, { ...wanted, authority: refuses })).rejects.toThrow("403");
  expect(files()).toEqual(before);
});

test("ended while the vault is asked it leaves no key", async () => {
  const program = `
    import { writeCertificate } from ${JSON.stringify(join(import.meta.dirname, "issue.ts"))};
    const sign = () => new Promise(() => setInterval(() => console.log("signs"), 50));
    const administrators = { user: "platform" };
    const wanted = { principal: "deploy", minutes: 1, agent: true, plan: { stack: "dev", administrators }, ansible: "" };
    await writeCertificate(${JSON.stringify(out)}, { ...wanted, authority: { publicKey: "a AAAA", sign } });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  expect(readdirSync(out)).toEqual([expect.stringMatching(/^\.new-/)]);
  child.kill("SIGTERM");
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(1);
  expect(readdirSync(out)).toEqual([]);
});

test("a directory of somebody else's, or one in which others may write, is left alone", async () => {
  mkdirSync(out);
  chmodSync(out, 0o777);
  await expect(writeCertificate(out, wanted)).rejects.toThrow(
    /^--out: given .*\/out, a directory .* with mode 777; allowed/,
  );
  expect([statSync(out).mode & 0o777, readdirSync(out)]).toEqual([0o777, []]);
  const file = join(directory, "inventory", "dev.ssh_config");
  await expect(writeCertificate(file, wanted)).rejects.toThrow(
    /^--out: given .*dev\.ssh_config, no directory; allowed/,
  );
  chmodSync(out, 0o755);
  const link = join(directory, "link");
  symlinkSync(out, link);
  await expect(writeCertificate(link, wanted)).rejects.toThrow("no directory");
  await writeCertificate(out, wanted);
  expect(statSync(out).mode & 0o777).toBe(0o755);
  expect(statSync(join(out, "id_ed25519")).mode & 0o777).toBe(0o600);
});

test("with an agent the private key is in no file, and the agent forgets it with the certificate", async () => {
  await writeCertificate(out, wanted);
  const socket = join(directory, "agent");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  try {
    vi.stubEnv("SSH_AUTH_SOCK", socket);
    await vi.waitFor(() => expect(existsSync(socket)).toBe(true), { timeout: 10_000 });
    await writeCertificate(out, { ...wanted, agent: true, minutes: 0.05 });
    expect(readdirSync(out).sort()).toEqual(["id_ed25519-cert.pub", "id_ed25519.pub", "ssh_config"]);
    const held = () => spawnSync("ssh-add", ["-L"], { encoding: "utf8" }).stdout;
    const [, blob = "nothing"] = readFileSync(join(out, "id_ed25519-cert.pub"), "utf8").split(" ");
    expect(held()).toContain(blob);
    const settings = execFileSync("ssh", ["-G", "-F", join(out, "ssh_config"), "front1.dev"], { encoding: "utf8" });
    expect(settings).toContain(`\nidentityfile ${join(out, "id_ed25519.pub")}\n`);
    await vi.waitFor(() => expect(held()).not.toContain(blob), { timeout: 20_000, interval: 500 });
    vi.stubEnv("SSH_AUTH_SOCK", join(directory, "none"));
    await expect(writeCertificate(out, { ...wanted, agent: true })).rejects.toThrow(
      /^--agent: ssh-add failed at .*none/,
    );
  } finally {
    agent.kill();
  }
}, 60_000);
