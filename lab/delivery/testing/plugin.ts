/** Resources of any type that exist as files only, for small programs under the real engine. */
import { appendFileSync, existsSync, mkdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { differences } from "../../provider/plugin/diff.ts";
import { EngineLog } from "../../provider/plugin/engineLog.ts";
import { urnName, type CheckRequest, type Plugin, type ResourceRequest } from "../../provider/plugin/plugin.ts";
import { serve } from "../../provider/plugin/serve.ts";
import { reveal, type Properties, type Value } from "../../provider/plugin/values.ts";

/** Folder with a file for each resource that is made. A file `hang` there keeps creations from ending. */
const folder = process.env["STAND_IN"] ?? "";

const fileOf = (name: string) => join(folder, encodeURIComponent(name));

/** These replace, anything else updates. */
const immutable = ["triggers", "fixed"];

const plugin: Plugin = {
  name: "stand-in",
  version: "1.0.0",
  acceptsSecrets: true,
  configure() {},
  check({ news }: CheckRequest) {
    const { refuse } = reveal(news) as Properties;
    const failures = refuse === undefined ? [] : [{ property: "refuse", reason: `refused: ${text(refuse)}` }];
    return { inputs: news, failures };
  },
  diff: ({ oldInputs, inputs }: ResourceRequest) => ({
    differences: differences(oldInputs, inputs, immutable),
    deleteBeforeReplace: false,
  }),
  async create({ urn, inputs, preview }: ResourceRequest) {
    const id = urnName(urn);
    if (!preview) {
      mkdirSync(folder, { recursive: true });
      // Of one that is being replaced there are two.
      appendFileSync(fileOf(id), "x");
      while (existsSync(join(folder, "hang"))) await sleep(100);
      failIfAsked(inputs);
    }
    // A preview does not know it.
    return { id: preview ? "" : id, state: stateOf(inputs) };
  },
  read: ({ id, inputs, state }: ResourceRequest) =>
    existsSync(fileOf(id.split("/").at(-1) ?? "")) ? { inputs, state: stateOf({ ...inputs, ...state }) } : undefined,
  update({ inputs, preview }: ResourceRequest) {
    if (!preview) failIfAsked(inputs);
    return Promise.resolve(stateOf(inputs));
  },
  delete({ urn }: ResourceRequest) {
    const file = fileOf(urnName(urn));
    if (existsSync(file) && statSync(file).size > 1) truncateSync(file, statSync(file).size - 1);
    else rmSync(file, { force: true });
    return Promise.resolve();
  },
  invoke: (token) => Promise.reject(new Error(`there is no function ${token}`)),
  cancel() {},
};

/** What `leak` was given is an output that nobody marks as secret. */
function stateOf(inputs: Properties): Properties {
  const { leak } = reveal(inputs) as Properties;
  return leak === undefined ? inputs : { ...inputs, leaked: `it is ${text(leak)}` };
}

function failIfAsked(inputs: Properties): void {
  const { fail } = reveal(inputs) as Properties;
  if (fail !== undefined) throw new Error(`it failed with ${text(fail)}`);
}

const text = (value: Value) => (typeof value === "string" ? value : JSON.stringify(value));

await serve(plugin, new EngineLog());
