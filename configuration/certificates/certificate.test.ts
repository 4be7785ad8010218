/** Certificates, as the real ssh-keygen and a real sshd read them. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { isAuthorityKey } from "../../environment/sshKey.ts";
import type { Principal } from "../../environment/principals.ts";
import { sshBanner } from "../jumpHost.ts";
import { certify, type Authority, type Claims } from "./certificate.ts";
import { testAuthority } from "./testing/authority.ts";

let directory: string;
let key: string;
const authority = testAuthority();
const now = Math.floor(Date.now() / 1000);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "certificates-"));
  key = join(directory, "id_ed25519");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "somebody", "-f", key]);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Writes a certificate of the key. */
async function write(change: Partial<Claims> = {}, by: Authority = authority): Promise<string> {
  const claims = {
    publicKey: readFileSync(`${key}.pub`, "utf8"),
    serial: 0xfedcba9876543210n,
    keyId: "https://gitlab.example/-/jobs/7",
    principals: ["deploy"],
    validAfter: now - 60,
    validBefore: now + 600,
    nonce: randomBytes(32),
    ...change,
  };
  writeFileSync(`${key}-cert.pub`, `${await certify(claims, by)}\n`);
  return `${key}-cert.pub`;
}

/** What ssh-keygen says of the certificate; it verifies the signature as it reads. */
const shown = (file: string) => spawnSync("ssh-keygen", ["-L", "-f", file], { encoding: "utf8", env: { TZ: "UTC" } });

test("ssh-keygen reads user, serial, key ID, principals, validity and what is permitted", async () => {
  const { stdout, status } = shown(await write({ validAfter: 1_800_000_000, validBefore: 1_800_000_660 }));
  expect(status).toBe(0);
  const { stdout: print } = spawnSync("ssh-keygen", ["-l", "-f", "-"], {
    input: authority.publicKey,
    encoding: "utf8",
  });
  expect(stdout).toContain("Type: ssh-ed25519-cert-v01@openssh.com user certificate");
  expect(stdout).toContain(`Signing CA: ECDSA ${print.split(" ")[1]} (using ecdsa-sha2-nistp256)`);
  expect(stdout).toContain('Key ID: "https://gitlab.example/-/jobs/7"');
  expect(stdout).toContain("Serial: 18364758544493064720");
  expect(stdout).toContain("Valid: from 2027-01-15T08:00:00 to 2027-01-15T08:11:00");
  expect(stdout.replace(/\s+/g, " ")).toContain(
    "Principals: deploy Critical Options: (none) Extensions: permit-port-forwarding permit-pty ",
  );
});

test("signatures whose numbers begin with zeros, or with a bit that would mean negative, are right as well", async () => {
  for (let count = 0; count < 40; count += 1) expect(shown(await write({}, testAuthority())).status).toBe(0);
  const short = Buffer.concat([Buffer.alloc(31), Buffer.of(1), Buffer.alloc(2), Buffer.alloc(30, 0x80)]);
  const line = await certify(
    {
      publicKey: readFileSync(`${key}.pub`, "utf8"),
      serial: 1n,
      keyId: "a",
      principals: [],
      validAfter: 0,
      validBefore: 1,
      nonce: Buffer.alloc(32),
    },
    { ...authority, sign: () => Promise.resolve(short) },
  );
  const blob = Buffer.from(line.split(" ")[1] ?? "", "base64").toString("hex");
  expect(blob.endsWith(`00000001${"01"}0000001f${`00${"80".repeat(30)}`}`)).toBe(true);
});

test("a certificate that was changed after it was signed is none", async () => {
  const file = await write();
  const [type, blob = "", comment] = readFileSync(file, "utf8").split(" ");
  const bytes = Buffer.from(blob, "base64");
  const at = bytes.indexOf("deploy");
  bytes.write("root\0\0", at);
  writeFileSync(file, [type, bytes.toString("base64"), comment].join(" "));
  expect(shown(file).status).not.toBe(0);
});

test("an authority's line is one that the stack's file takes", () => {
  expect(isAuthorityKey(authority.publicKey)).toBe(true);
});

/** A server that is not installed may be named: Debian's package has it, and starts it as a service. */
const sshd = process.env["SSHD"] ?? "/usr/sbin/sshd";

