/** Calls to ARM through the official Azure SDKs, one resource at a time. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { PipelinePolicy } from "@azure/core-rest-pipeline";
import type { Properties } from "../plugin/values.ts";
import { discover } from "./cloud.ts";
import type { Cloud } from "./cloud.ts";
import { clientOptions, createClient } from "./clients.ts";
import type { Operations } from "./clients.ts";
import { parameters } from "./resources.ts";
import type { ResourceType } from "./resources.ts";
import type { Settings } from "./settings.ts";
import { bodyInputs, lostInputs, toSdk, withIdentityKeys } from "./shape.ts";

/** ARM, or the way to it, refused. */
export class ArmError extends Error {
  /** True when the resource may exist all the same: the request was sent, and what became of it is not known. */
  readonly uncertain: boolean;
  constructor(message: string, uncertain: boolean, cause: unknown) {
    super(message, { cause });
    this.uncertain = uncertain;
  }
}

// The lab is near and quick; the SDKs' own interval of seconds would make every resource wait.
const pollInterval = 200;

/** What the SDKs call a PUT. */
const puts = ["beginCreateOrUpdateAndWait", "createOrUpdate", "beginCreateAndWait", "create", "setServiceProperties"];

/** One call to ARM while it is under way. */
interface Call {
  /** Of a PUT: what must be found in the request. */
  inputs?: Properties;
  spellings?: Readonly<Record<string, string>> | undefined;
  /** The PUT has left, and the status of its answer. */
  sent: boolean;
  status?: number;
  /** Body of the last answer that was a refusal; the SDKs' own errors drop its details. */
  refusal?: string | null | undefined;
}

export class Arm {
  readonly settings: Settings;
  readonly #abort = new AbortController();
  readonly #calls = new AsyncLocalStorage<Call>();
  readonly #operations = new Map<string, Promise<Operations>>();
  readonly #extra: object;
  #cloud: Promise<Cloud> | undefined;

  /** `extra` is passed to every SDK client; tests put a transport of their own in. */
  constructor(settings: Settings, cloud?: Cloud, extra: object = {}) {
    this.settings = settings;
    this.#cloud = cloud && Promise.resolve(cloud);
    this.#extra = extra;
  }

  cloud(): Promise<Cloud> {
    return (this.#cloud ??= discover(this.settings));
  }

  cancel(): void {
    this.#abort.abort();
  }

  /** The resource in the SDK's shape; undefined when there is none. */
  async get(type: ResourceType, values: Record<string, string>): Promise<object | undefined> {
    try {
      return (await this.#call(type, ["get", "getProperties", "getServiceProperties"], values)) as object;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Creates or updates, and waits until ARM is done. `keep` are lists to send as ARM has them. */
  async put(type: ResourceType, values: Record<string, string>, inputs: Properties, keep: object = {}): Promise<void> {
    const body = bodyInputs(type, inputs);
    await this.#call(type, puts, values, {
      inputs: withIdentityKeys(body),
      content: { ...keep, ...toSdk(type, body) },
    });
  }

  async delete(type: ResourceType, values: Record<string, string>): Promise<void> {
    if (type.undeletable !== undefined) throw new Error(type.undeletable);
    if (type.withParent) {
      // It may have gone with its parent.
      if (await this.get(type, values)) await this.put(type, values, {});
      return;
    }
    try {
      await this.#call(type, ["beginDeleteAndWait", "delete"], values);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #call(
    type: ResourceType,
    names: string[],
    values: Record<string, string>,
    body?: { inputs: Properties; content: object },
  ): Promise<unknown> {
    const operations = await this.#client(type);
    const name = names.find((candidate) => candidate in operations);
    if (name === undefined) throw new Error(`The SDK's ${type.operations} has no ${names.join(" or ")}.`);
    // An ID among them begins with the slash that the path has before it.
    const path = (type.order ?? parameters(type)).map((parameter) => values[parameter]!.replace(/^\//, ""));
    const options = { abortSignal: this.#abort.signal, updateIntervalInMs: pollInterval };
    const call: Call = { sent: false, spellings: type.spellings, ...(body && { inputs: body.inputs }) };
    try {
      return await this.#calls.run(call, () => operations[name]!(...path, ...(body ? [body.content] : []), options));
    } catch (error) {
      const uncertain = call.sent && (call.status === undefined || call.status < 400);
      throw new ArmError(describe(error, call.refusal), uncertain, error);
    }
  }

  #client(type: ResourceType): Promise<Operations> {
    const key = `${type.client}/${type.operations}@${type.apiVersion}`;
    let operations = this.#operations.get(key);
    if (!operations) {
      operations = this.#createClient(type);
      this.#operations.set(key, operations);
      // A lab that was not there yet may be there at the next call.
      operations.catch(() => {
        this.#operations.delete(key);
        this.#cloud = undefined;
      });
    }
    return operations;
  }

  async #createClient(type: ResourceType): Promise<Operations> {
    const settings = {
      cloud: await this.cloud(),
      subscriptionId: this.settings.subscriptionId,
      apiVersion: type.apiVersion,
    };
    const policies = [...clientOptions(settings).additionalPolicies, { policy: this.#observer(), position: "perCall" }];
    const client = await createClient(type.client, settings, { ...this.#extra, additionalPolicies: policies });
    return client[type.operations]!;
  }

  /** Sees what is really sent and answered. */
  #observer(): PipelinePolicy {
    return {
      name: "observer",
      sendRequest: async (request, next) => {
        const call = this.#calls.getStore();
        if (!call) return next(request);
        const put = call.inputs !== undefined && request.method === "PUT";
        if (put) {
          const body: unknown = typeof request.body === "string" ? JSON.parse(request.body) : {};
          const lost = lostInputs(call.inputs!, body, call.spellings);
          if (lost.length > 0) {
            throw new Error(
              `The lab's azure-native plugin cannot send ${lost.join(", ")}: the Azure SDK that it uses does ` +
                "not know of it. Check the spelling; if it is right, the lab needs another way for it.",
            );
          }
          call.sent = true;
        }
        const response = await next(request);
        if (put) call.status = response.status;
        call.refusal = response.status >= 400 ? response.bodyAsText : undefined;
        return response;
      },
    };
  }
}

interface ErrorBody {
  code?: string;
  message?: string;
  target?: string;
  details?: ErrorBody[];
}

function isNotFound(error: unknown): boolean {
  return error instanceof ArmError && (error.cause as { statusCode?: number }).statusCode === 404;
}

/** ARM's error in azure-native's words. */
function describe(error: unknown, refusal: string | null | undefined): string {
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string };
  if (statusCode === undefined) {
    const away = code === "ECONNREFUSED" || code === "ECONNRESET" || code === "EPIPE";
    return (message ?? String(error)) + (away ? ": the lab's ARM does not answer (bin/lab status)" : "");
  }
  const body = parseError(refusal);
  const details = (body?.details ?? []).map(
    (detail) =>
      `\n  Code="${detail.code}" Message="${detail.message}"` + (detail.target ? ` Target="${detail.target}"` : ""),
  );
  const text = body?.message ?? message ?? "";
  return `Status=${statusCode} Code="${body?.code ?? code ?? ""}" Message="${text}"${details.join("")}`;
}

function parseError(text: string | null | undefined): ErrorBody | undefined {
  try {
    // The DNS providers answer without an `error` around code and message.
    const body = JSON.parse(text ?? "") as (ErrorBody & { error?: ErrorBody }) | null;
    return body?.error ?? (body?.code === undefined ? undefined : body);
  } catch {
    return undefined;
  }
}
