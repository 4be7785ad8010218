/** What can be asked of a vault's secrets: the right that each request needs, and its answer. */
import { z } from "zod";
import type { Context } from "../context.ts";
import { ArmError } from "../errors.ts";
import type { Answer, Request } from "../http.ts";
import type { Resource } from "../resource.ts";
import { badParameter, forbidden, secretNotFound } from "./refusals.ts";
import { bundleOf, deletionOf, itemOf, metadataOf, paged } from "./secretAnswers.ts";
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
  type GivenSecret,
  type Secret,
  type Version,
} from "./secretVersions.ts";
import { isVersion, type VaultOperation } from "./vaultOperation.ts";
import type { VaultBody } from "./vaultSchema.ts";

interface Asked {
  vault: Resource<VaultBody>;
  /** Of the secret; empty where the vault is asked. */
  name: string;
  /** Of the version; the latest one where it is absent. */
  version?: string;
  request: Request;
  context: Context;
}

interface Operation {
  /** Of the data action that it needs. */
  verb: string;
  answer(asked: Asked): Answer;
}

const ok = (body: object): Answer => ({ status: 200, body });

const page = ({ vault, request }: Asked, items: object[]): Answer =>
  paged(vault, items, request.segments, request.query);

function get(asked: Asked): Answer {
  const { secret, version } = found(asked);
  if (!version.enabled) throw forbidden("Operation get is not allowed on a disabled secret.", "SecretDisabled");
  return ok(bundleOf(asked.vault, secret, version));
}

function set({ vault, name, request, context }: Asked): Answer {
  const secret = putVersion(vault, name, read<GivenSecret>(setBody, request), context);
  return ok(bundleOf(vault, secret, latestOf(secret)));
}

function update(asked: Asked): Answer {
  const { secret, version } = found(asked);
  const change = read<Omit<GivenSecret, "value">>(updateBody, asked.request);
  return ok(metadataOf(asked.vault, secret, changeVersion(secret, version, change, asked.context)));
}

function listVersions(asked: Asked): Answer {
  const { vault, name, context } = asked;
  const secret = secretNamed(vault, name, context);
  const versions = secret?.body.versions ?? [];
  return page(
    asked,
    versions.map((version) => metadataOf(vault, secret!, version)),
  );
}

function remove({ vault, name, context }: Asked): Answer {
  const secret = secretNamed(vault, name, context);
  if (!secret) throw secretNotFound(`Secret not found: ${name}`);
  return ok(describeDeleted(vault, deleteSecret(vault, secret, context)));
}

function purge(asked: Asked): Answer {
  const secret = foundDeleted(asked);
  if (asked.vault.body.properties.enablePurgeProtection)
    throw forbidden(
      'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed.',
    );
  asked.context.store.remove(secret.id);
  return { status: 204 };
}

const describeDeleted = (vault: Resource<VaultBody>, secret: Secret): object => ({
  ...deletionOf(vault, secret),
  ...metadataOf(vault, secret),
});

const operations: Record<string, Operation> = {
  "GET secrets": {
    verb: "readMetadata/action",
    answer: (asked) =>
      page(
        asked,
        secretsOf(asked.vault, asked.context).map((one) => itemOf(asked.vault, one)),
      ),
  },
  "GET deletedsecrets": {
    verb: "readMetadata/action",
    answer: (asked) =>
      page(
        asked,
        deletedSecretsOf(asked.vault, asked.context).map((one) => ({
          ...deletionOf(asked.vault, one),
          ...itemOf(asked.vault, one),
        })),
      ),
  },
  "PUT secrets/{name}": { verb: "setSecret/action", answer: set },
  "GET secrets/{name}": { verb: "getSecret/action", answer: get },
  "GET secrets/{name}/{version}": { verb: "getSecret/action", answer: get },
  "PATCH secrets/{name}": { verb: "update/action", answer: update },
  "PATCH secrets/{name}/{version}": { verb: "update/action", answer: update },
  "GET secrets/{name}/versions": { verb: "readMetadata/action", answer: listVersions },
  "DELETE secrets/{name}": { verb: "delete", answer: remove },
  "GET deletedsecrets/{name}": {
    verb: "readMetadata/action",
    answer: (asked) => ok(describeDeleted(asked.vault, foundDeleted(asked))),
  },
  "POST deletedsecrets/{name}/recover": {
    verb: "recover/action",
    answer: (asked) => ok(metadataOf(asked.vault, recoverSecret(foundDeleted(asked), asked.context))),
  },
  "DELETE deletedsecrets/{name}": { verb: "purge/action", answer: purge },
};

/** The operation that the request asks for. */
export function secretOperationOf(request: Request): VaultOperation {
  const { method, segments, path } = request;
  const [collection = "", name = "", third = "", ...more] = segments;
  const version = isVersion(third) ? third.toLowerCase() : undefined;
  const parts = [collection.toLowerCase(), name && "{name}", version ? "{version}" : third.toLowerCase(), ...more];
  const operation = operations[`${method} ${parts.filter((part) => part !== "").join("/")}`];
  if (!operation)
    throw new ArmError(
      404,
      "NotImplementedByLab",
      `The lab's vaults hold secrets and keys, and have no ${method} ${path}.`,
    );
  if (name !== "" && !secretName.pattern.test(name))
    throw badParameter(`The request URI contains an invalid name: ${name}`);
  return {
    action: `Microsoft.KeyVault/vaults/secrets/${operation.verb}`,
    object: name === "" ? "" : `secrets/${name}`,
    answer: (vault, context) =>
      operation.answer({ vault, name, request, context, ...(version !== undefined && { version }) }),
  };
}

/** Bytes of a value. */
const largestValueBytes = 25 * 1024;

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

function found({ vault, name, version, context }: Asked): { secret: Secret; version: Version } {
  const secret = secretNamed(vault, name, context);
  const one = version === undefined ? secret && latestOf(secret) : versionNamed(secret, version);
  if (secret && one) return { secret, version: one };
  const named = version === undefined ? name : `${name}/${version}`;
  throw secretNotFound(
    `A secret with (name/id) ${named} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
  );
}

const versionNamed = (secret: Secret | undefined, name: string): Version | undefined =>
  secret?.body.versions.find((one) => one.name === name);

function foundDeleted({ vault, name, context }: Asked): Secret {
  const secret = deletedSecretNamed(vault, name, context);
  if (!secret) throw secretNotFound(`Deleted Secret not found: ${name}`);
  return secret;
}
