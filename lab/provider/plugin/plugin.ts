/** What a resource plugin is to the engine, without the wire: promises and property values. */
import type { Difference } from "./diff.ts";
import type { Properties } from "./values.ts";

export interface Failure {
  property: string;
  reason: string;
}

export interface CheckRequest {
  urn: string;
  name: string;
  type: string;
  olds: Properties;
  news: Properties;
  randomSeed: Uint8Array;
  autonaming?: { proposed: string; mode: "propose" | "enforce" | "disable" };
}

export interface ResourceRequest {
  urn: string;
  type: string;
  id: string;
  /** Inputs that `check` returned. Empty in a read for import. */
  inputs: Properties;
  oldInputs: Properties;
  /** Outputs in the state. */
  state: Properties;
  preview: boolean;
  /** Seconds; 0 when the program set none. */
  timeout: number;
}

export interface DiffResult {
  differences: Map<string, Difference>;
  deleteBeforeReplace: boolean;
}

type Awaitable<T> = Promise<T> | T;

/** One resource plugin: plain promises and property values. */
export interface Plugin {
  name: string;
  version: string;
  /** True when the plugin wants to see which values are secret and says itself which outputs are. */
  acceptsSecrets: boolean;
  configure(variables: Record<string, string>): void;
  check(request: CheckRequest): Awaitable<{ inputs: Properties; failures: Failure[] }>;
  diff(request: ResourceRequest): DiffResult;
  create(request: ResourceRequest): Promise<{ id: string; state: Properties }>;
  /** Undefined when the resource does not exist. */
  read(request: ResourceRequest): Awaitable<{ state: Properties; inputs: Properties } | undefined>;
  update(request: ResourceRequest): Promise<Properties>;
  delete(request: ResourceRequest): Promise<void>;
  invoke(token: string, args: Properties): Promise<Properties>;
  /** Ends what runs; what it was doing fails. */
  cancel(): void;
}

/** The resource (perhaps) exists, but is not as it should be: it goes into the state, and the next run updates it. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly state: Properties;
  readonly inputs: Properties;
  constructor(message: string, id: string, state: Properties, inputs: Properties) {
    super(message);
    this.id = id;
    this.state = state;
    this.inputs = inputs;
  }
}

/** `azure-native:network:Subnet` of `urn:pulumi:dev::platform::a$b$azure-native:network:Subnet::name`. */
export function urnType(urn: string): string {
  return (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";
}

export function urnName(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
