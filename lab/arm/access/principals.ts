/** Those to whom tokens are issued: the deployer, and the user-assigned identities. */
import type { JWTPayload } from "jose";
import type { Context, StoreContext } from "../context.ts";
import type { ArmOptions } from "../options.ts";
import type { DirectoryEntry, Resource } from "../resource.ts";
import { types } from "../typeNames.ts";

/** The object ID of whoever the verified token was issued to. */
export const principalOf = (claims: JWTPayload): string => String(claims["oid"]);

/** Owner of the subscription, as far as `bin/lab limits` denies it nothing; of the data in it, only what it is assigned. */
export const isDeployer = (principalId: string, { clientId }: Pick<ArmOptions, "clientId">): boolean =>
  principalId.toLowerCase() === clientId.toLowerCase();

/** What the directory has of a principal; the deployer was always there. */
export function entryOf(principalId: string, { store, options }: Context): DirectoryEntry | undefined {
  if (isDeployer(principalId, options)) return { clientId: options.clientId, principalId: options.clientId, made: 0 };
  const entries = store.ofType(types.identity).flatMap(({ computed }) => computed.entry ?? []);
  return entries.find((entry) => entry.principalId.toLowerCase() === principalId.toLowerCase());
}

/** The user-assigned identity that logs in with this client ID. */
export const identityOf = (clientId: string, { store }: StoreContext): Resource | undefined =>
  store
    .ofType(types.identity)
    .find(({ computed }) => computed.entry!.clientId.toLowerCase() === clientId.toLowerCase());

/** Time in which the directory's other places, and those that judge rights, learn of something new. */
export const rightsSeconds = ({ rightsSeconds: given, secondsPerMinute }: ArmOptions): number =>
  given ?? 3 * secondsPerMinute;

/** Whether what was made then is known everywhere by now. */
export const isKnown = (made: number, { options, nowMilliseconds }: Context): boolean =>
  nowMilliseconds() - made >= rightsSeconds(options) * 1000;
