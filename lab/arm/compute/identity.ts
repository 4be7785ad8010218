/** User-assigned identities of scale sets and machines. */
import { z } from "zod";
import type { Context } from "../context.ts";
import { badRequest } from "../errors.ts";
import { choice, issue, readOnly } from "../schema.ts";

/** Keys are IDs of identities. */
const assigned = z
  .record(
    z.string(),
    z.strictObject({ clientId: z.string().optional(), principalId: z.string().optional() }).nullable(),
  )
  .transform((given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)));

const shape = z.strictObject({
  type: choice("None", "UserAssigned", "SystemAssigned", "SystemAssigned, UserAssigned"),
  userAssignedIdentities: assigned.optional(),
  ...readOnly("principalId", "tenantId"),
});

export type Identity = z.infer<typeof shape>;

/** Those of a machine could be of the system, too; the lab has none. */
export const machineIdentity = shape.superRefine(({ type }, context) => {
  if (type.startsWith("System"))
    issue(context, "NotImplementedByLab", "The lab has no system assigned identities.", ["type"]);
});

export const scaleSetIdentity = shape.superRefine(({ type }, context) => {
  if (!type.startsWith("System")) return;
  const message = `The value '${type}' of parameter 'identity' is not allowed. Allowed values are: UserAssigned, None.`;
  issue(context, "InvalidParameter", message);
});

/** Keys are compared without regard to case: they are kept in lower case. */
export function withLowerKeys(given: Record<string, unknown>): Record<string, unknown> {
  const identity = given["identity"] as { userAssignedIdentities?: Record<string, unknown> } | null | undefined;
  if (!identity?.userAssignedIdentities) return given;
  const entries = Object.entries(identity.userAssignedIdentities).map(
    ([id, value]) => [id.toLowerCase(), value] as const,
  );
  return { ...given, identity: { ...identity, userAssignedIdentities: Object.fromEntries(entries) } };
}

/** Of the identity as it is kept: only what it is, and nothing that belongs to `None`. */
export function keptIdentity(identity: Identity | undefined, { store }: Context): Identity | undefined {
  if (!identity || identity.type === "None") return undefined;
  const { type, userAssignedIdentities = {} } = identity;
  for (const [id, value] of Object.entries(userAssignedIdentities)) {
    const entry = store.live(id)?.computed.entry;
    const isOwn = (["clientId", "principalId"] as const).every(
      (name) => value?.[name] === undefined || value[name] === entry?.[name],
    );
    if (isOwn) continue;
    throw badRequest(
      "InvalidIdentityValues",
      `Invalid value for the identities '${id}'. The 'UserAssignedIdentities' property keys should only be empty json objects, null or the resource exisiting property.`,
    );
  }
  const ids = Object.keys(userAssignedIdentities);
  return { type, userAssignedIdentities: Object.fromEntries(ids.map((id) => [id, {}])) };
}

/** A machine shows what each identity is called in the directory, a Flexible scale set does not. */
export function renderIdentity(identity: Identity, { store }: Context, shown: "ids" | "entries"): object {
  const { type, userAssignedIdentities = {} } = identity;
  const entries = Object.keys(userAssignedIdentities).map((id) => {
    const found = store.get(id);
    const entry = found?.computed.entry;
    const directory = shown === "entries" && entry;
    return [found?.id ?? id, directory ? { principalId: entry.principalId, clientId: entry.clientId } : {}] as const;
  });
  return { type, userAssignedIdentities: Object.fromEntries(entries) };
}
