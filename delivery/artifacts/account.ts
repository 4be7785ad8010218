/** Where the artifacts of a stack are, and a login there: from its file, without Pulumi. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { ContainerClient } from "@azure/storage-blob";
import { z } from "zod";
import { endpointsOf } from "../../azure/arm.ts";
import { credentialOf, type Ask } from "../../azure/credential.ts";
import { blobService, cloudOf, cloudSchema, type Cloud } from "../../environment/cloud.ts";
import { settingsInFile } from "../../environment/fromFile.ts";
import { accountName } from "../../environment/names.ts";
import { container } from "./release.ts";

/** What a stack's file says of it. */
export interface StackStore {
  /** Name of the environment, for example `development`. */
  environment: string;
  account: string;
  /** Names of its tiers, with those of their applications. */
  tiers: Record<string, string[]>;
  /** Applications of its tiers. */
  applications: string[];
  cloud: Cloud;
  /** Settings of the provider, `azure-native:<name>`, and its variables. */
  ask: Ask;
}

const environmentSchema = z.object({
  name: z.string(),
  domain: z.string(),
  storage: z.object({ name: z.string().optional() }).optional(),
  tiers: z.record(z.string(), z.object({ applications: z.array(z.object({ name: z.string() })).optional() })),
});

/**
 * Reads what the file of a stack says of its store.
 *
 * @param project Folder of the stack files.
 * @throws Error that names the file.
 */
export async function stackStore(
  project: string,
  stack: string,
  variables: NodeJS.ProcessEnv = process.env,
): Promise<StackStore> {
  const file = join(project, `Pulumi.${stack}.yaml`);
  await access(file).catch((cause: unknown) => {
    throw new Error(`--stack: given ${stack}, which has no file ${file}`, { cause });
  });
  const settings = settingsInFile(file, stack);
  const found = environmentSchema.safeParse(settings.platform("environment"));
  if (!found.success)
    throw new Error(
      `${file}: platform:environment lacks what says where artifacts are\n${z.prettifyError(found.error)}`,
    );
  const { name, domain, storage } = found.data;
  const tiers = Object.fromEntries(
    Object.entries(found.data.tiers).map(([tier, { applications = [] }]) => [
      tier,
      applications.map((one) => one.name),
    ]),
  );
  const ask: Ask = (setting, variable) => settings.provider(setting) || variables[variable] || undefined;
  return {
    environment: name,
    account: storage?.name ?? accountName.default(stack, domain),
    tiers,
    applications: Object.values(tiers).flat(),
    cloud: cloudOf(
      cloudSchema.parse(ask("environment", "ARM_ENVIRONMENT") ?? variables["AZURE_ENVIRONMENT"]),
      ask("metadataHost", "ARM_METADATA_HOSTNAME"),
    ),
    ask,
  };
}

/** An application of a stack, as commands are told of it. */
export interface Where {
  stack: string;
  name: string;
}

/**
 * The store of an application, and a login there.
 *
 * @throws Error where the stack file names no such application.
 */
export async function storeOf({ stack, name }: Where): Promise<StackStore & { container: ContainerClient }> {
  const found = await stackStore(process.env["PLATFORM_PROJECT"] ?? process.cwd(), stack);
  if (!found.applications.includes(name))
    throw new Error(
      `--name: given ${name}, allowed is an application of a tier in Pulumi.${stack}.yaml: ` +
        (found.applications.join(", ") || "there is none"),
    );
  return { ...found, container: await containerOf(found) };
}

/** A client of the stack's container of artifacts. */
export async function containerOf(stack: StackStore): Promise<ContainerClient> {
  const endpoints = await endpointsOf(stack.cloud);
  const credential = await credentialOf(stack.ask, stack.cloud, endpoints);
  return new ContainerClient(`${blobService(stack.account, endpoints)}/${container}`, credential, {
    retryOptions: { maxTries: 4, tryTimeoutInMs: 300_000 },
  });
}
