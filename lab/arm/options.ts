/** What a start of the ARM server is given. */
import type { MissingHealth, VaultState } from "../liveSettings.ts";
import type { MachineEffects } from "../world.ts";

export interface ArmOptions {
  /** Where `arm.db` and `arm.log` are kept. */
  stateDir: string;
  port: number;
  /** Address to listen on; 127.0.0.1 by default. */
  host?: string;
  /** PEM. */
  tls: { key: string; cert: string };
  clientId: string;
  clientSecret: string;
  tenantId: string;
  subscriptionId: string;
  effects: MachineEffects;
  /** Told what the lab does by itself. */
  log?: (message: string) => void;
  /** Public addresses handed out; 198.51.100.32 to .191 by default. */
  publicAddresses?: { first: string; last: string };
  /** Length of every scale set's grace period of automatic repairs; asked each time. */
  repairGraceSeconds: () => number;
  /** What a member whose health nobody reports is for automatic repairs; asked each time. */
  missingHealth: () => MissingHealth;
  /** Length of a minute of Azure's other waits: of terminate notices, autoscale, and a repair's patience. */
  secondsPerMinute: number;
  /** Time after which a new role assignment counts, and a new identity is known; three of those minutes by default. */
  rightsSeconds?: number;
  /** Unix socket on which requests to Azure's services are answered: Resource Manager, vaults, storage. */
  servicesSocket?: string;
  /** What is wrong with all key vaults; asked each time. */
  vaultState?: () => VaultState;
  /** Unix socket on which machines' metadata requests are answered. Absent: there is no metadata service. */
  metadataSocket?: string;
  /** Milliseconds since 1970, for what must wait; the host's clock by default. */
  nowMilliseconds?: () => number;
}
