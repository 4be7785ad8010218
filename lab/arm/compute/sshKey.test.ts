import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { disallowedAdmins } from "./adminNames.ts";
import { isSshKey } from "./sshKey.ts";

/** The parts of a key's blob, each behind its length. */
const blobOf = (...parts: (string | Buffer)[]): string =>
  Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  ).toString("base64");

function rsaKey(bits: number): string {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const { n = "", e = "" } = publicKey.export({ format: "jwk" });
  const positive = Buffer.concat([Buffer.from([0]), Buffer.from(n, "base64url")]);
  return blobOf("ssh-rsa", Buffer.from(e, "base64url"), positive);
}

test("RSA keys have 2048 bits or more", () => {
  expect(isSshKey(`ssh-rsa ${rsaKey(2048)} somebody@host\n`)).toBe(true);
  expect(isSshKey(`ssh-rsa ${rsaKey(1024)}`)).toBe(false);
});

test("Ed25519 keys have 32 bytes", () => {
  expect(isSshKey(`ssh-ed25519 ${blobOf("ssh-ed25519", Buffer.alloc(32, 1))}`)).toBe(true);
  expect(isSshKey(`ssh-ed25519 ${blobOf("ssh-ed25519", Buffer.alloc(31, 1))}`)).toBe(false);
});

test.each([
  ["a type that is not the blob's", `ssh-rsa ${blobOf("ssh-ed25519", Buffer.alloc(32, 1))}`],
  ["a blob that ends early", `ssh-rsa ${rsaKey(2048).slice(0, 200)}`],
  ["a blob with more behind it", `ssh-ed25519 ${blobOf("ssh-ed25519", Buffer.alloc(32, 1), "more")}`],
  ["a type that Azure does not take", `ssh-dss ${blobOf("ssh-dss", "x")}`],
  ["no blob", "ssh-ed25519"],
  ["base64 that is nothing", "ssh-ed25519 AAAA"],
])("%s is no key", (_, line) => {
  expect(isSshKey(line)).toBe(false);
});

test("the names that Azure refuses are those of the SDK's reference", () => {
  const models = join(
    import.meta.dirname,
    "../../../node_modules/@azure/arm-compute/dist/esm/models/compute/models.d.ts",
  );
  const [, listed = ""] = /\*\*Disallowed values:\*\* ([^.]*)\.[^/]*\*\/\s*adminUsername\?/.exec(
    readFileSync(models, "utf8"),
  )!;
  expect([...listed.matchAll(/"([^"]+)"/g)].map(([, name]) => name).sort()).toEqual([...disallowedAdmins].sort());
});
