/** Changes of the subscription's limits, as `bin/lab limits` asks for them. */
import { z } from "zod";
import {
  everywhere,
  limitsOf,
  limitsSchema,
  newSubscriptionCores,
  putLimits,
  usualLimits,
  withRegistration,
  type Limits,
} from "./limits.ts";
import { endRegistrations } from "./registrations.ts";
import type { Store } from "./store.ts";

const { cores, restrictions, unregistered, denied } = limitsSchema.shape;

/** They are made in this order. */
export const limitChange = z.strictObject({
  /** Back to what holds before anybody sets anything. */
  reset: z.literal(true).optional(),
  /** As many cores as a new pay-as-you-go subscription has. */
  newSubscription: z.literal(true).optional(),
  cores: cores.default([]),
  restrict: restrictions.default([]),
  /** Restrictions that end, whatever their zones are. */
  allow: restrictions.default([]),
  register: unregistered.default([]),
  unregister: unregistered.default([]),
  deny: denied.default([]),
  permit: denied.default([]),
});

export type LimitChange = z.input<typeof limitChange>;

/** The change, or an error that tells everything that is wrong with it. */
export function readLimitChange(given: unknown): z.infer<typeof limitChange> {
  const result = limitChange.safeParse(given);
  if (result.success) return result.data;
  throw new Error(
    result.error.issues.map(({ path, message }) => `${String(path[0] ?? "limits")}: ${message}`).join("\n"),
  );
}

/** Stores what follows from the change. */
export function changeLimits(store: Store, given: unknown): Limits {
  const change = readLimitChange(given);
  const changed = applied(change.reset ? usualLimits : limitsOf(store), change);
  store.transaction(() => {
    putLimits(store, changed);
    endRegistrations(store);
  });
  return changed;
}

function applied(before: Limits, change: z.infer<typeof limitChange>): Limits {
  const { newSubscription, restrict, allow, register, unregister, deny, permit } = change;
  const isSame = (one: { region: string; size: string }, other: { region: string; size: string }): boolean =>
    one.size === other.size && (other.region === everywhere || one.region === other.region);
  const kept = before.restrictions.filter((one) => ![...restrict, ...allow].some((other) => isSame(one, other)));
  const numbers = [
    ...(newSubscription ? [{ region: everywhere, limit: newSubscriptionCores }] : before.cores),
    ...change.cores,
  ];
  const registered = register.reduce((limits, name) => withRegistration(limits, name, true), before);
  const { unregistered } = unregister.reduce((limits, name) => withRegistration(limits, name, false), registered);
  const permitted = permit.map((action) => action.toLowerCase());
  return {
    cores: numbers.filter(
      (one, index) =>
        !numbers.slice(index + 1).some(({ region, family }) => one.region === region && one.family === family),
    ),
    restrictions: [...kept, ...restrict],
    unregistered,
    denied: [...new Set([...before.denied, ...deny])].filter((action) => !permitted.includes(action.toLowerCase())),
  };
}
