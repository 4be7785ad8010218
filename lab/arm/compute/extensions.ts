/** Extensions that the lab runs: Application Health and Custom Script. */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import type { HealthProbe, Script } from "../../world.ts";
import { ArmError, badRequest, notInLab } from "../errors.ts";
import { envelope, readOnly } from "../schema.ts";

const extensionProperties = z.strictObject({
  publisher: z.string(),
  type: z.string(),
  typeHandlerVersion: z.string().regex(/^\d+\.\d+$/, "A version is major.minor, for example 2.1"),
  autoUpgradeMinorVersion: z.boolean().optional(),
  enableAutomaticUpgrade: z.boolean().optional(),
  forceUpdateTag: z.string().optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  protectedSettings: z.record(z.string(), z.unknown()).optional(),
  protectedSettingsFromKeyVault: z.null("The lab has no Key Vault").optional(),
  provisionAfterExtensions: z.array(z.string()).optional(),
  suppressFailures: z.boolean().optional(),
  ...readOnly("instanceView", "provisioningState"),
});

export const extensionList = z.array(
  z.strictObject({ ...envelope, name: z.string(), properties: extensionProperties }),
);

export type Extension = { name: string; properties: z.infer<typeof extensionProperties> };

const isType = (extension: Extension, publisher: string, type: string): boolean =>
  extension.properties.publisher.toLowerCase() === publisher.toLowerCase() &&
  extension.properties.type.toLowerCase() === type.toLowerCase();

export const isHealth = (extension: Extension): boolean =>
  isType(extension, "Microsoft.ManagedServices", "ApplicationHealthLinux");
export const isScript = (extension: Extension): boolean =>
  isType(extension, "Microsoft.Azure.Extensions", "CustomScript");

const port = z.int().min(1, "A port is 1-65535").max(65535, "A port is 1-65535");
const healthSettings = z
  .strictObject({
    protocol: z.enum(["http", "https", "tcp"], "protocol is http, https or tcp"),
    port: port.optional(),
    requestPath: z.string().optional(),
    intervalInSeconds: z.int().min(5, "intervalInSeconds is 5-60").max(60, "intervalInSeconds is 5-60").optional(),
    numberOfProbes: z.int().min(1, "numberOfProbes is 1-24").max(24, "numberOfProbes is 1-24").optional(),
    gracePeriod: z
      .int()
      .min(5, "gracePeriod is 5-14400 seconds")
      .max(14400, "gracePeriod is 5-14400 seconds")
      .optional(),
  })
  .superRefine((given, context) => {
    if (given.protocol === "tcp" && given.port === undefined)
      context.addIssue({ code: "custom", message: "protocol tcp needs a port" });
    if (given.protocol === "tcp" && given.requestPath !== undefined)
      context.addIssue({ code: "custom", message: "protocol tcp has no requestPath" });
    if (given.protocol !== "tcp" && given.requestPath === undefined)
      context.addIssue({ code: "custom", message: `protocol ${given.protocol} needs a requestPath` });
  });

const scriptSettings = z.strictObject({
  commandToExecute: z.string().optional(),
  script: z.string().optional(),
  fileUris: z.array(z.string()).optional(),
  skipDos2Unix: z.boolean().optional(),
  timestamp: z.int().optional(),
});

