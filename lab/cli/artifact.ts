/** `bin/lab artifact`: `bin/artifact` at the lab's Azure, from where administrators are. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { stackStore } from "../../delivery/artifacts/account.ts";
import { container } from "../../delivery/artifacts/release.ts";
import { resourceName } from "../../environment/names.ts";
import { deployer, rightsSeconds } from "../deployer.ts";
import { asAdministrator } from "../fabric/internet.ts";
import { root } from "../paths.ts";
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
  const { subscriptionId, clientId, credential, options } = deployer();
  const { roleAssignments } = new AuthorizationManagementClient(credential, subscriptionId, options);
  // The client writes the slash at its beginning.
  const subscription = `subscriptions/${subscriptionId}`;
  const group = `${subscription}/resourceGroups/${resourceName("resourceGroup", stack)}`;
  const containers = `${group}/providers/Microsoft.Storage/storageAccounts/${account}/blobServices/default/containers`;
  try {
    await roleAssignments.create(`${containers}/${container}`, randomUUID(), {
      principalId: clientId,
      principalType: "ServicePrincipal",
      roleDefinitionId: `/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${contributor}`,
    });
  } catch (error) {
    if ((error as { code?: string }).code === "RoleAssignmentExists") return;
    throw error;
  }
  console.error(
    `bin/lab: who deploys may write artifacts of stack ${stack} from now on; in effect in ${rightsSeconds} s`,
  );
  await pause(rightsSeconds * 1000);
}
