/** A new key with its certificate, and the configuration by which ssh uses both. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Plan } from "../../environment/plan.ts";
import type { principals } from "../../environment/principals.ts";
import { paths } from "../paths.ts";
import { certify, type Authority } from "./certificate.ts";

/** Machines would refuse what another key has signed, and say no more than that access is denied. */
export function checkAuthority(
  { publicKey }: Authority,
  { stack, administrators: { authority } }: Wanted["plan"],
): void {
  const keyOf = (line: string | undefined) => line?.split(" ").slice(0, 2).join(" ");
  if (keyOf(authority) === publicKey) return;
  throw new Error(
    `platform:administrators.authority: given ${authority ?? "(nothing)"}, by which machines refuse what the vault signs; ` +
      "allowed is the vault's own key. Set it, and run pulumi up:\n" +
      `  pulumi config set --stack ${stack} --path platform:administrators.authority '${publicKey}'`,
  );
}

/** What a certificate is for. */
export interface Wanted {
  principal: (typeof principals)[number];
  minutes: number;
  plan: Pick<Plan, "stack" | "administrators">;
  authority: Authority;
  /** Path of the directory `ansible/`. */
  ansible: string;
}

/** Clocks of machines may be behind. */
const toleranceSeconds = 60;

/**
 * Writes key, certificate and configuration.
 *
 * @param out Absolute path of a directory, which nobody else may read afterwards.
 * @returns Until when the certificate counts.
 */
export async function writeCertificate(out: string, wanted: Wanted): Promise<Date> {
  const { principal, minutes, authority } = wanted;
  mkdirSync(out, { recursive: true, mode: 0o700 });
  chmodSync(out, 0o700);
  const key = join(out, "id_ed25519");
  for (const file of [key, `${key}.pub`, `${key}-cert.pub`]) rmSync(file, { force: true });
  const keyId = process.env["CI_JOB_URL"] ?? `${userInfo().username}@${hostname()}`;
  await promisify(execFile)("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", keyId, "-f", key]);
  const now = Math.floor(Date.now() / 1000);
  const validBefore = now + minutes * 60;
  const certificate = await certify(
    {
      publicKey: readFileSync(`${key}.pub`, "utf8"),
      serial: randomBytes(8).readBigUInt64BE(),
      keyId,
      principals: [principal],
      validAfter: now - toleranceSeconds,
      validBefore,
      nonce: randomBytes(32),
    },
    authority,
  );
  writeFileSync(`${key}-cert.pub`, `${certificate}\n`);
  writeFileSync(join(out, "ssh_config"), sshConfig(key, wanted));
  return new Date(validBefore * 1000);
}

/** SSH takes the first value that it meets: the machines are those of the inventory, the user and the key are these. */
function sshConfig(key: string, { principal, plan: { stack, administrators }, ansible }: Wanted): string {
  return [
    `# Written by bin/ssh-certificate for stack ${stack}.`,
    "Host *",
    `  User ${principal === "deploy" ? "deploy" : administrators.user}`,
    `  IdentityFile "${key}"`,
    `  CertificateFile "${key}-cert.pub"`,
    "  IdentitiesOnly yes",
    `Include "${join(ansible, paths(stack).sshConfig)}"`,
    "",
  ].join("\n");
}
