/** How many requests a vault answers. */
import type { Context } from "../context.ts";
import { ArmError } from "../errors.ts";
import type { Resource } from "../resource.ts";
import type { Store } from "../store.ts";

/** https://learn.microsoft.com/azure/key-vault/general/service-limits: of secrets, for each vault. */
export const mostTransactions = 4000;
const windowMilliseconds = 10_000;

interface Window {
  began: number;
  count: number;
}

/** A new daemon counts anew. */
const windows = new WeakMap<Store, Map<string, Window>>();

/** Counts a request, unless it is one too many: those do not count. */
export function checkRate(vault: Resource, { store, options, nowMilliseconds }: Context): void {
  const now = nowMilliseconds();
  const ofStore = windows.get(store) ?? new Map<string, Window>();
  windows.set(store, ofStore);
  const last = ofStore.get(vault.guid);
  const window = last && now - last.began < windowMilliseconds ? last : { began: now, count: 0 };
  ofStore.set(vault.guid, window);
  if (options.vaultState?.() === "throttled" || window.count >= mostTransactions)
    throw new ArmError(
      429,
      "Throttled",
      "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached",
    );
  window.count += 1;
}
