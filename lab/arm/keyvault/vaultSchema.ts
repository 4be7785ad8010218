/** What a vault's PUT may hold. */
import { z } from "zod";
import { parseBlock, blockOf, overlaps } from "../addresses.ts";
import { checked, choice, issue, lacking, range, readOnly, tracked } from "../schema.ts";

const vaultRule = "BadRequest";

/** Of private networks: what comes from there is met by `virtualNetworkRules`. */
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(blockOf);

/** An address or a block, answered as a block. */
const ipRule = z.string().transform((given, context) => {
  const text = given.includes("/") ? given : `${given}/32`;
  const block = parseBlock(text);
  if (block && !privateRanges.some((range) => overlaps(block, range))) return text;
  issue(context, vaultRule, `The value '${given}' of an IP rule is no public IPv4 address or CIDR block.`);
  return z.NEVER;
});

const networkAcls = z.strictObject({
  bypass: choice("AzureServices", "None").default("AzureServices"),
  defaultAction: choice("Allow", "Deny").default("Allow"),
  ipRules: z
    .array(z.strictObject({ value: ipRule }))
    .max(1000)
    .default([]),
  virtualNetworkRules: z
    .array(z.strictObject({ id: z.string(), ignoreMissingVnetServiceEndpoint: z.boolean().optional() }))
    .max(200)
    .default([]),
});

/** Kept and answered; the lab judges by role assignments. */
const accessPolicy = z.strictObject({
  tenantId: z.string(),
  objectId: z.string(),
  applicationId: z.string().optional(),
  permissions: z.record(z.string(), z.array(z.string())),
});

/** What was set once for ever, and is allowed to be left out. */
const irreversible = (name: string, why: string): z.ZodType<boolean | undefined> =>
  z
    .boolean()
    .nullish()
    .transform((value, context) => {
      if (value === false) issue(context, vaultRule, `The property "${name}" cannot be set to false. ${why}`);
      return value ?? undefined;
    });

export const vaultBody = z.strictObject({
  ...tracked,
  properties: z.strictObject({
    tenantId: checked(
      (value) => z.guid().safeParse(value).success,
      () => "An invalid value was provided for 'tenantId'.",
    ),
    sku: z.strictObject({ family: choice("A"), name: choice("standard", "premium") }),
    accessPolicies: z.array(accessPolicy).default([]),
    createMode: choice("default", "recover").optional(),
    enabledForDeployment: z.boolean().optional(),
    enabledForDiskEncryption: z.boolean().optional(),
    enabledForTemplateDeployment: z.boolean().optional(),
    enableSoftDelete: irreversible("enableSoftDelete", "Every vault has it."),
    softDeleteRetentionInDays: range(7, 90, vaultRule).optional(),
    enableRbacAuthorization: z.boolean().optional(),
    enablePurgeProtection: irreversible(
      "enablePurgeProtection",
      "Enabling the purge protection for a vault is an irreversible action.",
    ),
    networkAcls: networkAcls.optional(),
    publicNetworkAccess: choice("Enabled", "Disabled").optional(),
    privateEndpointConnections: lacking("private endpoints"),
    ...readOnly("vaultUri", "provisioningState", "hsmPoolResourceId"),
  }),
});

export type VaultBody = z.infer<typeof vaultBody>;
