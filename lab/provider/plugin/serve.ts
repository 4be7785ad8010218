/** A resource plugin's gRPC server: what every plugin does alike. The plugin itself is a `Plugin`. */
import module from "node:module";
import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { handleUnaryCall, ServiceError, UntypedServiceImplementation } from "@grpc/grpc-js";
import anyPb from "google-protobuf/google/protobuf/any_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import statusPb from "@pulumi/pulumi/proto/status_pb.js";
import type { Difference } from "./diff.ts";
import { EngineLog } from "./engineLog.ts";
import { decode, encode } from "./values.ts";
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

/** One resource plugin: plain promises and property values. */
export interface Plugin {
  name: string;
  version: string;
  /** True when the plugin wants to see which values are secret and says itself which outputs are. */
  acceptsSecrets: boolean;
  configure(variables: Record<string, string>): void;
  check(request: CheckRequest): Promise<{ inputs: Properties; failures: Failure[] }>;
  diff(request: ResourceRequest): DiffResult;
  create(request: ResourceRequest): Promise<{ id: string; state: Properties }>;
  /** Undefined when the resource does not exist. */
  read(request: ResourceRequest): Promise<{ state: Properties; inputs: Properties } | undefined>;
  update(request: ResourceRequest): Promise<Properties>;
  delete(request: ResourceRequest): Promise<void>;
  invoke(token: string, args: Properties): Promise<Properties>;
  /** Ends what runs; what it was doing fails. */
  cancel(): void;
}

/** The resource exists, or may exist, but is not what was asked for: it goes into the state, and the next run updates it. */
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

type Unary<Q, S> = (request: Q) => Promise<S> | S;

function unary<Q, S>(handler: Unary<Q, S>): handleUnaryCall<Q, S> {
  return (call, callback) => {
    void (async () => handler(call.request))().then(
      (response) => callback(null, response),
      (error: unknown) => callback(grpcError(error)),
    );
  };
}

function grpcError(error: unknown): Partial<ServiceError> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof PartialFailure)) return { code: status.UNKNOWN, details: message };
  const detail = new providerPb.ErrorResourceInitFailed();
  detail.setId(error.id);
  detail.setProperties(encode(error.state));
  detail.setInputs(encode(error.inputs));
  detail.setReasonsList([message]);
  const packed = new anyPb.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const rich = new statusPb.Status();
  rich.setCode(status.UNKNOWN);
  rich.setMessage(message);
  rich.setDetailsList([packed]);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(rich.serializeBinary()));
  return { code: status.UNKNOWN, details: message, metadata };
}

/** Serves the plugin until the engine ends it; prints the port, as the engine expects. */
export async function serve(plugin: Plugin, log: EngineLog): Promise<void> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(providerGrpc.ResourceProviderService, implementation(plugin, log));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  console.log(port);
  exitWithParent(plugin);
  // The engine kills its plugins, and Node writes its cache of compiled modules when a process ends by itself.
  setTimeout(() => module.flushCompileCache(), 500).unref();
}

// An engine that was killed cannot end its plugins; without this they, and what they run, would stay for ever.
function exitWithParent(plugin: Plugin): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid === parent) return;
    plugin.cancel();
    process.exit(0);
  }, 1000).unref();
}

