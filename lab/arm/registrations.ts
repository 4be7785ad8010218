/**
 * Registrations of resource providers and features by a client: each takes a minute, in which it does not count yet.
 * `bin/lab limits` registers at once.
 */
import type { Context } from "./context.ts";
import { limitsOf, putLimits, withRegistration } from "./limits.ts";
import type { Store } from "./store.ts";

export type Registration = "Registered" | "Registering" | "NotRegistered";

/** Minutes that a registration takes. */
const minutes = 1;

const key = "registering";

/** When registrations are done that a client has asked for, by lower-case name; milliseconds since 1970. */
const endsOf = (store: Store): Record<string, number> => store.setting(key, () => ({}));

export function registrationOf(name: string, { store, nowMilliseconds }: Context): Registration {
  const isWanted = !limitsOf(store).unregistered.some((one) => one.toLowerCase() === name.toLowerCase());
  if (!isWanted) return "NotRegistered";
  return nowMilliseconds() < (endsOf(store)[name.toLowerCase()] ?? 0) ? "Registering" : "Registered";
}

export const isRegistered = (name: string, context: Context): boolean => registrationOf(name, context) === "Registered";

/** Begins the registration, or ends it at once. */
export function register(name: string, registered: boolean, { store, options, nowMilliseconds }: Context): void {
  putLimits(store, withRegistration(limitsOf(store), name, registered));
  if (!registered) return;
  const end = nowMilliseconds() + minutes * options.secondsPerMinute * 1000;
  store.putSetting(key, { ...endsOf(store), [name.toLowerCase()]: end });
}

/** What is registered is so from now on. */
export const endRegistrations = (store: Store): void => store.putSetting(key, {});
