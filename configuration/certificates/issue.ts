/** A new key with its certificate, and the configuration by which ssh uses both. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { Plan } from "../../environment/plan.ts";
import type { Principal } from "../../environment/principals.ts";
import { withoutComment } from "../../environment/sshKey.ts";
import { paths } from "../paths.ts";
import { certify, type Authority } from "./certificate.ts";

const execute = promisify(execFile);

/** Machines would refuse what another key has signed, and say no more than that access is denied. */
export function checkAuthority(
  { publicKey }: Authority,
  principal: Principal,
  { stack, administrators: { authorities } }: Wanted["plan"],
): void {
  const trusted = authorities?.[principal] ?? [];
  if (trusted.map(withoutComment).includes(publicKey)) return;
  const setting = `platform:administrators.authorities.${principal}`;
  throw new Error(
    `${setting}: given ${trusted.join(", ") || "(nothing)"}, by which machines refuse what the vault signs; ` +
      "allowed with the vault's own key. Add it, and run pulumi up:\n" +
      `  pulumi config set --stack ${stack} --path '${setting}[${trusted.length}]' '${publicKey}'`,
  );
}

/** What a certificate is for. */
export interface Wanted {
  principal: Principal;
  minutes: number;
  /** Whether the private key goes into ssh-agent, and into no file that stays. */
  agent: boolean;
  plan: Pick<Plan, "stack" | "administrators">;
  authority: Authority;
  /** Path of the directory `ansible/`. */
  ansible: string;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Clocks of machines may be behind. */
const toleranceSeconds = 60;

/**
 * Writes key, certificate and configuration, all of them or none.
 *
 * @param out Absolute path of a directory, which is made for this user alone where it is not there.
 * @returns Until when the certificate counts.
 */
export async function writeCertificate(out: string, wanted: Wanted): Promise<Date> {
  if (!lstatSync(out, { throwIfNoEntry: false })) mkdirSync(out, { recursive: true, mode: 0o700 });
  checkDirectory(out);
  const made = mkdtempSync(join(out, ".new-"));
  const clean = () => rmSync(made, { recursive: true, force: true });
  // No private key stays where somebody ends the command while the vault is asked.
  const end = () => process.exit(1);
  process.once("exit", clean);
  for (const signal of signals) process.once(signal, end);
  try {
    const key = join(made, "id_ed25519");
    const until = await makeCertificate(key, wanted);
    writeFileSync(join(made, "ssh_config"), sshConfig(join(out, "id_ed25519"), wanted));
    const names = [key, `${key}.pub`, `${key}-cert.pub`, join(made, "ssh_config")];
    if (wanted.agent) {
      await intoAgent(key, wanted.minutes);
      // Not one of before either, beside a certificate that is not its own.
      rmSync(join(out, basename(key)), { force: true });
      names.shift();
    }
    for (const name of names) renameSync(name, join(out, basename(name)));
    return until;
  } finally {
    clean();
    process.off("exit", clean);
    for (const signal of signals) process.off(signal, end);
  }
}

/** In a directory of somebody else the private key would be in that one's hands, and so would be what SSH is told. */
function checkDirectory(out: string): void {
  const { uid, mode } = lstatSync(out);
  const isDirectory = (mode & 0o170000) === 0o040000;
  if (isDirectory && uid === process.getuid?.() && (mode & 0o022) === 0) return;
  const given = isDirectory ? `a directory of user ${uid} with mode ${(mode & 0o7777).toString(8)}` : "no directory";
  throw new Error(
    `--out: given ${out}, ${given}; allowed is a directory that is not there yet, or one of your own in which nobody ` +
      "else may write",
  );
}

/** Makes a key, and a certificate beside it. */
async function makeCertificate(key: string, { principal, minutes, authority }: Wanted): Promise<Date> {
  const keyId = bearer();
  await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", keyId, "-f", key]);
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
  return new Date(validBefore * 1000);
}

/** Has the agent take the key with the certificate beside it, and forget both when the time is over. */
async function intoAgent(key: string, minutes: number): Promise<void> {
  try {
    await execute("ssh-add", ["-q", "-t", `${minutes * 60}`, key]);
  } catch (cause) {
    const { stderr } = cause as { stderr?: string };
    throw new Error(`--agent: ssh-add failed at SSH_AUTH_SOCK=${process.env["SSH_AUTH_SOCK"]}: ${stderr?.trim()}`, {
      cause,
    });
  }
}

/** Who has the certificate and why. A variable may hold anything, and a log's line must not seem to say more than one thing. */
function bearer(): string {
  const said = process.env["CI_JOB_URL"] || `${userInfo().username}@${hostname()}`;
  return said.replace(/[^!-~]/g, "_").slice(0, 200);
}

/** SSH takes the first value that it meets: the machines are those of the inventory, the user and the key are these. */
function sshConfig(key: string, { principal, agent, plan: { stack, administrators }, ansible }: Wanted): string {
  return [
    `# Written by bin/ssh-certificate for stack ${stack}.`,
    "Host *",
    `  User ${principal === "deploy" ? "deploy" : administrators.user}`,
    // By the public key SSH finds the private one in the agent, and offers no other.
    `  IdentityFile "${key}${agent ? ".pub" : ""}"`,
    `  CertificateFile "${key}-cert.pub"`,
    "  IdentitiesOnly yes",
    `Include "${join(ansible, paths(stack).sshConfig)}"`,
    "",
  ].join("\n");
}
