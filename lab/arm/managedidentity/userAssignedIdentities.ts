/** Microsoft.ManagedIdentity/userAssignedIdentities: what a machine asks for tokens as. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Context } from "../context.ts";
import type { Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { choice, readOnly, tracked } from "../schema.ts";
import { types } from "../typeNames.ts";
import { federatedCredentialsOf } from "./federatedCredentials.ts";

const identityBody = z.strictObject({
  ...tracked,
  properties: z
    .strictObject({
      isolationScope: choice("None", "Regional").optional(),
      ...readOnly("tenantId", "clientId", "principalId"),
    })
    .optional(),
});

type IdentityBody = z.infer<typeof identityBody>;

function prepare({ computed }: Draft<IdentityBody>, { nowMilliseconds }: Context): void {
  computed.entry ??= { clientId: randomUUID(), principalId: randomUUID(), made: nowMilliseconds() };
}

function render(identity: Resource<IdentityBody>, { options }: Context): object {
  const { clientId, principalId } = identity.computed.entry!;
  const properties = { isolationScope: "None", ...identity.body.properties };
  return { properties: { ...properties, tenantId: options.tenantId, principalId, clientId } };
}

/** What is assigned to it stays when it is deleted, and so do references to it; its federated credentials go. */
export const userAssignedIdentities: ResourceType<IdentityBody> = {
  type: types.identity,
  dialect: "identity",
  apiVersions: ["2018-11-30", "2022-01-31-preview", "2023-01-31", "2024-11-30", "2025-05-31-preview"],
  introduced: { "properties.isolationScope": "2024-11-30" },
  location: "regional",
  name: {
    pattern: /^[A-Za-z0-9][\w-]{2,127}$/,
    rule: "3-128 letters, digits, hyphens and underscores, beginning with a letter or digit",
  },
  schema: identityBody,
  asynchronous: false,
  patch: "tags",
  prepare,
  render,
  leaving: (identity, context) => {
    for (const { id } of federatedCredentialsOf(identity, context)) context.store.remove(id);
  },
};
