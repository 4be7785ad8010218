/** Operating system part of a machine's or scale set's model. */
import { z } from "zod";
import { choice, ignored, issue, none } from "../schema.ts";
import { isDisallowedAdmin } from "./adminNames.ts";
import { isSshKey } from "./sshKey.ts";

/** Azure's limit on custom data, after decoding. */
const customDataLimit = 65_535;

const sshKey = z.strictObject({ path: z.string().optional(), keyData: z.string() });

const linuxConfiguration = z.strictObject({
  disablePasswordAuthentication: z.boolean().optional(),
  ssh: z.strictObject({ publicKeys: z.array(sshKey).optional() }).optional(),
  provisionVMAgent: z.boolean().optional(),
  enableVMAgentPlatformUpdates: ignored,
  patchSettings: z
    .strictObject({
      patchMode: choice("ImageDefault", "AutomaticByPlatform").optional(),
      assessmentMode: choice("ImageDefault", "AutomaticByPlatform").optional(),
      automaticByPlatformSettings: z.unknown().optional(),
    })
    .optional(),
});

const shared = {
  adminUsername: z.string().optional(),
  adminPassword: z.string().optional(),
  customData: z.string().optional(),
  linuxConfiguration: linuxConfiguration.optional(),
  windowsConfiguration: z.null("The lab has no Windows").optional(),
  secrets: none("Key Vault"),
  allowExtensionOperations: z.boolean().optional(),
  requireGuestProvisionSignal: ignored,
};

const scaleSetShape = z.strictObject({ computerNamePrefix: z.string().optional(), ...shared });
const machineShape = z.strictObject({ computerName: z.string().optional(), ...shared });

type Profile = {
  adminUsername?: string;
  adminPassword?: string;
  customData?: string;
  linuxConfiguration?: z.infer<typeof linuxConfiguration>;
};

function check(profile: Profile, context: z.RefinementCtx): void {
  const { adminUsername, adminPassword, customData, linuxConfiguration: linux } = profile;
  if (!adminUsername)
    issue(context, "InvalidParameter", "Required parameter 'adminUsername' is missing (null).", ["adminUsername"]);
  else if (isDisallowedAdmin(adminUsername)) {
    issue(
      context,
      "InvalidParameter",
      `The Admin Username specified is not allowed: '${adminUsername}' is a reserved name.`,
      ["adminUsername"],
    );
  } else if (!/^[a-z_][a-z0-9_-]{0,63}$/.test(adminUsername)) {
    issue(
      context,
      "InvalidParameter",
      `The Admin Username '${adminUsername}' is not valid on Linux: lower-case letters, digits, underscores and hyphens, 1-64 characters, not beginning with a digit or hyphen.`,
      ["adminUsername"],
    );
  }
  const keys = linux?.ssh?.publicKeys ?? [];
  if (!adminPassword && keys.length === 0) {
    issue(
      context,
      "InvalidParameter",
      "Authentication using either SSH or by user name and password must be enabled in Linux profile.",
      ["linuxConfiguration"],
    );
  }
  for (const [index, key] of keys.entries()) {
    const path = ["linuxConfiguration", "ssh", "publicKeys", index] as (string | number)[];
    const expected = `/home/${adminUsername}/.ssh/authorized_keys`;
    if (key.path !== undefined && key.path !== expected) {
      issue(
        context,
        "InvalidParameter",
        `Destination path for SSH public keys is currently limited to its default value ${expected} due to a known issue in Linux provisioning agent.`,
        [...path, "path"],
      );
    }
    if (!isSshKey(key.keyData)) {
      issue(
        context,
        "InvalidParameter",
        "The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid. (An OpenSSH public key on one line: ssh-rsa of 2048 bits or more, or ssh-ed25519.)",
        [...path, "keyData"],
      );
    }
  }
  if (customData !== undefined && !isBase64(customData)) {
    issue(
      context,
      "InvalidParameter",
      "Custom data in OSProfile must be in Base64 encoding and with a maximum length of 87380 characters.",
      ["customData"],
    );
  } else if (customData !== undefined && Buffer.from(customData, "base64").length > customDataLimit) {
    issue(
      context,
      "InvalidParameter",
      `Custom data in OSProfile must be in Base64 encoding and with a maximum length of 87380 characters: ${customDataLimit} bytes after decoding (given: ${Buffer.from(customData, "base64").length}).`,
      ["customData"],
    );
  }
}

const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0;

export const scaleSetOsProfile = scaleSetShape.superRefine((profile, context) => {
  check(profile, context);
  const { computerNamePrefix } = profile;
  if (!computerNamePrefix)
    issue(context, "InvalidParameter", "Required parameter 'computerNamePrefix' is missing (null).", [
      "computerNamePrefix",
    ]);
  else if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,56}[A-Za-z0-9-])?$/.test(computerNamePrefix)) {
    issue(
      context,
      "InvalidParameter",
      `Linux computer name prefix cannot exceed 58 characters in length or contain other characters than letters, digits and hyphens (given: '${computerNamePrefix}').`,
      ["computerNamePrefix"],
    );
  }
});

export const machineOsProfile = machineShape.superRefine(check);

/** As GET answers it: without custom data and passwords. */
export const renderOsProfile = (profile: Profile): object => ({
  allowExtensionOperations: true,
  requireGuestProvisionSignal: true,
  secrets: [],
  ...profile,
  customData: undefined,
  adminPassword: undefined,
});
