/** Stands in for a policy pack until it runs, then passes the engine's calls on to it, unread. */
import { Client, credentials, Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { handleUnaryCall, ServiceDefinition, ServiceError } from "@grpc/grpc-js";
import analyzerGrpc from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import analyzerPb from "@pulumi/pulumi/proto/analyzer_pb.js";

const same = (bytes: Buffer) => bytes;
type Call = handleUnaryCall<Buffer, Buffer>;

export class PolicyProxy {
  /** Environment variables that tell the pack about the stack, once the engine has told the proxy. */
  readonly stack: Promise<Record<string, string>>;
  #tellStack!: (variables: Record<string, string>) => void;
  #connect!: (pack: Client) => void;
  readonly #pack = new Promise<Client>((resolve) => {
    this.#connect = resolve;
  });
  #handshake: Buffer | undefined;

  constructor() {
    this.stack = new Promise((resolve) => {
      this.#tellStack = resolve;
    });
  }

  /** The port on which the engine finds the pack. */
  listen(): Promise<number> {
    const service: Record<string, ServiceDefinition[string]> = {};
    const handlers: Record<string, Call> = {};
    for (const [name, method] of Object.entries(analyzerGrpc.AnalyzerService) as [string, { path: string }][]) {
      service[name] = {
        path: method.path,
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      };
      handlers[name] = this.#handler(name, method.path);
    }
    const server = new Server({ "grpc.max_receive_message_length": -1 });
    server.addService(service, handlers);
    return new Promise((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }

  #handler(name: string, path: string): Call {
    if (name === "handshake") {
      // The engine waits for this answer before it tells about the stack; the pack gets it later.
      return (call, callback) => {
        this.#handshake = call.request;
        callback(null, Buffer.from(new analyzerPb.AnalyzerHandshakeResponse().serializeBinary()));
      };
    }
    return (call, callback) => {
      if (name === "configureStack") this.#tellStack(stackVariables(call.request));
      if (name === "getAnalyzerInfo" || name === "getPluginInfo") this.#tellStack({});
      void this.#pack.then((pack) => {
        pack.makeUnaryRequest(
          path,
          same,
          same,
          call.request,
          new Metadata(),
          (error: ServiceError | null, response?: Buffer) => {
            callback(error, response);
          },
        );
      });
    };
  }

  /** Takes the pack's output: the first line is its port, the rest goes on to `output`. */
  attach(output: (data: Buffer) => void): (data: Buffer) => void {
    let head: Buffer | undefined = Buffer.alloc(0);
    return (data) => {
      if (head === undefined) return output(data);
      head = Buffer.concat([head, data]);
      const end = head.indexOf("\n");
      if (end < 0) return;
      const port = head.subarray(0, end).toString().trim();
      const rest = head.subarray(end + 1);
      head = undefined;
      this.#greet(
        new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { "grpc.max_receive_message_length": -1 }),
      );
      if (rest.length > 0) output(rest);
    };
  }

  #greet(pack: Client): void {
    if (!this.#handshake) return this.#connect(pack);
    const path = "/pulumirpc.Analyzer/Handshake";
    pack.makeUnaryRequest(path, same, same, this.#handshake, new Metadata(), (error: ServiceError | null) => {
      if (error && error.code !== status.UNIMPLEMENTED)
        console.error(`The policy pack refused the handshake: ${error.details}`);
      this.#connect(pack);
    });
  }
}

function stackVariables(request: Buffer): Record<string, string> {
  const stack = analyzerPb.AnalyzerStackConfigureRequest.deserializeBinary(request);
  const values: Record<string, string> = {};
  for (const [key, value] of stack.getConfigMap().entries() as IterableIterator<[string, string]>) values[key] = value;
  const variables = {
    PULUMI_NODEJS_ORGANIZATION: stack.getOrganization(),
    PULUMI_NODEJS_PROJECT: stack.getProject(),
    PULUMI_NODEJS_STACK: stack.getStack(),
    PULUMI_NODEJS_DRY_RUN: String(stack.getDryRun()),
    PULUMI_CONFIG: JSON.stringify(values),
  };
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ""));
}
