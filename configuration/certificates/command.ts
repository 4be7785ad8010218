/** `bin/ssh-certificate`: a key for SSH that lasts some minutes, with a certificate that the vault of a stack signs. */
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { connectAs } from "../../azure/arm.ts";
import type { Entry } from "../../azure/credential.ts";
import { resourceId } from "../../azure/resourceIds.ts";
import { isGuid } from "../../environment/guid.ts";
import { resourceName } from "../../environment/names.ts";
import type { Plan } from "../../environment/plan.ts";
import { principals, type Principal } from "../../environment/principals.ts";
import { vaultUri } from "../../inventory/vaultAccess.ts";
import { paths } from "../paths.ts";
import { ansible, configFileHelp, loginHelp, openStack } from "../stack.ts";
import { checkAuthority, writeCertificate } from "./issue.ts";
import { allowSigner, defineSigner, signerRole } from "./signers.ts";
import { keyName, makeKey, vaultAuthority, type Asking } from "./vaultKey.ts";

const mostMinutes = 60;
const users = principals.join("|");

const help = `Usage: bin/ssh-certificate [--for ${users}] [--minutes N] [--agent] --out DIR <stack>
       bin/ssh-certificate authority --for ${users} [--signer OBJECT-ID]... <stack>

The first makes a new key for SSH, with a certificate that the machines of the stack accept for some minutes, and a
configuration by which ssh uses both, through the jump host too:
  ssh -F DIR/ssh_config <machine>
The certificate is signed by a key in the stack's vault, whose private part never leaves it: ${keyName("deploy")} or
${keyName("administrator")}. Machines trust each for its own user, by platform:administrators.authorities of the
stack's file.

  --for USER      deploy: deployments (default); administrator: the user of platform:administrators
  --minutes N     how long a connection can be begun with it, 1 to ${mostMinutes} (10); one that stands is not ended. It counts from
                  a minute before, since clocks of machines may be behind
  --agent         the private key goes into the ssh-agent that runs (SSH_AUTH_SOCK), for as many minutes, and into no file
                  of DIR
  --out DIR       where id_ed25519, id_ed25519.pub, id_ed25519-cert.pub and ssh_config are written: made for you alone, or
                  one of yours in which nobody else may write
  ${configFileHelp}

The second prints an authority's public key, as the stack's file has it, and makes the key first where it is not there:
  pulumi config set --stack <stack> --path 'platform:administrators.authorities.deploy[0]' \\
    "$(bin/ssh-certificate authority --for deploy <stack>)"

  --signer ID     a user, group or service principal, by its object ID, or "me", who may sign with this key from now on; to
                  print the public key takes the same right

${loginHelp}
The vault answers the addresses in platform:administrators.ranges only. To sign takes ${signerRole.name} on the key;
to make the key Contributor; to say who signs Role Based Access Control Administrator, and where nobody has defined that
role yet Owner or User Access Administrator of the subscription.

Exit status: 0 done; 1 refused or failed; 2 wrong use.`;

class WrongUse extends Error {}

const options = {
  help: { type: "boolean", short: "h", default: false },
  for: { type: "string" },
  minutes: { type: "string" },
  agent: { type: "boolean" },
  out: { type: "string" },
  signer: { type: "string", multiple: true },
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
  const stacks = asksForAuthority ? positionals.slice(1) : positionals;
  const [stack] = stacks;
  if (stack === undefined || stacks.length > 1) throw new WrongUse(`given ${stacks.length} stacks, allowed is one`);
  const [how, other] = asksForAuthority ? ["with", "without"] : ["without", "with"];
  for (const name of asksForAuthority ? (["minutes", "agent", "out"] as const) : (["signer"] as const))
    if (values[name] !== undefined) throw new WrongUse(`--${name}: given ${how} authority, allowed ${other} it`);
  // Whom an authority serves is said, never guessed.
  const wanted = values.for ?? (asksForAuthority ? "nothing" : "deploy");
  const principal = principals.find((one) => one === wanted);
  if (principal === undefined) throw new WrongUse(`--for: given ${wanted}, allowed are ${principals.join(", ")}`);
  if (asksForAuthority) return printAuthority(stack, principal, values.signer ?? [], values["config-file"]);
  const { out, agent = false, minutes: given = "10" } = values;
  const minutes = Number(given);
  if (!/^\d+$/.test(given) || minutes < 1 || minutes > mostMinutes)
    throw new WrongUse(`--minutes: given ${given}, allowed is a whole number from 1 to ${mostMinutes}`);
  if (out === undefined) throw new WrongUse("--out: given nothing, allowed is a directory");
  if (agent && !process.env["SSH_AUTH_SOCK"])
    throw new WrongUse('--agent: given no SSH_AUTH_SOCK, allowed with an agent that runs: eval "$(ssh-agent)"');

  const { settings, entry } = await openStack(stack, values["config-file"]);
  const { plan } = settings.planWith(new Map());
  const trusted = plan.administrators.authorities?.[principal];
  const authority = await authorityOf(entry, plan, principal, { trusted });
  checkAuthority(authority, principal, plan);
  const until = await writeCertificate(resolve(out), { principal, minutes, agent, plan, authority, ansible });
  const machines = join(ansible, paths(stack).sshConfig);
  if (!existsSync(machines))
    tell(`no ${relative(process.cwd(), machines)} names the machines yet: bin/inventory ${stack}`);
  console.log(`ssh -F ${join(out, "ssh_config")} <machine>   # until ${until.toISOString()}`);
}

const authorityOf = (
  { credential, endpoints: { vaultSuffix } }: Entry,
  { vault }: Plan,
  principal: Principal,
  options: Asking,
) =>
  vaultAuthority(credential, vaultUri(vault.name, vaultSuffix), vaultSuffix, principal, { ...options, progress: tell });

/** How long a new role, principal or right is waited for: https://learn.microsoft.com/azure/role-based-access-control/troubleshooting */
const rightSeconds = 600;

async function printAuthority(
  stack: string,
  principal: Principal,
  signers: readonly string[],
  file: string | undefined,
): Promise<void> {
  for (const signer of signers)
    if (signer !== "me" && !isGuid(signer))
      throw new WrongUse(
        `--signer: given ${signer}, allowed is an object ID such as 12338af0-0e69-4776-bea7-57ae8d297424, or me`,
      );
  const { settings, entry } = await openStack(stack, file);
  const { plan } = settings.planWith(new Map());
  const connection = await connectAs(entry);
  const resourceGroupName = resourceName("resourceGroup", stack);
  const inputs = { resourceGroupName, vaultName: plan.vault.name };
  const vaultId = resourceId("azure-native:keyvault:Vault", inputs, entry.subscriptionId) ?? "";
  const keyId = `${vaultId}/keys/${keyName(principal)}`;
  await makeKey(connection, keyId);
  if (signers.length > 0) {
    const role = await defineSigner(connection, keyId);
    for (const signer of signers) {
      const principalId = signer === "me" ? await ownId(entry) : signer;
      await allowSigner(connection, keyId, principalId, role, { waitSeconds: rightSeconds, progress: tell });
      tell(`${principalId} may sign by ${keyName(principal)}`);
    }
  }
  // A right of others only is none that will count here.
  const waitSeconds = signers.includes("me") ? rightSeconds : 0;
  const { publicKey } = await authorityOf(entry, plan, principal, { waitSeconds });
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
