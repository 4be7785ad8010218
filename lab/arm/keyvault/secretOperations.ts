/** What can be asked of a vault's secrets: the right that each request needs, and its answer. */
import { z } from "zod";
import type { Context } from "../context.ts";
import { ArmError, badRequest } from "../errors.ts";
import type { Answer, Request } from "../http.ts";
import type { Resource } from "../resource.ts";
import { secretAttributes } from "./secrets.ts";
import {
  changeVersion,
  deletedSecretNamed,
  deletedSecretsOf,
  deleteSecret,
  latestOf,
  putVersion,
  recoverSecret,
  secretName,
  secretNamed,
  secretsOf,
  secretUri,
  type GivenSecret,
  type Secret,
  type Version,
} from "./secretVersions.ts";
import { purgeTime } from "./softDelete.ts";
import { vaultOrigin } from "./vaults.ts";
import type { VaultBody } from "./vaultSchema.ts";

type Vault = Resource<VaultBody>;

export interface SecretOperation {
  /** As roles name it. */
  action: string;
  /** The secret's; without it the operation is one on the vault. */
  name?: string;
  answer(vault: Vault, context: Context): Answer;
}

export const badParameter = (message: string): ArmError => badRequest("BadParameter", message);

/** Bytes of a value. */
const largestValueBytes = 25 * 1024;

const largestPage = 25;

/** The operation that the request asks for. */
export function operationOf(request: Request): SecretOperation {
  const { method, segments, query } = request;
  const [collection = "", name, third, ...more] = segments;
  const part = `${method} ${collection.toLowerCase()}`;
  const on = (verb: string, answer: SecretOperation["answer"]): SecretOperation => ({
    action: `Microsoft.KeyVault/vaults/secrets/${verb}`,
    ...(name !== undefined && { name }),
    answer,
  });
  const page = (vault: Vault, items: object[]): Answer => paged(vault, items, segments.join("/"), query);
  if (name !== undefined && !secretName.pattern.test(name))
    throw badParameter(`The request URI contains an invalid name: ${name}`);
  if (more.length === 0 && name === undefined) {
    if (part === "GET secrets")
      return on("readMetadata/action", (vault, context) =>
        page(
          vault,
          secretsOf(vault, context).map((one) => itemOf(vault, one)),
        ),
      );
    if (part === "GET deletedsecrets")
      return on("readMetadata/action", (vault, context) =>
        page(
          vault,
          deletedSecretsOf(vault, context).map((one) => ({ ...deletionOf(vault, one), ...itemOf(vault, one) })),
        ),
      );
  } else if (more.length === 0 && name !== undefined) {
    switch (third === undefined ? part : `${part} ${isVersion(third) ? "version" : third.toLowerCase()}`) {
      case "PUT secrets":
        return on("setSecret/action", (vault, context) => {
          const secret = putVersion(vault, name, read<GivenSecret>(setBody, request), context);
          return { status: 200, body: bundleOf(vault, secret, latestOf(secret)) };
        });
      case "GET secrets":
      case "GET secrets version":
        return on("getSecret/action", (vault, context) => {
          const { secret, version } = found(vault, name, third, context);
          if (!version.enabled)
            throw new ArmError(403, "Forbidden", "Operation get is not allowed on a disabled secret.", {
              innererror: { code: "SecretDisabled" },
            });
          return { status: 200, body: bundleOf(vault, secret, version) };
        });
      case "PATCH secrets":
      case "PATCH secrets version":
        return on("update/action", (vault, context) => {
          const { secret, version } = found(vault, name, third, context);
          const changed = changeVersion(
            secret,
            version,
            read<Omit<GivenSecret, "value">>(updateBody, request),
            context,
          );
          return { status: 200, body: metadataOf(vault, secret, changed) };
        });
      case "GET secrets versions":
        return on("readMetadata/action", (vault, context) => {
          const secret = secretNamed(vault, name, context);
          return page(
            vault,
            (secret?.body.versions ?? []).map((version) => metadataOf(vault, secret!, version)),
          );
        });
      case "DELETE secrets":
        return on("delete", (vault, context) => {
          const secret = secretNamed(vault, name, context);
          if (!secret) throw notFound(`Secret not found: ${name}`);
          const deleted = deleteSecret(vault, secret, context);
          return { status: 200, body: { ...deletionOf(vault, deleted), ...metadataOf(vault, deleted) } };
        });
      case "GET deletedsecrets":
        return on("readMetadata/action", (vault, context) => {
          const secret = foundDeleted(vault, name, context);
          return { status: 200, body: { ...deletionOf(vault, secret), ...metadataOf(vault, secret) } };
        });
      case "POST deletedsecrets recover":
        return on("recover/action", (vault, context) => {
          const secret = recoverSecret(foundDeleted(vault, name, context), context);
          return { status: 200, body: metadataOf(vault, secret) };
        });
      case "DELETE deletedsecrets":
        return on("purge/action", (vault, context) => {
          const secret = foundDeleted(vault, name, context);
          if (vault.body.properties.enablePurgeProtection)
            throw new ArmError(
              403,
              "Forbidden",
              'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed.',
            );
          context.store.remove(secret.id);
          return { status: 204 };
        });
    }
  }
  throw new ArmError(
    404,
    "NotImplementedByLab",
    `The lab's vaults have no ${method} ${request.path}: they hold secrets.`,
  );
}

