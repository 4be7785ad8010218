/** The LanguageRuntime service for programs in Node, for engines that were built without the official host. */
import module from "node:module";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { handleServerStreamingCall, handleUnaryCall, ServiceError } from "@grpc/grpc-js";
import sdk from "@pulumi/pulumi/package.json" with { type: "json" };
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import languagePb from "@pulumi/pulumi/proto/language_pb.js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import { engineAddressIn, exitWithEngine } from "../exitWithEngine.ts";
import { ended, interrupt, interruptAll, start } from "./child.ts";
import { readOptions } from "./options.ts";
import { dependencies, programVersion, requiredPlugins } from "./packages.ts";
import { runProgram } from "./program.ts";
import { runPlugin } from "./runPlugin.ts";

/** The engine's address: an argument, or told by the handshake. */
let engineAddress = engineAddressIn(process.argv.slice(2)) ?? "";

function failure(error: unknown): Partial<ServiceError> {
  return { code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) };
}

function unary<Q, S>(handler: (request: Q) => S): handleUnaryCall<Q, S> {
  return (call, callback) => {
    try {
      callback(null, handler(call.request));
    } catch (error) {
      callback(failure(error));
    }
  };
}

const run: handleUnaryCall<languagePb.RunRequest, languagePb.RunResponse> = (call, callback) => {
  void runProgram(call.request, engineAddress, (child) => call.on("cancelled", () => interrupt(child))).then(
    (outcome) => {
      const response = new languagePb.RunResponse();
      response.setError(outcome.error);
      response.setBail(outcome.bail);
      callback(null, response);
    },
  );
};

const plugin: handleServerStreamingCall<languagePb.RunPluginRequest, languagePb.RunPluginResponse> = (call) => {
  const send = (set: (response: languagePb.RunPluginResponse) => void) => {
    const response = new languagePb.RunPluginResponse();
    set(response);
    call.write(response);
  };
  const output = {
    stdout: (data: Buffer) => send((response) => response.setStdout(data)),
    stderr: (data: Buffer) => send((response) => response.setStderr(data)),
  };
  runPlugin(call.request, output, (child) => call.on("cancelled", () => interrupt(child))).then(
    () => call.end(),
    (error: unknown) => call.emit("error", failure(error)),
  );
};

const install: handleServerStreamingCall<
  languagePb.InstallDependenciesRequest,
  languagePb.InstallDependenciesResponse
> = (call) => {
  const info = call.request.getInfo()!;
  const options = readOptions(info.getOptions()?.toJavaScript() ?? {});
  const child = start(
    ["install"],
    { cwd: info.getProgramDirectory(), stdio: ["ignore", "pipe", "pipe"] },
    options.packageManager ?? "npm",
  );
  const send = (data: Buffer) => {
    const response = new languagePb.InstallDependenciesResponse();
    response.setStdout(data);
    call.write(response);
  };
  child.stdout!.on("data", send);
  child.stderr!.on("data", send);
  ended(child).then(
    (code) =>
      code === 0
        ? call.end()
        : call.emit("error", failure(`${options.packageManager ?? "npm"} install exited with ${code}`)),
    (error: unknown) => call.emit("error", failure(error)),
  );
};

/** Sets what the engine's two messages about a wanted plugin have in common. */
function wanted<M extends pluginPb.PluginDependency | pluginPb.PackageDependency>(
  message: M,
  { name, version, server }: { name: string; version: string; server: string },
): M {
  message.setName(name);
  message.setKind("resource");
  message.setVersion(version);
  message.setServer(server);
  return message;
}

const implementation = {
  handshake: unary((request: languagePb.LanguageHandshakeRequest) => {
    engineAddress = request.getEngineAddress();
    return new languagePb.LanguageHandshakeResponse();
  }),
  getRequiredPlugins: unary((request: languagePb.GetRequiredPluginsRequest) => {
    const response = new languagePb.GetRequiredPluginsResponse();
    const plugins = requiredPlugins(request.getInfo()!.getProgramDirectory());
    response.setPluginsList(plugins.map((one) => wanted(new pluginPb.PluginDependency(), one)));
    return response;
  }),
  getRequiredPackages: unary((request: languagePb.GetRequiredPackagesRequest) => {
    const response = new languagePb.GetRequiredPackagesResponse();
    const plugins = requiredPlugins(request.getInfo()!.getProgramDirectory());
    response.setPackagesList(plugins.map((one) => wanted(new pluginPb.PackageDependency(), one)));
    return response;
  }),
  getPluginInfo: unary(() => {
    const info = new pluginPb.PluginInfo();
    info.setVersion(sdk.version);
    return info;
  }),
  about: unary((request: languagePb.AboutRequest) => {
    const manager = readOptions(request.getInfo()?.getOptions()?.toJavaScript() ?? {}).packageManager ?? "npm";
    const response = new languagePb.AboutResponse();
    response.setExecutable(process.execPath);
    response.setVersion(process.version);
    response.getMetadataMap().set("packagemanager", manager);
    const version = programVersion(manager);
    if (version !== undefined) response.getMetadataMap().set("packagemanagerVersion", version);
    return response;
  }),
  getProgramDependencies: unary((request: languagePb.GetProgramDependenciesRequest) => {
    const response = new languagePb.GetProgramDependenciesResponse();
    const found = dependencies(request.getInfo()!.getProgramDirectory(), request.getTransitivedependencies());
    response.setDependenciesList(
      found.map(({ name, version }) => {
        const dependency = new languagePb.DependencyInfo();
        dependency.setName(name);
        dependency.setVersion(version);
        return dependency;
      }),
    );
    return response;
  }),
  runtimeOptionsPrompts: unary(() => new languagePb.RuntimeOptionsResponse()),
  template: unary(() => new languagePb.TemplateResponse()),
  installDependencies: install,
  run,
  runPlugin: plugin,
  cancel: unary(() => {
    interruptAll();
    return new emptyPb.Empty();
  }),
};

const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(languageGrpc.LanguageRuntimeService, implementation);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
  // The engine kills its hosts, and Node writes its cache of compiled modules when a process ends by itself.
  setTimeout(() => module.flushCompileCache(), 500).unref();
});

exitWithEngine(engineAddress, interruptAll);
