/** What the functions of a resource type may use. */
import type { WorldStatus } from "../world.ts";
import type { ArmOptions } from "./options.ts";
import type { Store } from "./store.ts";

export interface Context {
  store: Store;
  options: ArmOptions;
  /** The fabric's last report. */
  status: () => WorldStatus | undefined;
  /** Milliseconds since 1970. */
  nowMilliseconds: () => number;
  /** `https://host:port` as the client called it. */
  origin: string;
}

/** Enough for what follows from the stored resources alone. */
export type StoreContext = Pick<Context, "store">;
