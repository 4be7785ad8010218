/** What is stored of a resource. Its shape is that of the documents in `arm.db`, which a later lab takes over. */
import type { AzurePool } from "../serviceNames.ts";
import type { ErrorBody } from "./errors.ts";

export type State = "Creating" | "Updating" | "Succeeded" | "Failed" | "Deleting";

/** The part of a resource that a client writes, after validation. */
export interface Body {
  location?: string;
  tags?: Record<string, string>;
  properties?: object;
}

export interface Resource<B extends Body = Body> {
  /** With the letter case of its creation. */
  id: string;
  /** `id` in lower case. */
  key: string;
  /** For example `Microsoft.Network/virtualNetworks`. */
  type: string;
  name: string;
  /** As validated, secrets included; never answered as it is. */
  body: B;
  /** What the lab decided: allocated addresses, power, generation ... */
  computed: Computed;
  state: State;
  /** Why the state is Failed. */
  error?: ErrorBody;
  /** Of the store at the last change. */
  revision: number;
  etag: string;
  guid: string;
  /** ISO 8601. */
  created: string;
  /** Order of creation. */
  order: number;
}

export interface Computed {
  /** Of a storage account: its two keys, Base64, and when each was made, ISO 8601. */
  keys?: { value: string; made: string }[];
  /** Of a public DNS zone: the name servers that Azure has given it. */
  pool?: AzurePool;
  /** Public address. */
  address?: string;
  /** Private addresses by IP configuration or front-end name. */
  addresses?: Record<string, string>;
  /** Virtual machine of a network interface, as a resource ID. */
  machineId?: string;
  powered?: boolean;
  /** Switched off, and given back what it ran on. */
  deallocated?: boolean;
  generation?: number;
  /** When the last change was complete, ISO 8601. */
  changed?: string;
  /** Of a machine: its terminate notice, when it was deleted with one. */
  notice?: Notice;
  /** Of a scale set: what became of its automatic repairs. */
  repairs?: RepairService;
  /** Of a scale set: why it could not be given a member by a repair or by autoscale, the last time that one tried. */
  shortage?: string;
  /** Of a scale set: the scheduled events that its machines were told last. */
  events?: { incarnation: number; told: string };
  /** Of a peering: the guid of the peering at its other side, since they were connected. */
  peer?: string;
  /** Of an autoscale setting: its last scale action, in milliseconds since 1970, and the minutes that it rests. */
  scaled?: { at: number; cooldown: number };
  /** Of a vault or secret in soft delete: its ID before, and when it was deleted; milliseconds since 1970. */
  deleted?: { from: string; at: number };
  /** Of a user-assigned identity: what the directory has of it. */
  entry?: DirectoryEntry;
  /** Of a federated credential or a management policy: when it was made or changed last, in milliseconds since 1970. */
  written?: number;
  /** Of a role assignment, and a role of one's own: when it was made, in milliseconds since 1970, and by whom. */
  assigned?: { at: number; by: string };
  /** A deletion that failed: it stays out of the world and can be deleted again. */
  gone?: boolean;
}

/** What a user-assigned identity has in the directory, made with it. */
export interface DirectoryEntry {
  /** Of the application: who asks for a token. */
  clientId: string;
  /** Object ID: to whom a right is given. */
  principalId: string;
  /** Milliseconds since 1970. */
  made: number;
}

/** The scheduled event of a machine that was deleted. */
export interface Notice {
  eventId: string;
  /** When the machine goes without anybody's approval; milliseconds since 1970. */
  notBefore: number;
  source: "User" | "Platform";
  approved?: true;
  /** The wait is over: the machine is being taken away. */
  started?: true;
}

/** What a scale set remembers of its repairs. */
export interface RepairService {
  state: "Running" | "Suspended";
  ongoing: Repair[];
  /** Repairs since the last one that helped. */
  failed: number;
  /** When the first ongoing repair began, or the last one ended; ISO 8601. */
  changed?: string;
}

export interface Repair {
  /** The machine that is to become healthy: the repaired one, or its replacement. */
  machineId: string;
  /** ISO 8601. */
  began: string;
}

/** Exists as far as other resources are concerned. */
export const isLive = ({ state, computed }: Resource): boolean => state !== "Deleting" && !computed.gone;

/** Deleted, and waiting for the end of its notice. */
export const isWaiting = ({ computed: { notice } }: Resource): boolean => notice !== undefined && !notice.started;

/** Exists as far as the fabric is concerned: live, or deleted with a notice that has not ended. */
export const isStanding = (resource: Resource): boolean => isLive(resource) || isWaiting(resource);
