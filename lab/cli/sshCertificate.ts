/** `bin/lab ssh-certificate`: `bin/ssh-certificate` at the lab's Azure. */
import { parseArgs } from "node:util";
import { principals } from "../../environment/principals.ts";
import { authorityFile } from "../administratorKey.ts";
import { asAdministrator } from "../fabric/internet.ts";
import { writeAtomically } from "../files.ts";
import { askAzure } from "./askAzure.ts";
import type { Overlay } from "./pulumi.ts";

/** Those of `bin/ssh-certificate` that say what is asked for, or are followed by a value. */
const options = {
  help: { type: "boolean", short: "h" },
  for: { type: "string" },
  minutes: { type: "string" },
  out: { type: "string" },
  signer: { type: "string", multiple: true },
} as const;

/**
 * Runs it with arguments of its own. The public key of an authority that it prints is kept, so that the stack's next `up`
 * puts it to use.
 *
 * @param before Words before the command. Default: those that enter the lab's Internet, where vaults have their names.
 * @returns Its exit status.
 */
export function sshCertificate(args: string[], overlay: Overlay, before: readonly string[] = asAdministrator): number {
  const { values, positionals } = parseArgs({ args, options, strict: false, allowPositionals: true });
  const asksForAuthority = positionals[0] === "authority" && !values.help;
  const { status, output } = askAzure("ssh-certificate", args, overlay, { before, keep: asksForAuthority });
  process.stdout.write(output);
  const principal = principals.find((one) => one === values.for);
  if (asksForAuthority && status === 0 && principal) writeAtomically(authorityFile(overlay.stack, principal), output);
  return status;
}