/** Versions have 32 hexadecimal digits; `versions` and `recover` stand at the same place. */
const isVersion = (text: string): boolean => /^[0-9a-f]{32}$/i.test(text);

const described = {
  contentType: z.string().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  attributes: secretAttributes.optional(),
};

const setBody = z.object({
  ...described,
  value: z.string().refine((value) => Buffer.byteLength(value) <= largestValueBytes, "it has more than 25 KB"),
});

const updateBody = z.object(described);

/** Nothing of the body is repeated in the refusal: it may be the secret. */
function read<T>(schema: z.ZodType, { body }: Request): T {
  const result = schema.safeParse(body ?? {});
  if (result.success) return JSON.parse(JSON.stringify(result.data)) as T;
  const [{ path, message }] = result.error.issues as [z.core.$ZodIssue];
  throw badParameter(`The parameter ${path.join(".") || "(body)"} is invalid: ${message}`);
}

const notFound = (message: string): ArmError => new ArmError(404, "SecretNotFound", message);

function found(
  vault: Vault,
  name: string,
  version: string | undefined,
  context: Context,
): { secret: Secret; version: Version } {
  const secret = secretNamed(vault, name, context);
  const one = secret && (version === undefined ? latestOf(secret) : versionNamed(secret, version));
  if (secret && one) return { secret, version: one };
  const named = version === undefined ? name : `${name}/${version}`;
  throw notFound(
    `A secret with (name/id) ${named} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  );
}

const versionNamed = ({ body }: Secret, name: string): Version | undefined =>
  body.versions.find((one) => one.name === name.toLowerCase());

function foundDeleted(vault: Vault, name: string, context: Context): Secret {
  const secret = deletedSecretNamed(vault, name, context);
  if (!secret) throw notFound(`Deleted Secret not found: ${name}`);
  return secret;
}

/** What surrounds a value. `id` names the version, except in lists of secrets. */
function metadataOf(vault: Vault, secret: Secret, version: Version = latestOf(secret)): object {
  const { contentType, tags, enabled, nbf, exp, created, updated } = version;
  const { softDeleteRetentionInDays: days, enablePurgeProtection } = vault.body.properties;
  const level = `${days! < 90 ? "Customized" : ""}Recoverable${enablePurgeProtection ? "" : "+Purgeable"}`;
  return {
    ...(contentType !== undefined && { contentType }),
    id: `${secretUri(vault, secret.name)}/${version.name}`,
    attributes: {
      enabled,
      ...(nbf !== undefined && { nbf }),
      ...(exp !== undefined && { exp }),
      created,
      updated,
      recoveryLevel: level,
      recoverableDays: days,
    },
    ...(tags && { tags }),
  };
}

const bundleOf = (vault: Vault, secret: Secret, version: Version): object => ({
  value: version.value,
  ...metadataOf(vault, secret, version),
});

const itemOf = (vault: Vault, secret: Secret): object => ({
  ...metadataOf(vault, secret),
  id: secretUri(vault, secret.name),
});

function deletionOf(vault: Vault, secret: Secret): object {
  const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
  const { at } = secret.computed.deleted!;
  return {
    recoveryId: `${vaultOrigin(vault)}/deletedsecrets/${secret.name}`,
    deletedDate: seconds(at),
    scheduledPurgeDate: seconds(purgeTime(at, vault.body.properties.softDeleteRetentionInDays!)),
  };
}

/** A page of a list, with a link to the next one. */
function paged(vault: Vault, items: object[], path: string, query: URLSearchParams): Answer {
  const given = query.get("maxresults");
  const most = given === null ? largestPage : Number(given);
  if (!Number.isInteger(most) || most < 1 || most > largestPage)
    throw badParameter(`The value '${given}' of maxresults is not between 1 and ${largestPage}.`);
  const from = Number(query.get("$skiptoken") ?? 0);
  const next = new URLSearchParams(query);
  next.set("$skiptoken", String(from + most));
  const isLast = from + most >= items.length;
  const nextLink = isLast ? null : `${vaultOrigin(vault)}:443/${path}?${next.toString()}`;
  return { status: 200, body: { value: items.slice(from, from + most), nextLink } };
}
