/** azure-native for the lab: what the real plugin does, for the lab's types, through the official Azure SDKs. */
import { differences } from "../plugin/diff.ts";
import { PartialFailure } from "../plugin/plugin.ts";
import type { CheckRequest, DiffResult, Plugin, ResourceRequest } from "../plugin/plugin.ts";
import { containsUnknown } from "../plugin/values.ts";
import type { Properties } from "../plugin/values.ts";
import { Arm, ArmError } from "./arm.ts";
import { applyDefaults } from "./defaults.ts";
import { driftedInputs, importedInputs } from "./drift.ts";
import { invoke } from "./invoke.ts";
import { previewCreate, previewUpdate } from "./preview.ts";
import { buildId, parameters, parseId, pathValues, resourceType } from "./resources.ts";
import type { ResourceType } from "./resources.ts";
import { readSettings } from "./settings.ts";
import { createBeforeDelete, toOutputs } from "./shape.ts";

export class AzureNative implements Plugin {
  readonly name = "azure-native";
  readonly version: string;
  // Like the real one: the engine keeps secret what was secret under the same name.
  readonly acceptsSecrets = false;
  #arm: Arm | undefined;
  readonly #makeArm: (variables: Record<string, string>) => Arm;
  readonly #locations = new Map<string, Promise<string | undefined>>();

  constructor(
    version: string,
    makeArm = (variables: Record<string, string>) => new Arm(readSettings(variables, process.env)),
  ) {
    this.version = version;
    this.#makeArm = makeArm;
  }

  configure(variables: Record<string, string>): void {
    this.#arm = this.#makeArm(variables);
  }

  get arm(): Arm {
    if (!this.#arm) throw new Error("azure-native was asked to work before it was configured.");
    return this.#arm;
  }

  check(request: CheckRequest) {
    const type = resourceType(request.type);
    return applyDefaults(type, request, this.arm.settings.location, (group) => this.#locate(group));
  }

  diff({ type: token, oldInputs, inputs }: ResourceRequest): DiffResult {
    const type = resourceType(token);
    const found = differences(oldInputs, inputs, [...parameters(type), ...type.immutable]);
    if (sameLocation(oldInputs["location"], inputs["location"])) found.delete("location");
    found.delete(createBeforeDelete);
    return { differences: found, deleteBeforeReplace: oldInputs[createBeforeDelete] !== true };
  }

  async create({ type: token, inputs, preview, urn }: ResourceRequest) {
    const type = resourceType(token);
    if (preview) return { id: "", state: previewCreate(type, inputs) };
    assertKnown(inputs, urn);
    const values = pathValues(type, inputs);
    const id = buildId(type, { ...values, subscriptionId: this.arm.settings.subscriptionId });
    if (!type.withParent && (await this.arm.get(type, values)))
      throw new Error(`cannot create already existing resource '${id}'`);
    const state = await this.#put(type, id, values, inputs);
    return state;
  }

  async read({ type: token, id, inputs, state }: ResourceRequest) {
    const type = resourceType(token);
    const result = await this.arm.get(type, parseId(type, id));
    if (!result) return undefined;
    const outputs = toOutputs(type, result);
    const imported = Object.keys(inputs).length === 0;
    return {
      state: outputs,
      inputs: imported ? importedInputs(type, id, outputs) : driftedInputs(type, inputs, state, outputs),
    };
  }

  async update({ type: token, id, urn, inputs, state, preview }: ResourceRequest) {
    const type = resourceType(token);
    if (preview) return previewUpdate(type, state, inputs);
    assertKnown(inputs, urn);
    const values = pathValues(type, inputs);
    const keep: Record<string, unknown> = {};
    const unset = type.children.filter((name) => inputs[name] === undefined);
    if (unset.length > 0) {
      const current = ((await this.arm.get(type, values)) ?? {}) as Record<string, unknown>;
      for (const name of unset) keep[name] = current[name];
    }
    return (await this.#put(type, id, values, inputs, keep)).state;
  }

  async delete({ type: token, id }: ResourceRequest): Promise<void> {
    const type = resourceType(token);
    await this.arm.delete(type, parseId(type, id));
  }

  invoke(token: string, args: Properties): Promise<Properties> {
    return invoke(this.arm, token, args);
  }

  cancel(): void {
    this.#arm?.cancel();
  }

  /** Writes, then reads: the answer to a GET is what every later refresh compares with. */
  async #put(type: ResourceType, id: string, values: Record<string, string>, inputs: Properties, keep: object = {}) {
    try {
      await this.arm.put(type, values, inputs, keep);
      const result = await this.arm.get(type, values);
      if (!result) throw new ArmError(`'${id}' is gone right after it was written.`, true, undefined);
      return { id: canonicalId(result) ?? id, state: toOutputs(type, result) };
    } catch (error) {
      if (!(error instanceof ArmError) || !error.uncertain) throw error;
      // In the state, so that the next run updates it instead of finding a stranger's resource of that name.
      const current = await this.arm.get(type, values).catch(() => undefined);
      throw new PartialFailure(error.message, id, current ? toOutputs(type, current) : {}, inputs);
    }
  }

  #locate(group: string): Promise<string | undefined> {
    let location = this.#locations.get(group);
    if (!location) {
      location = this.arm.get(resourceType("azure-native:resources:ResourceGroup"), { resourceGroupName: group }).then(
        (found) => (found as { location?: string } | undefined)?.location,
        () => undefined,
      );
      this.#locations.set(group, location);
    }
    return location;
  }
}

function canonicalId(result: object): string | undefined {
  const { id } = result as { id?: unknown };
  return typeof id === "string" && id.startsWith("/") ? id : undefined;
}

function assertKnown(inputs: Properties, urn: string): void {
  if (containsUnknown(inputs)) throw new Error(`An input of ${urn} is still unknown, though this is no preview.`);
}

function sameLocation(a: unknown, b: unknown): boolean {
  const plain = (value: unknown) => (typeof value === "string" ? value.replaceAll(" ", "").toLowerCase() : undefined);
  return plain(a) !== undefined && plain(a) === plain(b);
}
