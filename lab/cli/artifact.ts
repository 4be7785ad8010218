/** `bin/lab artifact`: `bin/artifact` at the lab's Azure, from where administrators are. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { ClientSecretCredential } from "@azure/identity";
import { stackStore } from "../../delivery/artifacts/account.ts";
import { resourceName } from "../../environment/names.ts";
import { authority } from "../authority.ts";
import { credentials } from "../credentials.ts";
import { asAdministrator } from "../fabric/internet.ts";
import { root } from "../paths.ts";
import { armPort, secondsPerMinute } from "../settings.ts";
import { prepare, projectDir, stackNamed } from "./pulumi.ts";

/** Storage Blob Data Contributor: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage */
const contributor = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";

const program = join(root, "delivery", "artifacts", "main.ts");

/** Its own help, which needs no lab. */
export function artifactHelp(args: string[]): void {
  spawnSync(process.execPath, [program, ...(args.length === 0 ? ["--help"] : args)], { stdio: "inherit" });
}

/** Runs it with arguments of its own; resolves to its exit status. */
export async function artifact(args: string[]): Promise<number> {
  const stack = stackNamed(args);
  const env = { ...prepare(stack), PLATFORM_PROJECT: projectDir };
  if (stack !== undefined) await mayWrite(stack);
  const [first = "", ...before] = asAdministrator;
  return spawnSync(first, [...before, process.execPath, program, ...args], { stdio: "inherit", env }).status ?? 1;
}

/** Gives the lab's deployer the role that docs/azure.md asks for, and waits until it is in effect. */
async function mayWrite(stack: string): Promise<void> {
  const { account } = await stackStore(projectDir, stack);
  const { tenantId, clientId, clientSecret, subscriptionId } = credentials();
  const endpoint = `https://127.0.0.1:${armPort}`;
  const tlsOptions = { ca: readFileSync(authority().caFile, "utf8") };
  const login = { authorityHost: endpoint, disableInstanceDiscovery: true, tlsOptions };
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, login);
  const { roleAssignments } = new AuthorizationManagementClient(credential, subscriptionId, {
    endpoint,
    tlsOptions,
    credentialScopes: [`${endpoint}/.default`],
  });
  const subscription = `/subscriptions/${subscriptionId}`;
  const group = `${subscription}/resourceGroups/${resourceName("resourceGroup", stack)}`;
  // The client writes the slash at its beginning.
  const scope = `${group.slice(1)}/providers/Microsoft.Storage/storageAccounts/${account}/blobServices/default/containers/artifacts`;
  const hash = createHash("sha256").update(scope).digest("hex");
  const name = hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
  const there = await roleAssignments.get(scope, name).then(
    () => true,
    (error: { statusCode?: number }) => {
      if (error.statusCode === 404) return false;
      throw error;
    },
  );
  if (there) return;
  await roleAssignments.create(scope, name, {
    principalId: clientId,
    principalType: "ServicePrincipal",
    roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${contributor}`,
  });
  const seconds = 3 * secondsPerMinute + 2;
  console.error(`bin/lab: who deploys may write artifacts of stack ${stack} from now on; in effect in ${seconds} s`);
  await pause(seconds * 1000);
}
