/** `bin/ssh-certificate`: a key for SSH that lasts some minutes, with a certificate that the vault of a stack signs. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { connectAs } from "../../azure/arm.ts";
import type { Entry } from "../../azure/credential.ts";
import { resourceId } from "../../azure/resourceIds.ts";
import { guidOf } from "../../environment/guid.ts";
import { resourceName } from "../../environment/names.ts";
import type { Plan } from "../../environment/plan.ts";
import { principals } from "../../environment/principals.ts";
import { vaultUri } from "../../inventory/vaultAccess.ts";
import { paths } from "../paths.ts";
import { ansible, configFileHelp, loginHelp, openStack } from "../stack.ts";
import { certify, type Authority } from "./certificate.ts";
import { keyName, makeKey, put, vaultAuthority } from "./vaultKey.ts";

const mostMinutes = 60;

const help = `Usage: bin/ssh-certificate [--for ${principals.join("|")}] [--minutes N] --out DIR <stack>
       bin/ssh-certificate authority [--signer OBJECT-ID]... <stack>

The first makes a new key for SSH in a directory, with a certificate that the machines of the stack accept for some
minutes, and a configuration by which ssh uses both, through the jump host too:
  ssh -F DIR/ssh_config <machine>
The certificate is signed by the key ${keyName} in the stack's vault, whose private part never leaves it. Machines trust
it by platform:administrators.authority of the stack's file.

  --for USER      ${principals[0]}: deployments (default); ${principals[1]}: the user of platform:administrators
  --minutes N     how long a connection can be begun with it, 1 to ${mostMinutes} (10); one that stands is not ended
  --out DIR       where id_ed25519, id_ed25519.pub, id_ed25519-cert.pub and ssh_config are written
  ${configFileHelp}

The second prints the authority's public key, as the stack's file has it, and makes the key first where it is not there:
  pulumi config set --stack <stack> --path platform:administrators.authority "$(bin/ssh-certificate authority <stack>)"

  --signer ID     a user, group or service principal, by its object ID, or "me", who may sign from now on; to print the
                  public key takes the same right

${loginHelp}
The vault answers the addresses in platform:administrators.ranges only. To sign takes Key Vault Crypto User on the key; to
make the key Contributor; to say who signs Role Based Access Control Administrator.

Exit status: 0 done; 1 refused or failed; 2 wrong use.`;

class WrongUse extends Error {}

const options = {
  help: { type: "boolean", short: "h", default: false },
  for: { type: "string", default: principals[0] },
  minutes: { type: "string", default: "10" },
  out: { type: "string" },
  signer: { type: "string", multiple: true, default: [] as string[] },
  "config-file": { type: "string" },
} as const;

function read() {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new WrongUse((error as Error).message, { cause: error });
  }
}

const tell = (text: string) => console.error(`bin/ssh-certificate: ${text}`);

async function main(): Promise<void> {
  const { values, positionals } = read();
  if (values.help) return console.log(help);
  const asksForAuthority = positionals[0] === "authority";
  const [stack, ...more] = asksForAuthority ? positionals.slice(1) : positionals;
  if (stack === undefined || more.length > 0) throw new WrongUse("given no stack, or several; allowed is one");
  if (asksForAuthority) return printAuthority(stack, values.signer, values["config-file"]);
  const principal = principals.find((one) => one === values.for);
  const minutes = Number(values.minutes);
  if (principal === undefined) throw new WrongUse(`--for: given ${values.for}, allowed are ${principals.join(", ")}`);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > mostMinutes)
    throw new WrongUse(`--minutes: given ${values.minutes}, allowed is a whole number from 1 to ${mostMinutes}`);
  if (values.out === undefined) throw new WrongUse("--out: given nothing, allowed is a directory");

  const { settings, entry } = await openStack(stack, values["config-file"]);
  const { plan } = settings.planWith(new Map());
  const authority = await authorityOf(entry, plan);
  checkAuthority(authority, plan);
  const until = await writeCertificate(resolve(values.out), { principal, minutes, plan, authority });
  console.log(`ssh -F ${join(values.out, "ssh_config")} <machine>   # until ${until.toISOString()}`);
}

const authorityOf = ({ credential, endpoints: { vaultSuffix } }: Entry, { vault }: Plan, waitSeconds = 0) =>
  vaultAuthority(credential, vaultUri(vault.name, vaultSuffix), vaultSuffix, { waitSeconds, progress: tell });

/** Machines would refuse what another key has signed, and say no more than that access is denied. */
function checkAuthority({ publicKey }: Authority, { stack, administrators: { authority } }: Plan): void {
  const keyOf = (line: string | undefined) => line?.split(" ").slice(0, 2).join(" ");
  if (keyOf(authority) === publicKey) return;
  throw new Error(
    `platform:administrators.authority: given ${authority ?? "(nothing)"}, by which machines refuse what the vault signs; ` +
      "allowed is the vault's own key. Set it, and run pulumi up:\n" +
      `  pulumi config set --stack ${stack} --path platform:administrators.authority '${publicKey}'`,
  );
}

interface Wanted {
  principal: (typeof principals)[number];
  minutes: number;
  plan: Plan;
  authority: Authority;
}

/** Clocks of machines may be behind. */
const toleranceSeconds = 60;

/** Writes key, certificate and configuration. Returns until when the certificate counts. */
async function writeCertificate(out: string, { principal, minutes, plan, authority }: Wanted): Promise<Date> {
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
  writeFileSync(join(out, "ssh_config"), sshConfig(key, principal, plan));
  return new Date(validBefore * 1000);
}

/** SSH takes the first value that it meets: the machines are those of the inventory, the user and the key are these. */
function sshConfig(key: string, principal: Wanted["principal"], { stack, administrators }: Plan): string {
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

const cryptoUser = "12338af0-0e69-4776-bea7-57ae8d297424";

/** How long a new right is waited for: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting */
const rightSeconds = 600;

async function printAuthority(stack: string, signers: readonly string[], file: string | undefined): Promise<void> {
  const { settings, entry } = await openStack(stack, file);
  const { plan } = settings.planWith(new Map());
  const connection = await connectAs(entry);
  const { subscriptionId } = entry;
  const resourceGroupName = resourceName("resourceGroup", stack);
  const inputs = { resourceGroupName, vaultName: plan.vault.name };
  const vaultId = resourceId("azure-native:keyvault:Vault", inputs, subscriptionId) ?? "";
  await makeKey(connection, vaultId);
  const scope = `${vaultId}/keys/${keyName}`;
  for (const signer of signers) {
    const principalId = signer === "me" ? await ownId(entry) : signer;
    const assignment = `providers/Microsoft.Authorization/roleAssignments/${guidOf(scope, principalId, cryptoUser)}`;
    const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${cryptoUser}`;
    await put(connection.rest, `${scope}/${assignment}`, "2022-04-01", {
      properties: { principalId, roleDefinitionId },
    });
  }
  const { publicKey } = await authorityOf(entry, plan, signers.length > 0 ? rightSeconds : 0);
  console.log(publicKey);
}

/** The object ID of who is logged in. */
async function ownId({ credential, endpoint }: Entry): Promise<string> {
  const { token = "" } = (await credential.getToken(`${endpoint}/.default`)) ?? {};
  const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { oid: string };
  return claims.oid;
}

try {
  await main();
} catch (error) {
  const isWrongUse = error instanceof WrongUse;
  tell(`${(error as Error).message}${isWrongUse ? "\nbin/ssh-certificate --help tells more" : ""}`);
  process.exitCode = isWrongUse ? 2 : 1;
}