/** Refuses what the extension's handler in the machine would refuse. */
export function checkExtensions(extensions: readonly Extension[], location: string): void {
  const names = extensions.map((extension) => extension.name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw badRequest("InvalidParameter", `The extension name '${twice}' is used more than once.`, "extensionProfile");
  for (const extension of extensions) {
    const { publisher, type, provisionAfterExtensions } = extension.properties;
    const missing = provisionAfterExtensions?.find((name) => !names.includes(name.toLowerCase()));
    if (missing !== undefined) {
      throw badRequest(
        "InvalidParameter",
        `Extension '${extension.name}' is to be provisioned after '${missing}', which is not in the profile.`,
        "provisionAfterExtensions",
      );
    }
    if (isHealth(extension)) healthOf([extension]);
    else if (isScript(extension)) commandOf(extension);
    else if (/^microsoft/i.test(publisher))
      throw notInLab(
        `the extension ${publisher}/${type} (it runs Microsoft.ManagedServices/ApplicationHealthLinux and Microsoft.Azure.Extensions/CustomScript)`,
      );
    else
      throw new ArmError(
        404,
        "ArtifactNotFound",
        `The VM extension with publisher '${publisher}' and type '${type}' could not be found in location '${location}'.`,
      );
  }
  const circle = extensions.find((extension) => waitsFor(extension, extension.name, extensions));
  if (circle)
    throw badRequest(
      "InvalidParameter",
      `Extension '${circle.name}' is to be provisioned after itself: provisionAfterExtensions go in a circle.`,
      "provisionAfterExtensions",
    );
}

/** Whether an extension is provisioned after the named one, directly or through others. */
function waitsFor(extension: Extension, name: string, all: readonly Extension[], seen: Extension[] = []): boolean {
  if (seen.includes(extension)) return false;
  const before = (extension.properties.provisionAfterExtensions ?? []).map((one) => one.toLowerCase());
  return (
    before.includes(name.toLowerCase()) ||
    all
      .filter((one) => before.includes(one.name.toLowerCase()))
      .some((one) => waitsFor(one, name, all, [...seen, extension]))
  );
}

function settingsError(extension: Extension, message: string): Error {
  return badRequest(
    "InvalidParameter",
    `The settings of extension '${extension.name}' (${extension.properties.type}) are invalid: ${message}.`,
    "settings",
  );
}

/** The machine's health probe, from its Application Health extension. */
export function healthOf(extensions: readonly Extension[]): HealthProbe | undefined {
  const extension = extensions.find(isHealth);
  if (!extension) return undefined;
  const { typeHandlerVersion } = extension.properties;
  if (!["1.0", "2.0"].includes(typeHandlerVersion))
    throw settingsError(extension, `typeHandlerVersion is 1.0 or 2.0, not ${typeHandlerVersion}`);
  const parsed = healthSettings.safeParse(extension.properties.settings ?? {});
  if (!parsed.success) throw settingsError(extension, parsed.error.issues.map((one) => one.message).join("; "));
  const { protocol, requestPath, intervalInSeconds = 5, numberOfProbes = 1, gracePeriod } = parsed.data;
  const standard = protocol === "https" ? 443 : 80;
  return {
    protocol,
    port: parsed.data.port ?? standard,
    ...(requestPath !== undefined && { path: requestPath.startsWith("/") ? requestPath : `/${requestPath}` }),
    interval: intervalInSeconds,
    probes: numberOfProbes,
    grace: gracePeriod ?? intervalInSeconds * numberOfProbes,
    rich: typeHandlerVersion === "2.0",
  };
}

/** The Custom Script extensions of a machine, in the order in which they run. */
export function scriptsOf(machineId: string, extensions: readonly Extension[]): Script[] {
  return inOrder(extensions.filter(isScript)).map((extension) => ({
    id: `${machineId}/extensions/${extension.name}`.toLowerCase(),
    sequence: sequenceOf(extension),
    command: commandOf(extension),
  }));
}

/** Changes when the extension must run again. */
function sequenceOf({ properties }: Extension): string {
  const { settings, protectedSettings, forceUpdateTag } = properties;
  return createHash("sha256")
    .update(JSON.stringify([settings, protectedSettings, forceUpdateTag]))
    .digest("hex")
    .slice(0, 12);
}

function inOrder(extensions: Extension[]): Extension[] {
  const done: Extension[] = [];
  const add = (extension: Extension): void => {
    if (done.includes(extension)) return;
    for (const name of extension.properties.provisionAfterExtensions ?? []) {
      const before = extensions.find((other) => other !== extension && other.name.toLowerCase() === name.toLowerCase());
      if (before && !before.properties.provisionAfterExtensions?.includes(extension.name)) add(before);
    }
    done.push(extension);
  };
  for (const extension of extensions) add(extension);
  return done;
}

/** What a Custom Script extension runs, as one shell command. */
function commandOf(extension: Extension): string {
  const parts = [extension.properties.settings ?? {}, extension.properties.protectedSettings ?? {}].map((part) =>
    scriptSettings.safeParse(part),
  );
  for (const part of parts) {
    if (!part.success) throw settingsError(extension, part.error.issues.map((one) => one.message).join("; "));
  }
  const [settings, secret] = parts.map((part) => part.data!);
  const commands = [settings!.commandToExecute, secret!.commandToExecute].filter((one) => one !== undefined);
  const scripts = [settings!.script, secret!.script].filter((one) => one !== undefined);
  if (commands.length + scripts.length !== 1) {
    throw settingsError(
      extension,
      "exactly one of commandToExecute and script is needed, in settings or in protectedSettings",
    );
  }
  if ((settings!.fileUris ?? secret!.fileUris ?? []).length > 0)
    throw notInLab("fileUris of the Custom Script extension (a machine in the lab reaches package registries only)");
  if (commands[0] !== undefined) return commands[0];
  // The extension takes a script as Base64, plain or compressed with gzip.
  const bytes = Buffer.from(scripts[0]!, "base64");
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = (isGzip ? unzipped(bytes, extension) : bytes).toString("base64");
  // As a file, so that the script's own first line chooses its interpreter.
  return `f=$(mktemp) && echo ${text} | base64 -d > "$f" && chmod 700 "$f" && "$f"; status=$?; rm -f "$f"; exit $status`;
}

function unzipped(bytes: Buffer, extension: Extension): Buffer {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw settingsError(extension, `script cannot be decompressed: ${(error as Error).message}`);
  }
}

/** GET never answers protected settings. */
export const withoutProtected = <T extends Extension>(extension: T): T => ({
  ...extension,
  properties: { ...extension.properties, protectedSettings: undefined },
});
