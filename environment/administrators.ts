/** What a stack file may say of the administrators. */
import { z } from "zod";
import { refusedByAzure, systemAccounts } from "./accounts.ts";
import { overlaps, parseCidr } from "./address.ts";
import type { Principal } from "./principals.ts";
import { isAdministratorKey, isAuthorityKey, withoutComment } from "./sshKey.ts";

const sshKeysText =
  "at least one SSH public key; without one nobody can log in. Set it with\n" +
  "      pulumi config set --path 'platform:administrators.sshKeys[0]' \"$(cat ~/.ssh/id_ed25519.pub)\"";
const rangesText =
  "at least one block from which SSH is allowed. Set it with\n" +
  "      pulumi config set --path 'platform:administrators.ranges[0]' 198.51.100.7/32";

/** Keys of the authorities that sign for a principal: while they change, of the old one and of the new one. */
const authorityKeys = (principal: Principal) =>
  z
    .array(
      z
        .string()
        .refine(isAuthorityKey, {
          error:
            "an SSH public key on one line: ecdsa-sha2-nistp256, ssh-ed25519, or ssh-rsa of 2048 bits or more. " +
            `That of the stack's vault is printed by\n      bin/ssh-certificate authority --for ${principal} <stack>`,
        }),
      { error: `a list of SSH public keys, see bin/ssh-certificate authority --for ${principal} <stack>` },
    )
    .min(1)
    .optional();

/** The value of `platform:administrators`. */
export const administratorsSchema = z.strictObject({
  ranges: z
    .array(
      z
        .string()
        .refine((value) => (parseCidr(value)?.prefix ?? 0) >= 8, {
          error:
            "an IPv4 block of at most 2^24 addresses (/8 to /32) without bits after its prefix, " +
            "for example 198.51.100.0/24 or 198.51.100.7/32",
        }),
      { error: rangesText },
    )
    .min(1, { error: rangesText })
    .refine(
      (blocks) => blocks.every((block, index) => !blocks.slice(0, index).some((other) => overlaps(block, other))),
      { error: "blocks that do not overlap; Azure refuses those in one rule" },
    )
    .describe("Blocks from which SSH to the jump host is allowed"),
  sshKeys: z
    .array(
      z
        .string()
        .refine(isAdministratorKey, {
          error:
            "an SSH public key that Azure takes, on one line: ssh-ed25519, or ssh-rsa of 2048 bits or more; no ECDSA",
        }),
      { error: sshKeysText },
    )
    .min(1, { error: sshKeysText })
    .describe("SSH public keys of the administrators, one line each"),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: "a Linux user name in lower case", abort: true })
    .refine((value) => !refusedByAzure.includes(value), {
      error: `a user name that Azure accepts: other than ${refusedByAzure.join(", ")}`,
      abort: true,
    })
    .refine((value) => !systemAccounts.includes(value), {
      error: `a user name that Debian does not use: other than ${systemAccounts.join(", ")}`,
    })
    .default("platform")
    .describe("Login on every machine. Fixed after creation: machines are born with it"),
  identityFile: z
    .string()
    .min(1)
    .optional()
    .describe("Private key file on the machine that runs pulumi; default: its SSH agent and ~/.ssh/id_*"),
  authorities: z
    .strictObject({ deploy: authorityKeys("deploy"), administrator: authorityKeys("administrator") })
    .refine(
      ({ deploy = [], administrator = [] }) =>
        !deploy.some((line) => administrator.map(withoutComment).includes(withoutComment(line))),
      {
        error:
          "other keys for deploy than for administrator; with one key, who may sign for deployments may administer",
      },
    )
    .optional()
    .describe(
      "SSH public keys of authorities whose certificates machines accept: those of deploy with the principal deploy for " +
        "the user deploy, those of administrator with that principal for this user. Default: none, so that only sshKeys count",
    ),
});

/** The people who may log in, and from where. */
export type Administrators = z.output<typeof administratorsSchema>;
