/** A stack as commands without Pulumi know it: its settings, and the login to its cloud. */
import { dirname, join } from "node:path";
import { logInWithout, type Entry } from "../azure/credential.ts";
import { settingsInFile } from "../environment/fromFile.ts";
import { checkSettings, stackFile, type CheckedSettings } from "../environment/settings.ts";

/** Directory of the project. */
export const project = join(import.meta.dirname, "..");

/** Path of the directory `ansible/`. */
export const ansible = join(project, "ansible");

/** The option by which a command reads another file, as Pulumi's of the same name. */
export const configFileHelp = `--config-file FILE   the stack's settings, in place of Pulumi.<stack>.yaml`;

/** What of the login is shared by commands, for help texts. */
export const loginHelp = `Azure is asked as Pulumi's provider asks it: by azure-native:* of the stack's file, else ARM_SUBSCRIPTION_ID with
ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET, or ARM_USE_OIDC=true and ARM_OIDC_TOKEN(_FILE_PATH), or
ARM_USE_MSI=true, else as the Azure CLI is signed in (az login). A failure says which login it was.`;

/**
 * Reads a stack's settings and logs in to its cloud.
 *
 * @param file The stack's file, where it is another than the project's.
 * @throws Error that names what is wrong, StackError where it is in the file.
 */
export async function openStack(
  stack: string,
  file: string = join(project, stackFile(stack)),
): Promise<{ settings: CheckedSettings; entry: Entry }> {
  const given = settingsInFile(file, stack);
  const settings = checkSettings(given, ansible, project, dirname(file));
  return { settings, entry: await logInWithout(given.provider, settings.cloud) };
}
