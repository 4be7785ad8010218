/** Measures the members of scale sets that have an autoscale setting, and changes their number as it decides. */
import { machineStatus } from "../compute/instanceView.ts";
import { membersOf, noteShortage, reconcile } from "../compute/members.ts";
import type { ScaleSetBody } from "../compute/scaleSetSchema.ts";
import type { Context } from "../context.ts";
import type { Resource } from "../resource.ts";
import { types } from "../typeNames.ts";
import type { AutoscaleBody } from "./autoscaleSchema.ts";
import { evaluate, type Series } from "./evaluation.ts";

/** A rule's time window is not longer. */
const longestWindowMinutes = 720;

interface Observed extends Series {
  /** When the next sample is due. */
  next: number;
  /** By member: what it had used at the last sample. */
  used: Map<string, { at: number; seconds: number }>;
}

export class Autoscaler {
  /** By scale set. Not stored: a new daemon observes anew. */
  #observed = new Map<string, Observed>();

  /** Called as time passes; measures and decides once a minute. */
  run(context: Context): void {
    const { store, options, nowMilliseconds } = context;
    const minutes = nowMilliseconds() / 1000 / options.secondsPerMinute;
    const before = this.#observed;
    this.#observed = new Map();
    for (const setting of store.ofType<AutoscaleBody>(types.autoscaleSetting)) {
      const set = store.live<ScaleSetBody>(setting.body.properties.targetResourceUri);
      if (!set || setting.body.properties.enabled !== true) continue;
      const observed = before.get(set.key) ?? { since: minutes, samples: [], next: minutes, used: new Map() };
      this.#observed.set(set.key, observed);
      if (minutes < observed.next) continue;
      observed.next = Math.max(observed.next + 1, minutes);
      try {
        sample(set, observed, minutes, context);
        store.transaction(() => scale(setting, set, observed, minutes, context));
      } catch (error) {
        // A full subnet or no cores, for example: tried again the next minute.
        noteShortage(set, error, store);
        const message = error instanceof Error ? error.message : String(error);
        options.log?.(`autoscale of ${set.name}: ${message}`);
      }
    }
  }
}

/** One value for each member: the share of its processors that it used since the sample before. */
function sample(
  set: Resource<ScaleSetBody>,
  observed: Observed,
  at: number,
  { store, status, options }: Context,
): void {
  const used: Observed["used"] = new Map();
  const values: number[] = [];
  for (const member of membersOf(set, store)) {
    // The lab shortens minutes, not a machine's start: while it sets itself up it tells nothing about the load.
    const settingUp = member.state !== "Succeeded" || machineStatus(member, status())?.health === "Initializing";
    const cpu = settingUp ? undefined : options.effects.cpu(member.key);
    if (!cpu) continue;
    used.set(member.key, { at, seconds: cpu.seconds });
    const last = observed.used.get(member.key);
    // Counted from its last start.
    if (!last || cpu.seconds < last.seconds) continue;
    const possible = (at - last.at) * options.secondsPerMinute * cpu.processors;
    values.push(Math.min(100, (100 * (cpu.seconds - last.seconds)) / possible));
  }
  observed.used = used;
  observed.samples = [...observed.samples.filter((one) => one.at > at - longestWindowMinutes), { at, values }];
}

function scale(
  setting: Resource<AutoscaleBody>,
  set: Resource<ScaleSetBody>,
  observed: Observed,
  minutes: number,
  context: Context,
): void {
  if (set.state !== "Succeeded" && set.state !== "Failed") return;
  const { store, options, nowMilliseconds } = context;
  const [profile] = setting.body.properties.profiles;
  const { scaled } = setting.computed;
  const last = scaled && { at: scaled.at / 1000 / options.secondsPerMinute, cooldown: scaled.cooldown };
  const decision = evaluate(observed, profile!, set.body.sku.capacity ?? 0, minutes, last);
  if (!decision) return;
  const { count: capacity, cooldown } = decision;
  const body = { ...set.body, sku: { ...set.body.sku, capacity } };
  const computed = { ...set.computed, shortage: undefined };
  reconcile(store.put({ ...set, body, computed, state: "Updating", error: undefined }, true), context);
  if (cooldown !== undefined)
    store.put({ ...setting, computed: { ...setting.computed, scaled: { at: nowMilliseconds(), cooldown } } }, false);
}
