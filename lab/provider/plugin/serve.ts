/** A resource plugin's process. */
import module from "node:module";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { engineAddressIn, exitWithEngine } from "../../engine/exitWithEngine.ts";
import type { EngineLog } from "./engineLog.ts";
import type { Plugin } from "./plugin.ts";
import { implementation } from "./service.ts";

/** Serves the plugin until the engine ends it; prints the port, as the engine expects. */
export async function serve(plugin: Plugin, log: EngineLog): Promise<void> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(providerGrpc.ResourceProviderService, implementation(plugin, log));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  console.log(port);
  exitWithEngine(engineAddressIn(process.argv.slice(2)), () => plugin.cancel());
  // The engine kills its plugins, and Node writes its cache of compiled modules when a process ends by itself.
  setTimeout(() => module.flushCompileCache(), 500).unref();
}
