/** The SSH key with which an administrator logs in to the lab's machines. */
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
