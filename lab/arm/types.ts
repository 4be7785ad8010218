/** What a resource and a resource type are, for every handler. */
import type { z } from "zod";
import type { MachineEffects, WorldStatus } from "../world.ts";
import type { Notice } from "./compute/removal.ts";
import type { RepairService } from "./compute/repairs.ts";
import type { ErrorBody } from "./errors.ts";
import type { Store } from "./store.ts";

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
  /** Seconds that every scale set's grace period of repairs lasts. */
  repairGrace: number;
  /** Seconds that a minute of Azure's other waits lasts: of terminate notices, autoscale, and a repair's patience. */
  minute: number;
  /** Unix socket on which machines' metadata requests are answered. Absent: there is no metadata service. */
  metadataSocket?: string;
  /** Milliseconds since 1970, for what must wait; the host's clock by default. */
  now?: () => number;
}

export type State = "Creating" | "Updating" | "Succeeded" | "Failed" | "Deleting";

/** The part of a resource that a client writes, after validation. */
export interface Body {
  location?: string;
  tags?: Record<string, string>;
  properties?: object;
}

/** A stored resource. */
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
  /** Public address. */
  address?: string;
  /** Private addresses by IP configuration or front-end name. */
  addresses?: Record<string, string>;
  /** Virtual machine of a network interface, as a resource ID. */
  machineId?: string;
  powered?: boolean;
  generation?: number;
  /** When the last change was complete, ISO 8601. */
  changed?: string;
  /** Of a machine: its terminate notice, when it was deleted with one. */
  notice?: Notice;
  /** Of a scale set: what became of its automatic repairs. */
  repairs?: RepairService;
  /** Of a scale set: the scheduled events that its machines were told last. */
  events?: { incarnation: number; told: string };
  /** Of an autoscale setting: its last scale action, in milliseconds since 1970, and the minutes that it rests. */
  scaled?: { at: number; cooldown: number };
  /** A deletion that failed: it stays out of the world and can be deleted again. */
  gone?: boolean;
}

/** What a type's functions may use. */
export interface Context {
  store: Store;
  options: ArmOptions;
  /** The fabric's last report. */
  status: () => WorldStatus | undefined;
  /** Milliseconds since 1970. */
  now: () => number;
  /** `https://host:port` as the client called it. */
  origin: string;
}

/** A PUT or PATCH that passed the schema and whose references exist, before it is stored. */
export interface Draft<B extends Body = Body> {
  id: string;
  body: B;
  computed: Computed;
  /** The resource as it is stored now, if it exists. */
  existing?: Resource<B>;
}

/** An answer of an action that is not simply `200` with a body. */
export interface ActionResult {
  status: number;
  body?: unknown;
  /** Set when the answer arrives later: polled through the operation's URL. */
  operation?: string;
}

export type Outcome = "pending" | "done" | ErrorBody;

/** One ARM resource type. Descriptions only: what exists follows from them in `plan.ts`. */
export interface ResourceType<B extends Body = Body> {
  type: string;
  /** Resource providers answer mistakes in their own ways. */
  dialect: Dialect;
  /** `global` resources have no region; children inherit their parent's. */
  location: "regional" | "global" | "inherited";
  name: { pattern: RegExp; rule: string };
  schema: z.ZodType<B>;
  /** Set where the lab has no PUT: what the client should do instead. */
  refusePut?: string;
  /** False: PUT and DELETE are done when they are answered. */
  asynchronous: boolean;
  /** What PATCH may change. */
  patch: "tags" | "merge" | "none";
  /** What is kept of a valid body: children that have rows of their own are left out. */
  stored?(given: B): B;
  /** Keeps what a client may leave out because GET never returns it, or because Azure keeps it. */
  merge?(given: B, existing: Resource<B>): B;
  /** Checks against other resources, and allocations. */
  prepare?(draft: Draft<B>, context: Context): void;
  /** After the resource was stored: children and members. `existing` is what was stored before. */
  applied?(resource: Resource<B>, existing: Resource<B> | undefined, given: B, context: Context): void;
  /** The answer's body without id, name, type, location, tags and etag. */
  render(resource: Resource<B>, context: Context, query: URLSearchParams): object;
  /** Throws when the resource cannot be deleted. */
  refuseDelete?(resource: Resource<B>, context: Context): void;
  /** Marks what goes with it. */
  deleting?(resource: Resource<B>, context: Context): void;
  /** How far the fabric is; without it: done when the revision is reached. */
  settle?(this: void, resource: Resource<B>, status: WorldStatus, context: Context): Outcome;
  /** POST {id}/{action}. */
  actions?: Record<
    string,
    (
      resource: Resource<B>,
      context: Context,
      body: unknown,
      query: URLSearchParams,
    ) => ActionResult | Promise<ActionResult>
  >;
  /** GET {id}/{view}, beside the child types. */
  views?: Record<string, (resource: Resource<B>, context: Context, query: URLSearchParams) => unknown>;
  /** Changes which resources a list shows. */
  filter?(resources: Resource<B>[], query: URLSearchParams): Resource<B>[];
}

export type Dialect = "arm" | "network" | "compute" | "dns" | "monitor";
