/** Messages to the user through the engine, shown at the resource they concern. */
import { credentials } from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import enginePb from "@pulumi/pulumi/proto/engine_pb.js";

export class EngineLog {
  #client: InstanceType<typeof engineGrpc.EngineClient> | undefined;
  #pending: Promise<void> = Promise.resolve();

  /** The engine's own address comes as the plugin's first argument, and again with the handshake. */
  connect(address: string): void {
    if (address === "" || this.#client) return;
    this.#client = new engineGrpc.EngineClient(address, credentials.createInsecure());
  }

  /** A line of what is going on now: replaces the one before it in the resource's row. */
  progress(urn: string, message: string): void {
    this.#send(urn, message, enginePb.LogSeverity.INFO, true);
  }

  warning(urn: string, message: string): void {
    this.#send(urn, message, enginePb.LogSeverity.WARNING, false);
  }

  #send(urn: string, message: string, severity: enginePb.LogSeverity, ephemeral: boolean): void {
    const client = this.#client;
    if (!client) return;
    const request = new enginePb.LogRequest();
    request.setUrn(urn);
    request.setMessage(message);
    request.setSeverity(severity);
    request.setEphemeral(ephemeral);
    // One after the other: calls of their own could overtake each other and mix up the lines.
    this.#pending = this.#pending.then(() => new Promise((resolve) => client.log(request, () => resolve())));
  }

  /** Resolves when everything has been handed to the engine. */
  flush(): Promise<void> {
    return this.#pending;
  }
}
