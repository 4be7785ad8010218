/** What a resource type is. Its functions describe and decide; what exists follows from what they project. */
import type { z } from "zod";
import type { World, WorldStatus } from "../world.ts";
import type { Introduced } from "./apiVersions.ts";
import type { Context, StoreContext } from "./context.ts";
import type { ArmError, ErrorBody } from "./errors.ts";
import type { Body, Computed, Resource } from "./resource.ts";

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

/** Runs in a transaction, which ends with it: what takes time belongs into an operation. */
export type Action<B extends Body> = (
  resource: Resource<B>,
  context: Context,
  body: unknown,
  query: URLSearchParams,
) => ActionResult;

export type View<B extends Body> = (resource: Resource<B>, context: Context, query: URLSearchParams) => unknown;

export type Outcome = "pending" | "done" | ErrorBody;

/** A resource's part of the world, for example `{ networks: [network] }`. */
export type Projection = Partial<Omit<World, "revision">>;

/** A part that can be put and deleted under an ID of its own. */
export interface Part {
  /** Property of the resource that lists the parts. */
  collection: string;
  /** Of the part's own body; without it the lab has none of its kind. */
  schema?: z.ZodType<{ properties?: object }>;
}

/** Resource providers answer mistakes in their own ways. */
export type Dialect =
  "arm" | "authorization" | "compute" | "dns" | "identity" | "keyvault" | "monitor" | "network" | "storage";

export interface ResourceType<B extends Body = Body> {
  type: string;
  dialect: Dialect;
  /** Oldest first: those whose shapes the lab knows. Others are refused as Azure refuses what it does not know. */
  apiVersions: readonly string[];
  /** In what they differ. */
  introduced?: Introduced;
  /** `global` resources have no region; children inherit their parent's. */
  location: "regional" | "global" | "inherited";
  /** `status` and `code` of the refusal, where they are not 400 and the one of the provider. */
  name: { pattern: RegExp; rule: string; status?: number; code?: string };
  /** Where tags are narrower than everywhere: how many, and what their names may be. */
  tags?: { most: number; names: RegExp; rule: string };
  schema: z.ZodType<B>;
  /** Set where the lab makes none by PUT: what the client should do instead. */
  refusePut?: string;
  /**
   * False: PUT and DELETE are done when they are answered. `creation`: but for a PUT that makes the resource, which is
   * answered 202 without a body.
   */
  asynchronous: boolean | "creation";
  /** How a PUT that makes the resource is answered, where it is not 201. */
  made?: 200;
  /** How a PUT of a resource that is there is answered, where it is not 200. */
  changed?: 201;
  /** Whether every PUT and PATCH is answered 202 without a body: what the type refuses is told by the operation. */
  accepted?: true;
  /** Whether DELETE takes time although PUT does not. */
  deletedLater?: true;
  /** Whether the provider answers its own refusals without an `error` around them. */
  bareRefusals?: true;
  /** A request's body with the members' usual names, where Azure takes others too. */
  spelled?(given: Record<string, unknown>): Record<string, unknown>;
  /** A PUT's body with what Azure keeps of the resource where a client leaves it out, before the body is judged. */
  completed?(given: Record<string, unknown>, existing: Resource<B>): Record<string, unknown>;
  /** What PATCH may change. */
  patch: "tags" | "merge" | "none";
  /** What is kept of a valid body: children that have rows of their own are left out. */
  stored?(given: B): B;
  /** Keeps what a client may leave out because GET never returns it, or because Azure keeps it. */
  merge?(given: B, existing: Resource<B>): B;
  /** The answer for one that does not exist, where it is not the usual one. */
  missing?(id: string): ArmError;
  /** The refusal of a reference to what does not exist, where it is not Azure Resource Manager's usual one. */
  missingReference?(id: string): ArmError;
  /** Checks against other resources, and allocations; `principalId` is of who asks. */
  prepare?(draft: Draft<B>, context: Context, principalId: string): void;
  /** After the resource was stored: children and members. `existing` is what was stored before. */
  applied?(resource: Resource<B>, existing: Resource<B> | undefined, given: B, context: Context): void;
  /** The answer's body without id, name, type, location, tags and etag. */
  render(resource: Resource<B>, context: Context, query: URLSearchParams): object;
  /** What lists answer in place of `answer`. */
  listed?(answer: Record<string, unknown>): Record<string, unknown>;
  /** What exists because of the resource. Without it: nothing of its own. */
  project?(this: void, resource: Resource<B>, context: StoreContext): Projection;
  /** Throws when the resource cannot be deleted. */
  refuseDelete?(resource: Resource<B>, context: Context): void;
  /** Marks what goes with it. */
  deleting?(resource: Resource<B>, context: Context): void;
  /** Keeps what Azure keeps of it, before it leaves the store: alone, or with its group. */
  leaving?(resource: Resource<B>, context: Context): void;
  /** How far the fabric is; without it, or when it is undefined: done when the revision is reached. */
  outcome?(resource: Resource<B>, status: WorldStatus, context: Context): Outcome | undefined;
  /** Whether the outcome of one that has Failed is to be asked again, without anybody's request. */
  recovers?(this: void, resource: Resource<B>, status: WorldStatus): boolean;
  /** POST {id}/{action}. */
  actions?: Record<string, Action<B>>;
  /** PUT and DELETE {id}/{collection}/{name}, by the collection's name in lower case; a view reads them. */
  parts?: Record<string, Part>;
  /** GET {id}/{view}, beside the child types. */
  views?: Record<string, View<B>>;
  /** Changes which resources a list shows. */
  filter?(resources: Resource<B>[], query: URLSearchParams): Resource<B>[];
}