describe.skipIf(!existsSync(sshd))("a real sshd that trusts an authority for each user", () => {
  // As root it would need accounts and a folder of its own. Whom it lets in is the account that it runs as.
  const daemon = { uid: 1, gid: 1 };
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? "daemon" : userInfo().username;
  const administrators = testAuthority();
  let server: ChildProcess;
  let port: number;
  let log = "";

  /** As role authorized-keys writes it for the user of a principal; `ansible/tests/test_deploy.py` has the same lines. */
  const isUserOf = (principal: Principal) => {
    const { publicKey } = principal === "deploy" ? authority : administrators;
    writeFileSync(
      join(directory, `keys.${user}`),
      `# Ansible managed\nssh-ed25519 AAAA somebody\ncert-authority,principals="${principal}" ${publicKey}\n`,
    );
  };

  beforeAll(async () => {
    port = await freePort();
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(directory, "host")]);
    isUserOf("deploy");
    const settings = [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${directory}/host`,
      "PidFile none",
      "LogLevel VERBOSE",
      "StrictModes no",
      "AuthenticationMethods publickey",
      `AuthorizedKeysFile ${directory}/keys.%u`,
      "PermitOpen 127.0.0.1:*",
      // Since OpenSSH 9.8 it answers a caller no more for a while that it has refused often.
      ...(/OpenSSH_(9\.[89]|\d\d)/.test(spawnSync(sshd, ["-V"], { encoding: "utf8" }).stderr)
        ? ["PerSourcePenalties no"]
        : []),
    ];
    writeFileSync(join(directory, "sshd_config"), `${settings.join("\n")}\n`);
    if (isRoot) {
      chmodSync(directory, 0o755);
      for (const file of readdirSync(directory))
        if (file !== "id_ed25519") chownSync(join(directory, file), daemon.uid, daemon.gid);
    }
    server = spawn(sshd, ["-D", "-e", "-f", join(directory, "sshd_config")], {
      stdio: ["ignore", "ignore", "pipe"],
      ...(isRoot ? daemon : {}),
    });
    server.stderr?.setEncoding("utf8").on("data", (text: string) => (log += text));
    await vi.waitFor(async () => expect(await sshBanner("127.0.0.1", port)).toMatch(/^SSH-/), { timeout: 20_000 });
  }, 30_000);
  afterAll(() => void server.kill());
  beforeEach(() => {
    log = "";
  });

  /** Passes through the server, as through the jump host, to the server itself: it needs no shell. */
  async function pass(change: Partial<Claims> = {}, by: Authority = authority, identity = key) {
    await write(change, by);
    const options = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "IdentitiesOnly=yes",
      "BatchMode=yes",
    ].concat(`CertificateFile=${key}-cert.pub`);
    const child = spawn(
      "ssh",
      [
        "-F",
        "none",
        ...options.flatMap((option) => ["-o", option]),
        "-i",
        identity,
        "-p",
        `${port}`,
        "-l",
        user,
      ].concat(["-W", `127.0.0.1:${port}`, "127.0.0.1"]),
      { stdio: ["pipe", "pipe", "pipe"] },
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    const ended = new Promise((done) => child.on("close", done));
    await vi.waitFor(() => expect(output).toMatch(/SSH-2\.0|Permission denied/), { timeout: 20_000 });
    child.kill();
    await ended;
    return output;
  }

  test("lets the bearer in and through, and logs who it is", async () => {
    isUserOf("deploy");
    expect(await pass()).toMatch(/^SSH-2\.0-/m);
    expect(log).toMatch(
      /Accepted (publickey|certificate) for \S+ .*ID https:\/\/gitlab\.example\/-\/jobs\/7 \(serial 18364758544493064720\) CA ECDSA/,
    );
    isUserOf("administrator");
    expect(await pass({ principals: ["administrator"] }, administrators)).toMatch(/^SSH-2\.0-/m);
  });

  test("lets in who has only the public key in a file, and the private one in an agent", async () => {
    isUserOf("deploy");
    const [alone, socket] = [join(directory, "alone.pub"), join(directory, "agent")];
    copyFileSync(`${key}.pub`, alone);
    expect(await pass({}, authority, alone)).toContain("Permission denied");
    const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    try {
      vi.stubEnv("SSH_AUTH_SOCK", socket);
      await vi.waitFor(() => execFileSync("ssh-add", ["-q", key], { stdio: "ignore" }), { timeout: 10_000 });
      expect(await pass({}, authority, alone)).toMatch(/^SSH-2\.0-/m);
    } finally {
      agent.kill();
      vi.unstubAllEnvs();
    }
  });

  test.each<[string, string, Partial<Claims>, Authority?]>([
    ["of another principal", "Certificate does not contain an authorized principal", { principals: ["administrator"] }],
    ["of no principal", "Certificate does not contain an authorized principal", { principals: [] }],
    ["whose time is over", "Certificate invalid: expired", { validAfter: now - 600, validBefore: now - 1 }],
    ["that is for later", "Certificate invalid: not yet valid", { validAfter: now + 600, validBefore: now + 900 }],
    ["of an authority that nobody knows", "Failed publickey", {}, testAuthority()],
    ["for administrators at deploy", "Failed publickey", { principals: ["administrator"] }, administrators],
    ["for deploy by who signs for administrators", "Failed publickey", {}, administrators],
  ])("refuses a certificate %s", async (_, why, change, by) => {
    isUserOf("deploy");
    expect(await pass(change, by)).toContain("Permission denied (publickey)");
    expect(log).toContain(why);
  });

  test.each(["administrator", "deploy"] as const)(
    "refuses as administrator a certificate of the principal %s that the authority of deployments has signed",
    async (principal) => {
      isUserOf("administrator");
      expect(await pass({ principals: [principal] })).toContain("Permission denied (publickey)");
      expect(log).toContain("Failed publickey");
      expect(await pass({ principals: [principal, "administrator"] })).toContain("Permission denied (publickey)");
    },
  );
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
