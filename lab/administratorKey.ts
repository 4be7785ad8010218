/** The SSH keys by which administrators log in to the lab's machines: their own, and those of stacks' authorities. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stateDir } from "./paths.ts";

/** The key, made at the first call; the private key stays on the host. */
export function administratorKey(): { privateKeyFile: string; publicKey: string } {
  const dir = join(stateDir, "ssh");
  const privateKeyFile = join(dir, "id_ed25519");
  if (!existsSync(`${privateKeyFile}.pub`)) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "administrator", "-f", privateKeyFile]);
  }
  return { privateKeyFile, publicKey: readFileSync(`${privateKeyFile}.pub`, "utf8").trim() };
}

/** Where the lab keeps the public key of a stack's authority, `platform:administrators.authority`, once it has one. */
export const authorityFile = (stack: string): string => join(stateDir, "ssh", `${stack}.authority.pub`);
