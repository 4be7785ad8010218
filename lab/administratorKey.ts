/** The SSH keys by which administrators log in to the lab's machines: their own, and those of stacks' authorities. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { principals, type Principal } from "../environment/principals.ts";
import { readIfThere } from "./files.ts";
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

/** Where the lab keeps the public key of a stack's authority for a principal, once it has one. */
export const authorityFile = (stack: string, principal: Principal): string =>
  join(stateDir, "ssh", `${stack}.${principal}.pub`);

/** The stack's `platform:administrators.authorities`; undefined where it has none. */
export function authorities(stack: string): Partial<Record<Principal, string[]>> | undefined {
  const found = principals.flatMap((principal) => {
    const key = readIfThere(authorityFile(stack, principal))?.trim();
    return key ? [[principal, [key]] as const] : [];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}