function implementation(plugin: Plugin, log: EngineLog): UntypedServiceImplementation {
  const empty = () => new emptyPb.Empty();
  const handlers: Record<string, ReturnType<typeof unary>> = {};
  function on<Q, S>(method: keyof typeof providerGrpc.ResourceProviderService, handler: Unary<Q, S>): void {
    handlers[method] = unary(handler) as ReturnType<typeof unary>;
  }

  on("handshake", (request: providerPb.ProviderHandshakeRequest) => {
    log.connect(request.getEngineAddress());
    const response = new providerPb.ProviderHandshakeResponse();
    response.setAcceptSecrets(plugin.acceptsSecrets);
    response.setSupportsAutonamingConfiguration(true);
    return response;
  });
  on("attach", (request: pluginPb.PluginAttach) => {
    log.connect(request.getAddress());
    return empty();
  });
  on("getPluginInfo", () => {
    const info = new pluginPb.PluginInfo();
    info.setVersion(plugin.version);
    return info;
  });
  on("checkConfig", (request: providerPb.CheckRequest) => {
    const response = new providerPb.CheckResponse();
    response.setInputs(request.getNews());
    return response;
  });
  // Provider settings (endpoint, credentials) never make resources change, as with the real plugins.
  on("diffConfig", () => new providerPb.DiffResponse());
  on("configure", (request: providerPb.ConfigureRequest) => {
    const variables: Record<string, string> = {};
    for (const [key, value] of request.getVariablesMap().entries()) {
      variables[key.slice(key.lastIndexOf(":") + 1)] = value as string;
    }
    plugin.configure(variables);
    const response = new providerPb.ConfigureResponse();
    response.setSupportspreview(true);
    response.setAcceptsecrets(plugin.acceptsSecrets);
    response.setSupportsAutonamingConfiguration(true);
    return response;
  });
  on("check", async (request: providerPb.CheckRequest) => {
    const urn = request.getUrn();
    const modes = ["propose", "enforce", "disable"] as const;
    const autonaming = request.getAutonaming();
    const { inputs, failures } = await plugin.check({
      urn, name: urnName(urn), type: urnType(urn), olds: decode(request.getOlds()), news: decode(request.getNews()),
      randomSeed: request.getRandomseed_asU8(),
      ...(autonaming && { autonaming: { proposed: autonaming.getProposedName(), mode: modes[autonaming.getMode()]! } }),
    });
    const response = new providerPb.CheckResponse();
    response.setInputs(encode(inputs));
    response.setFailuresList(failures.map(({ property, reason }) => {
      const failure = new providerPb.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }));
    return response;
  });
  on("diff", (request: providerPb.DiffRequest) => diffResponse(plugin.diff({
    urn: request.getUrn(), type: urnType(request.getUrn()), id: request.getId(), inputs: decode(request.getNews()),
    oldInputs: decode(request.getOldInputs()), state: decode(request.getOlds()), preview: false, timeout: 0,
  })));
  on("create", async (request: providerPb.CreateRequest) => {
    const { id, state } = await plugin.create({
      urn: request.getUrn(), type: urnType(request.getUrn()), id: "", inputs: decode(request.getProperties()),
      oldInputs: {}, state: {}, preview: request.getPreview(), timeout: request.getTimeout(),
    });
    const response = new providerPb.CreateResponse();
    response.setId(id);
    response.setProperties(encode(state));
    return response;
  });
  on("read", async (request: providerPb.ReadRequest) => {
    const inputs = decode(request.getInputs());
    const found = await plugin.read({
      urn: request.getUrn(), type: urnType(request.getUrn()), id: request.getId(), inputs, oldInputs: inputs,
      state: decode(request.getProperties()), preview: false, timeout: 0,
    });
    const response = new providerPb.ReadResponse();
    if (!found) return response;
    response.setId(request.getId());
    response.setProperties(encode(found.state));
    response.setInputs(encode(found.inputs));
    return response;
  });
  on("update", async (request: providerPb.UpdateRequest) => {
    const state = await plugin.update({
      urn: request.getUrn(), type: urnType(request.getUrn()), id: request.getId(), inputs: decode(request.getNews()),
      oldInputs: decode(request.getOldInputs()), state: decode(request.getOlds()), preview: request.getPreview(),
      timeout: request.getTimeout(),
    });
    const response = new providerPb.UpdateResponse();
    response.setProperties(encode(state));
    return response;
  });
  on("delete", async (request: providerPb.DeleteRequest) => {
    const oldInputs = decode(request.getOldInputs());
    await plugin.delete({
      urn: request.getUrn(), type: urnType(request.getUrn()), id: request.getId(), inputs: oldInputs, oldInputs,
      state: decode(request.getProperties()), preview: false, timeout: request.getTimeout(),
    });
    return empty();
  });
  on("invoke", async (request: providerPb.InvokeRequest) => {
    const response = new providerPb.InvokeResponse();
    response.setReturn(encode(await plugin.invoke(request.getTok(), decode(request.getArgs()))));
    return response;
  });
  on("cancel", () => {
    plugin.cancel();
    return empty();
  });
  return handlers as UntypedServiceImplementation;
}

function diffResponse({ differences, deleteBeforeReplace }: DiffResult): providerPb.DiffResponse {
  const { DiffResponse, PropertyDiff } = providerPb;
  const kinds = {
    add: [PropertyDiff.Kind.ADD, PropertyDiff.Kind.ADD_REPLACE],
    delete: [PropertyDiff.Kind.DELETE, PropertyDiff.Kind.DELETE_REPLACE],
    update: [PropertyDiff.Kind.UPDATE, PropertyDiff.Kind.UPDATE_REPLACE],
  } as const;
  const response = new DiffResponse();
  response.setChanges(differences.size > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  response.setHasdetaileddiff(true);
  const changed = new Set<string>();
  const replaced = new Set<string>();
  for (const [path, { kind, replace }] of differences) {
    const detail = new PropertyDiff();
    detail.setKind(kinds[kind][replace ? 1 : 0]);
    detail.setInputdiff(true);
    response.getDetaileddiffMap().set(path, detail);
    const top = /^[^.[]+/.exec(path)?.[0] ?? path;
    changed.add(top);
    if (replace) replaced.add(top);
  }
  response.setDiffsList([...changed]);
  response.setReplacesList([...replaced]);
  response.setDeletebeforereplace(replaced.size > 0 && deleteBeforeReplace);
  return response;
}

/** `azure-native:network:Subnet` of `urn:pulumi:dev::platform::a$b$azure-native:network:Subnet::name`. */
export function urnType(urn: string): string {
  return (urn.split("::")[2] ?? "").split("$").at(-1) ?? "";
}

export function urnName(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
