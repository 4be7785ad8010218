/**
 * Tokens for a machine's identities.
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
import type { MachineBody } from "../compute/machineSchema.ts";
import type { Context } from "../context.ts";
import type { Answer } from "../http.ts";
import { keysOf } from "../login/keys.ts";
import { olderIssuer, signToken } from "../login/token.ts";
import type { Resource } from "../resource.ts";
import type { Store } from "../store.ts";

/** Oldest first. */
const tokenVersions: readonly string[] = ["2018-02-01", "2019-08-01", "2019-11-01", "2020-06-01", "2021-02-01"];

/** A day, as Azure's. */
const lifetimeSeconds = 24 * 3600;

export const refusedToken = (error: string, description: string): Answer => ({
  status: 400,
  body: { error, error_description: description },
});

const invalid = (description: string): Answer => refusedToken("invalid_request", description);

/** Those that the machine has and that still exist. */
const identitiesOf = (machine: Resource<MachineBody>, store: Store): Resource[] =>
  Object.keys(machine.body.identity?.userAssignedIdentities ?? {}).flatMap((id) => store.live(id) ?? []);

/** What a query may choose an identity by. */
const choices: Record<string, (identity: Resource) => string> = {
  client_id: ({ computed }) => computed.entry!.clientId,
  object_id: ({ computed }) => computed.entry!.principalId,
  msi_res_id: ({ id }) => id,
  mi_res_id: ({ id }) => id,
};

export async function answerToken(
  machine: Resource<MachineBody>,
  query: URLSearchParams,
  context: Context,
): Promise<Answer> {
  const { store, options } = context;
  const version = query.get("api-version");
  if (version === null) return invalid("Required query variable 'api-version' is missing");
  if (!tokenVersions.includes(version)) return invalid(`The api-version '${version}' is not supported`);
  const resource = query.get("resource");
  if (!resource) return invalid("Required query variable 'resource' is missing");
  const wanted = Object.entries(choices).filter(([name]) => query.has(name));
  const found = identitiesOf(machine, store).filter((identity) =>
    wanted.every(([name, of]) => of(identity).toLowerCase() === query.get(name)!.toLowerCase()),
  );
  const [identity] = found;
  if (!identity) return invalid("Identity not found");
  if (found.length > 1)
    return invalid(
      "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request",
    );
  const subject = identity.computed.entry!;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const grant = { audience: resource, issuer: olderIssuer(options), subject, resourceId: identity.id };
  return {
    status: 200,
    body: {
      access_token: await signToken({ ...grant, nowSeconds, lifetimeSeconds }, options, keysOf(store)),
      client_id: subject.clientId,
      expires_in: String(lifetimeSeconds),
      expires_on: String(nowSeconds + lifetimeSeconds),
      ext_expires_in: String(lifetimeSeconds),
      not_before: String(nowSeconds),
      refresh_token: "",
      resource,
      token_type: "Bearer",
    },
  };
}
