/**
 * Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials: an issuer's subject that may log in as the
 * identity. https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
 */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Context, StoreContext } from "../context.ts";
import { badRequest } from "../errors.ts";
import { keyOf, parentOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { envelope } from "../schema.ts";
import { types } from "../typeNames.ts";

export interface FederatedCredential {
  properties: { issuer: string; subject: string; audiences: string[] };
}

/** Of one identity. */
const most = 20;

/** Characters of each value. */
const longest = 600;

const refusal = "BadRequest";

const value = z.string().max(longest);

const credentialBody: z.ZodType<FederatedCredential> = z.strictObject({
  ...envelope,
  properties: z
    .strictObject({ issuer: value.default(""), subject: value.default(""), audiences: z.array(value).default([]) })
    .prefault({}),
});

function check({ issuer, subject, audiences }: FederatedCredential["properties"]): void {
  if (issuer === "" || subject === "" || audiences.length === 0)
    throw badRequest(refusal, "Federated Identity Credential from HTTP body has empty properties");
  if (audiences.length > 1) throw badRequest(refusal, "Federated identity credentials must have exactly one audience.");
  if (!URL.canParse(issuer)) throw badRequest(refusal, `The issuer '${issuer}' is no URL.`);
}

export const federatedCredentialsOf = (identity: Resource, { store }: StoreContext): Resource<FederatedCredential>[] =>
  store.children<FederatedCredential>(identity.id, types.federatedCredential);

function prepare({ id, body, existing, computed }: Draft<FederatedCredential>, context: Context): void {
  check(body.properties);
  const identity = context.store.get(parentOf(id))!;
  const others = federatedCredentialsOf(identity, context).filter((one) => one.key !== keyOf(id));
  const { issuer, subject } = body.properties;
  if (others.some((one) => one.body.properties.issuer === issuer && one.body.properties.subject === subject))
    throw badRequest(refusal, "Issuer and subject combination already exists for this Managed Identity.");
  if (!existing && others.length >= most)
    throw badRequest(
      refusal,
      `The managed identity has ${others.length} federated identity credentials; the maximum is ${most}.`,
    );
  if (!isDeepStrictEqual(existing?.body.properties, body.properties)) computed.written = context.nowMilliseconds();
}

export const federatedCredentials: ResourceType<FederatedCredential> = {
  type: types.federatedCredential,
  dialect: "identity",
  apiVersions: ["2022-01-31-preview", "2023-01-31", "2024-11-30"],
  location: "inherited",
  name: {
    pattern: /^[A-Za-z0-9][\w-]{2,119}$/,
    rule: "3-120 letters, digits, hyphens and underscores, beginning with a letter or digit",
  },
  schema: credentialBody,
  asynchronous: false,
  patch: "none",
  prepare,
  render: ({ body }) => ({ properties: body.properties }),
};
