/** Secrets as a vault answers them. */
import type { Answer } from "../http.ts";
import type { Resource } from "../resource.ts";
import { badParameter } from "./refusals.ts";
import { latestOf, secretUri, type Secret, type Version } from "./secretVersions.ts";
import { purgeTime } from "./softDelete.ts";
import { recoveryLevelOf, vaultOrigin } from "./vaults.ts";
import type { VaultBody } from "./vaultSchema.ts";

type Vault = Resource<VaultBody>;

/** What surrounds a value. */
export function metadataOf(vault: Vault, secret: Secret, version: Version = latestOf(secret)): object {
  const { contentType, tags, enabled, nbf, exp, created, updated } = version;
  return {
    ...(contentType !== undefined && { contentType }),
    id: `${secretUri(vault, secret.name)}/${version.name}`,
    attributes: {
      enabled,
      ...(nbf !== undefined && { nbf }),
      ...(exp !== undefined && { exp }),
      created,
      updated,
      recoveryLevel: recoveryLevelOf(vault),
      recoverableDays: vault.body.properties.softDeleteRetentionInDays,
    },
    ...(tags && { tags }),
  };
}

export const bundleOf = (vault: Vault, secret: Secret, version: Version): object => ({
  value: version.value,
  ...metadataOf(vault, secret, version),
});

/** In a list of secrets, of which `id` names no version. */
export const itemOf = (vault: Vault, secret: Secret): object => ({
  ...metadataOf(vault, secret),
  id: secretUri(vault, secret.name),
});

/** What is told of a deleted secret besides. */
export function deletionOf(vault: Vault, secret: Secret): object {
  const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);
  const { at } = secret.computed.deleted!;
  return {
    recoveryId: `${vaultOrigin(vault)}/deletedsecrets/${secret.name}`,
    deletedDate: seconds(at),
    scheduledPurgeDate: seconds(purgeTime(at, vault.body.properties.softDeleteRetentionInDays!)),
  };
}

const largestPage = 25;

/** A page of a list, with a link to the next one. */
export function paged(vault: Vault, items: object[], segments: string[], query: URLSearchParams): Answer {
  const given = query.get("maxresults");
  const most = given === null ? largestPage : Number(given);
  if (!Number.isInteger(most) || most < 1 || most > largestPage)
    throw badParameter(`The value '${given}' of maxresults is not between 1 and ${largestPage}.`);
  const from = Number(query.get("$skiptoken") ?? 0);
  const next = new URLSearchParams(query);
  next.set("$skiptoken", String(from + most));
  const isLast = from + most >= items.length;
  const nextLink = isLast ? null : `${vaultOrigin(vault)}:443/${segments.join("/")}?${next.toString()}`;
  return { status: 200, body: { value: items.slice(from, from + most), nextLink } };
}
