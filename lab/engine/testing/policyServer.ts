/** A policy pack as the engine has it: a process that answers over gRPC. */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import analyzerGrpc from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import analyzerPb from "@pulumi/pulumi/proto/analyzer_pb.js";
import emptyPb from "google-protobuf/google/protobuf/empty_pb.js";
import structPb from "google-protobuf/google/protobuf/struct_pb.js";
import type { Recorded } from "../../../components/testing/recorder.ts";
import type { Made } from "../../../policy/testing/mistakes.ts";
import { start } from "../host/child.ts";
import { locate } from "../host/packages.ts";

/** What the pack complains of. */
export interface Violation {
  policy: string;
  urn: string;
  message: string;
}

/**
 * Recorded resources as the engine would tell of them: URNs name the types of all parents.
 * https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
 */
export function toldOf(recorded: readonly Recorded[], stack: string): Made[] {
  const urns = new Map<string, string>();
  const types = new Map<string, string>();
  return recorded.map(({ type, name, parent, wire, madeOf, protect }) => {
    const around = parent === undefined ? undefined : types.get(parent);
    const qualified = around === undefined ? type : `${around}$${type}`;
    const urn = `urn:pulumi:${stack}::platform::${qualified}::${name}`;
    if (urns.has(name)) throw new Error(`two resources are called ${name}`);
    urns.set(name, urn);
    // The stack itself is not part of URNs.
    if (type !== "pulumi:pulumi:Stack") types.set(name, qualified);
    return {
      ...{ urn, type, name, protect },
      inputs: wire,
      parent: parent === undefined ? "" : (urns.get(parent) ?? ""),
      madeOf: Object.fromEntries(
        Object.entries(madeOf).map(([input, names]) => [input, names.map((other) => urns.get(other) ?? other)]),
      ),
    };
  });
}

const answered = <T>(get: (callback: (error: ServiceError | null, response: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => get((error, response) => (error ? reject(error) : resolve(response))));

const violations = (response: analyzerPb.AnalyzeResponse): Violation[] =>
  response
    .getDiagnosticsList()
    .map((each) => ({ policy: each.getPolicyname(), urn: each.getUrn(), message: each.getMessage() }));

export class PolicyServer {
  readonly #child: ReturnType<typeof start>;
  readonly #client: analyzerGrpc.AnalyzerClient;

  private constructor(child: ReturnType<typeof start>, port: string) {
    this.#child = child;
    this.#client = new analyzerGrpc.AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
      "grpc.max_send_message_length": -1,
    });
  }

  /** Starts a pack as the language host does. */
  static async start(directory: string, variables: Record<string, string> = {}): Promise<PolicyServer> {
    const child = start([locate("@pulumi/pulumi/cmd/run-policy-pack", directory), "127.0.0.1:1", directory], {
      cwd: directory,
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit").then(() => [undefined]);
    const [port] = (await Promise.race([once(createInterface(child.stdout!), "line"), ended])) as [string | undefined];
    if (port === undefined) throw new Error(`the policy pack in ${directory} ended at once`);
    return new PolicyServer(child, port);
  }

  stop(): void {
    this.#client.close();
    this.#child.kill();
  }

  /** Names of the pack's policies. */
  async policies(): Promise<string[]> {
    const info = await answered<analyzerPb.AnalyzerInfo>((callback) =>
      this.#client.getAnalyzerInfo(new emptyPb.Empty(), callback),
    );
    return info.getPoliciesList().map((policy) => policy.getName());
  }

  /** What the pack says of one resource, before it is made. */
  async analyze(told: Made): Promise<Violation[]> {
    const request = new analyzerPb.AnalyzeRequest();
    request.setType(told.type);
    request.setName(told.name);
    request.setUrn(told.urn);
    request.setProperties(structPb.Struct.fromJavaScript(told.inputs as never));
    request.setOptions(optionsOf(told));
    const response = await answered<analyzerPb.AnalyzeResponse>((callback) => this.#client.analyze(request, callback));
    // The engine knows of which resource it has asked.
    return violations(response).map((each) => ({ ...each, urn: told.urn }));
  }

  /** What the pack says of all resources together, at the end of a preview or update. */
  async analyzeStack(all: readonly Made[]): Promise<Violation[]> {
    const request = new analyzerPb.AnalyzeStackRequest();
    request.setResourcesList(
      all.map((told) => {
        const resource = new analyzerPb.AnalyzerResource();
        resource.setType(told.type);
        resource.setName(told.name);
        resource.setUrn(told.urn);
        resource.setParent(told.parent);
        resource.setProperties(structPb.Struct.fromJavaScript(told.inputs as never));
        resource.setOptions(optionsOf(told));
        for (const [input, urns] of Object.entries(told.madeOf)) {
          const on = new analyzerPb.AnalyzerPropertyDependencies();
          on.setUrnsList(urns);
          // The engine leaves out what depends on nothing.
          if (urns.length > 0) resource.getPropertydependenciesMap().set(input, on);
        }
        return resource;
      }),
    );
    return violations(
      await answered<analyzerPb.AnalyzeResponse>((callback) => this.#client.analyzeStack(request, callback)),
    );
  }

  /** What it says of each resource, and of all together. */
  async all(told: readonly Made[]): Promise<Violation[]> {
    const found: Violation[] = [];
    for (const each of told) found.push(...(await this.analyze(each)));
    return [...found, ...(await this.analyzeStack(told))];
  }
}

function optionsOf({ protect, parent }: Made): analyzerPb.AnalyzerResourceOptions {
  const options = new analyzerPb.AnalyzerResourceOptions();
  options.setProtect(protect);
  options.setParent(parent);
  return options;
}
