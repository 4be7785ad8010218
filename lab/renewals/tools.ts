/** What the suite does with the lab, and asks of it. */
import type { Clock } from "../chaos/clock.ts";
import type { Load, LoadPlan } from "../chaos/load.ts";
import type { Service } from "./plan.ts";

export interface Proxy {
  name: string;
  address: string;
  /** Network namespace of the machine. */
  namespace: string;
}

/** What a proxy answers a handshake for a host, asked directly. */
export interface Served {
  host: string;
  /** Serial number of the certificate; absent where clients refuse what it has. */
  serial?: string;
  /** Why they do. */
  trouble?: string;
}

export interface Tools {
  clock: Clock;
  say(message: string): void;
  /** Takes a service away, or brings it back. */
  set(service: Service, isAway: boolean): void;
  /** Whether connections to a service are refused, as clients see it. */
  isAway(service: Service): Promise<boolean>;
  /** Has a certificate ordered for the host, whatever it has; returns when the vault has it. */
  reissue(host: string): Promise<void>;
  /** Serial number of the certificate that the vault has. */
  serial(host: string): Promise<string>;
  /** How many certificates for the host were written into the vault since an instant. */
  written(host: string, since: number): Promise<number>;
  /** How many orders for the host the authority has taken since an instant. */
  ordered(host: string, since: number): number;
  /** Names of all proxies, and those to which load balancers send connections. */
  proxies(): Promise<{ names: string[]; inRotation: Proxy[] }>;
  served(proxy: Proxy, host: string): Promise<Served>;
  /** One proxy more. */
  grow(): Promise<void>;
  /** Deletes a proxy; returns when it is leaving. */
  remove(proxy: Proxy): Promise<void>;
  /** As many proxies as the stack file says. */
  settle(): Promise<void>;
  /**
   * Removes a proxy's certificates and what its program remembers.
   *
   * @returns seconds until the certificates were there again; undefined where they were not in time.
   */
  wipe(proxy: Proxy, hosts: readonly string[], withinSeconds: number): Promise<number | undefined>;
  load(plan: LoadPlan, directory: string): Load;
}

/** One of them, by a share of their number. */
export function chosen(proxies: readonly Proxy[], choice: number): Proxy {
  const proxy = proxies[Math.floor(choice * proxies.length)];
  if (!proxy) throw new Error("no proxy is in rotation");
  return proxy;
}
