/**
 * Automatic instance repairs: a member that stays unhealthy is replaced, restarted or reimaged, as its scale set's policy
 * says; see lab/README.md for what Azure leaves open.
 */
import type { Context } from "../context.ts";
import { isLive, type Repair, type RepairService, type Resource } from "../resource.ts";
import type { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import { machineStatus } from "./instanceView.ts";
import { reimage, restart } from "./machineActions.ts";
import type { MachineBody } from "./machineSchema.ts";
import { addMember, membersOf, noteShortage } from "./members.ts";
import { checkCapacity } from "./quota.ts";
import { removeMember } from "./removal.ts";
import type { ScaleSetBody } from "./scaleSetSchema.ts";

type Member = Resource<MachineBody>;
type ScaleSet = Resource<ScaleSetBody>;

export const newService: RepairService = { state: "Running", ongoing: [], failed: 0 };

/** Repairs in a row that do not help before a set's repairs are suspended. */
const tolerated = 3;

/** In this time the agents of a new daemon find their machines; until then nobody knows how these are. */
const agentsArriveMilliseconds = 10_000;

/** After this time a repaired machine that is still not provisioned, or silent, counts as a repair that did not help. */
const patienceMinutes = 20;

/** Whether the set's model asks for repairs. */
const wantsRepairs = (set: ScaleSet): boolean => set.body.properties.automaticRepairsPolicy?.enabled === true;

/** Azure's default is Replace. */
export const repairActionOf = ({ properties }: ScaleSetBody): "Replace" | "Restart" | "Reimage" =>
  properties.automaticRepairsPolicy?.repairAction ?? "Replace";

export const repairState = (set: ScaleSet): RepairService["state"] | "NotRunning" =>
  wantsRepairs(set) ? (set.computed.repairs ?? newService).state : "NotRunning";

export class Repairs {
  /**
   * Since when each member has been seen unhealthy, by key; milliseconds. Not stored: what was seen before the lab was
   * restarted says nothing about now.
   */
  #unhealthy = new Map<string, number>();
  #agentsAt: number | undefined;

  /** Ends, counts and begins repairs. Called whenever something was reported, and as time passes. */
  run(context: Context): void {
    const { store, status, nowMilliseconds } = context;
    if (!status() || status()!.revision < 0) return;
    this.#agentsAt ??= nowMilliseconds() + agentsArriveMilliseconds;
    const sets = store.ofType<ScaleSetBody>(types.scaleSet).filter((set) => isLive(set) && wantsRepairs(set));
    this.#look(
      sets.flatMap((set) => membersOf(set, store)),
      context,
    );
    for (const set of sets) {
      try {
        store.transaction(() => this.#repair(set, context));
      } catch (error) {
        // A full subnet or no cores, for example: tried again after another grace period.
        for (const member of membersOf(set, store)) this.#unhealthy.delete(member.key);
        noteShortage(set, error, store);
        context.options.log?.(`repairs of ${set.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  #look(members: Member[], context: Context): void {
    const since = Math.max(context.nowMilliseconds(), this.#agentsAt!);
    const sick = members.filter((member) => isUnhealthy(member, context));
    this.#unhealthy = new Map(sick.map(({ key }) => [key, this.#unhealthy.get(key) ?? since]));
  }

  #repair(set: ScaleSet, context: Context): void {
    const { store } = context;
    const before = set.computed.repairs ?? newService;
    const service = { ...before, ongoing: [...before.ongoing] };
    for (const repair of before.ongoing) {
      const outcome = this.#outcome(repair, context);
      if (outcome === "ongoing") continue;
      service.ongoing.splice(service.ongoing.indexOf(repair), 1);
      if (outcome === "helped") service.failed = 0;
      if (outcome === "failed") service.failed += 1;
    }
    if (service.failed >= tolerated) service.state = "Suspended";
    if (service.state === "Running") {
      const members = membersOf(set, store);
      // 5% of the members, one at a time under 20.
      const free = Math.max(1, Math.floor(members.length / 20)) - service.ongoing.length;
      const due = members
        .filter((member) => this.#isDue(member, context))
        .filter((member) => !service.ongoing.some(({ machineId }) => machineId === member.key))
        .sort((a, b) => this.#unhealthy.get(a.key)! - this.#unhealthy.get(b.key)!);
      for (const member of due.slice(0, Math.max(0, free))) {
        const machineId = begin(set, member, context);
        const seconds = Math.round((context.nowMilliseconds() - this.#unhealthy.get(member.key)!) / 1000);
        const health = machineStatus(member, context.status())?.health;
        context.options.log?.(`${member.name}: ${health} for ${seconds} s, repaired`);
        service.ongoing.push({ machineId, began: new Date(context.nowMilliseconds()).toISOString() });
      }
    }
    const began = service.ongoing.some((one) => !before.ongoing.includes(one));
    if (service.ongoing.length > 0 !== before.ongoing.length > 0)
      service.changed = new Date(context.nowMilliseconds()).toISOString();
    if (JSON.stringify(service) !== JSON.stringify(before))
      store.put(
        { ...set, computed: { ...set.computed, repairs: service, ...(began && { shortage: undefined }) } },
        false,
      );
  }

  /** Unhealthy for the grace period, which begins anew with each completed change of the machine. */
  #isDue({ key, computed, created }: Member, { nowMilliseconds, options }: Context): boolean {
    const since = this.#unhealthy.get(key);
    if (since === undefined) return false;
    return (
      nowMilliseconds() >=
      Math.max(since, Date.parse(computed.changed ?? created)) + options.repairGraceSeconds() * 1000
    );
  }

  #outcome(repair: Repair, context: Context): "ongoing" | "helped" | "failed" | "dropped" {
    const { store, status } = context;
    const machine = store.live<MachineBody>(repair.machineId);
    if (!machine || machine.computed.powered === false) return "dropped";
    if (machine.state === "Failed") return "failed";
    const health = machineStatus(machine, status())?.health;
    if (health === "Healthy") return isProvisioned(machine, store) ? "helped" : waited(repair, context);
    if (this.#isDue(machine, context)) return "failed";
    // Nobody's verdict will come for a machine that is not provisioned, or that is silent and ignored.
    return !isProvisioned(machine, store) || health === "Missing" ? waited(repair, context) : "ongoing";
  }
}

/** After so long a repair that has no other outcome did not help. */
function waited({ began }: Repair, { nowMilliseconds, options }: Context): "ongoing" | "failed" {
  const patience = patienceMinutes * options.secondsPerMinute * 1000;
  return nowMilliseconds() >= Date.parse(began) + patience ? "failed" : "ongoing";
}

const isProvisioned = (machine: Member, store: Store): boolean =>
  machine.state === "Succeeded" && !isChanging(machine, store);

/**
 * Neither healthy nor on the way there; provisioned, since repairs "do not support scenarios where a VM instance is
 * marked Unhealthy due to a provisioning failure" (virtual-machine-scale-sets-automatic-instance-repairs); and not
 * switched off by anybody. Health that nobody reports is what the lab's setting says, but of a machine that boots, or
 * waits for the lab's turn to boot, and still has time for it, nobody can report any yet.
 */
function isUnhealthy(member: Member, { store, status, options }: Context): boolean {
  const seen = machineStatus(member, status());
  const isOnItsWay = seen?.power === "starting" && seen.late === undefined;
  const isMissing = seen?.health === "Missing" && !isOnItsWay && options.missingHealth() === "repaired";
  const isSick = seen?.health === "Unhealthy" || seen?.health === "Unknown" || isMissing;
  return isSick && isProvisioned(member, store) && member.computed.powered !== false;
}

/** A start, restart or reimage is under way. */
const isChanging = (machine: Member, store: Store): boolean =>
  store
    .operations()
    .some(
      ({ resource, status, kind }) =>
        resource === machine.key && status === "InProgress" && (kind === "start" || kind === "restart"),
    );

/** Begins the repair; returns the machine that is to become healthy. */
function begin(set: ScaleSet, member: Member, context: Context): string {
  switch (repairActionOf(set.body)) {
    case "Restart":
      restart(member, context);
      return member.key;
    case "Reimage":
      reimage(member, context);
      return member.key;
    case "Replace":
      // The old machine counts until it is gone.
      checkCapacity(set, 1, context);
      removeMember(member, context, "Platform");
      return addMember(set, context.store).key;
  }
}
