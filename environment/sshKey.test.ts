import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { isAdministratorKey, isAuthorityKey } from "./sshKey.ts";
import { publicKey } from "./testing/stacks.ts";

/** A line of `authorized_keys` with these parts in its key. */
function line(type: string, ...parts: Buffer[]): string {
  const fields = [Buffer.from(type), ...parts].map((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return Buffer.concat([length, part]);
  });
  return `${type} ${Buffer.concat(fields).toString("base64")} somebody`;
}

const exponent = Buffer.from([1, 0, 1]);

/** A new RSA key as OpenSSH writes it: a zero before a modulus whose first bit is set. */
function rsaLine(bits: number): string {
  const { n = "" } = generateKeyPairSync("rsa", { modulusLength: bits }).publicKey.export({ format: "jwk" });
  return line("ssh-rsa", exponent, Buffer.concat([Buffer.from([0]), Buffer.from(n, "base64url")]));
}

test("Ed25519 keys and RSA keys of 2048 bits are taken, with and without a comment", () => {
  expect(isAdministratorKey(publicKey)).toBe(true);
  expect(isAdministratorKey(publicKey.replace(" nobody", ""))).toBe(true);
  expect(isAdministratorKey(rsaLine(2048))).toBe(true);
});

test("an RSA key that is shorter is refused", () => {
  expect(isAdministratorKey(rsaLine(1024))).toBe(false);
  const modulus = Buffer.alloc(256, 0xff);
  modulus[0] = 0x7f;
  expect(isAdministratorKey(line("ssh-rsa", exponent, modulus))).toBe(false);
});

test("ECDSA keys, which Azure does not take, are refused", () => {
  const point = Buffer.alloc(65, 4);
  expect(isAdministratorKey(line("ecdsa-sha2-nistp256", Buffer.from("nistp256"), point))).toBe(false);
});

test.each([
  ["cut off", publicKey.replace(/A{8} nobody$/, "")],
  ["too long", line("ssh-ed25519", Buffer.alloc(33))],
  ["of more parts than it has", line("ssh-ed25519", Buffer.alloc(32), Buffer.alloc(1))],
  ["of another type than it says", publicKey.replace("ssh-ed25519", "ssh-rsa")],
  ["without a modulus", line("ssh-rsa", exponent)],
  ["on two lines", `${publicKey}\n${publicKey}`],
  ["private", "-----BEGIN OPENSSH PRIVATE KEY-----"],
  ["empty", "ssh-ed25519 "],
])("a key that is %s is refused", (_, text) => {
  expect(isAdministratorKey(text)).toBe(false);
});

test("an authority's key is one of curve P-256, or one that an administrator may have", () => {
  const curve = Buffer.from("nistp256");
  const point = Buffer.alloc(65, 4);
  const authority = line("ecdsa-sha2-nistp256", curve, point);
  expect(isAuthorityKey(authority)).toBe(true);
  expect(isAuthorityKey(publicKey)).toBe(true);
  const others = [
    line("ecdsa-sha2-nistp384", Buffer.from("nistp384"), Buffer.alloc(97, 4)),
    line("ecdsa-sha2-nistp256", Buffer.from("nistp384"), point),
    line("ecdsa-sha2-nistp256", curve, Buffer.alloc(64, 4)),
    line("ecdsa-sha2-nistp256", curve, Buffer.alloc(65, 3)),
    line("ecdsa-sha2-nistp256", curve, point, point),
    `cert-authority ${authority}`,
    `${authority}\n${authority}`,
  ];
  expect(others.filter(isAuthorityKey)).toEqual([]);
});
