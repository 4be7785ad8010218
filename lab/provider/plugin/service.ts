/** The ResourceProvider service around a `Plugin`: messages of the wire on one side, property values on the other. */
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import type providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerPb from "@pulumi/pulumi/proto/provider_pb.js";
import type { EngineLog } from "./engineLog.ts";
import { urnName, urnType } from "./plugin.ts";
import type { DiffResult, Plugin } from "./plugin.ts";
import { unary } from "./unary.ts";
import type { Unary } from "./unary.ts";
import { decode, encode } from "./values.ts";

export function implementation(plugin: Plugin, log: EngineLog): UntypedServiceImplementation {
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
      variables[key.slice(key.lastIndexOf(":") + 1)] = value;
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
      urn,
      name: urnName(urn),
      type: urnType(urn),
      olds: decode(request.getOlds()),
      news: decode(request.getNews()),
      randomSeed: request.getRandomseed_asU8(),
      ...(autonaming && { autonaming: { proposed: autonaming.getProposedName(), mode: modes[autonaming.getMode()] } }),
    });
    const response = new providerPb.CheckResponse();
    response.setInputs(encode(inputs));
    response.setFailuresList(
      failures.map(({ property, reason }) => {
        const failure = new providerPb.CheckFailure();
        failure.setProperty(property);
        failure.setReason(reason);
        return failure;
      }),
    );
    return response;
  });
  on("diff", (request: providerPb.DiffRequest) =>
    diffResponse(
      plugin.diff({
        urn: request.getUrn(),
        type: urnType(request.getUrn()),
        id: request.getId(),
        inputs: decode(request.getNews()),
        oldInputs: decode(request.getOldInputs()),
        state: decode(request.getOlds()),
        preview: false,
        timeout: 0,
      }),
    ),
  );
  on("create", async (request: providerPb.CreateRequest) => {
    const { id, state } = await plugin.create({
      urn: request.getUrn(),
      type: urnType(request.getUrn()),
      id: "",
      inputs: decode(request.getProperties()),
      oldInputs: {},
      state: {},
      preview: request.getPreview(),
      timeout: request.getTimeout(),
    });
    const response = new providerPb.CreateResponse();
    response.setId(id);
    response.setProperties(encode(state));
    return response;
  });
  on("read", async (request: providerPb.ReadRequest) => {
    const inputs = decode(request.getInputs());
    const found = await plugin.read({
      urn: request.getUrn(),
      type: urnType(request.getUrn()),
      id: request.getId(),
      inputs,
      oldInputs: inputs,
      state: decode(request.getProperties()),
      preview: false,
      timeout: 0,
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
      urn: request.getUrn(),
      type: urnType(request.getUrn()),
      id: request.getId(),
      inputs: decode(request.getNews()),
      oldInputs: decode(request.getOldInputs()),
      state: decode(request.getOlds()),
      preview: request.getPreview(),
      timeout: request.getTimeout(),
    });
    const response = new providerPb.UpdateResponse();
    response.setProperties(encode(state));
    return response;
  });
  on("delete", async (request: providerPb.DeleteRequest) => {
    const oldInputs = decode(request.getOldInputs());
    await plugin.delete({
      urn: request.getUrn(),
      type: urnType(request.getUrn()),
      id: request.getId(),
      inputs: oldInputs,
      oldInputs,
      state: decode(request.getProperties()),
      preview: false,
      timeout: request.getTimeout(),
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
  return handlers;
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
