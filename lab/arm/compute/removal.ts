/**
 * How members leave. Where the model asks for a terminate notice, a deleted member runs on, and stays in its load
 * balancers' pools, until its scheduled event is approved or the event's time has come.
 */
import { randomUUID } from "node:crypto";
import { minutesOf } from "../durations.ts";
import { keyOf } from "../ids.ts";
import { types } from "../network/names.ts";
import { isLive, type Store } from "../store.ts";
import type { Context, Resource } from "../types.ts";
import type { MachineBody } from "./virtualMachines.ts";

/** The scheduled event of a machine that was deleted. */
export interface Notice {
  eventId: string;
  /** When the machine goes without anybody's approval; milliseconds since 1970. */
  notBefore: number;
  source: "User" | "Platform";
  approved?: true;
  /** The wait is over: the machine is being taken away. */
  started?: true;
}

/** Deleted, and waiting for the end of its notice. */
export const isWaiting = ({ computed: { notice } }: Resource): boolean => notice !== undefined && !notice.started;

/** Stands in the fabric: deleted or not, nobody has begun to take it away. */
export const isStanding = (machine: Resource): boolean => isLive(machine) || isWaiting(machine);

/** Deletes a member: at once, or with the notice that its model asks for. */
export function removeMember(
  machine: Resource<MachineBody>,
  { store, options, now }: Context,
  source: Notice["source"] = "User",
): void {
  const { scheduledEventsProfile } = machine.body.properties;
  const { enable, notBeforeTimeout = "PT5M" } = scheduledEventsProfile?.terminateNotificationProfile ?? {};
  if (!enable) return takeAway(machine, store);
  const notBefore = now() + minutesOf(notBeforeTimeout) * options.minute * 1000;
  const notice: Notice = { eventId: randomUUID(), notBefore, source };
  store.put({ ...machine, state: "Deleting", computed: { ...machine.computed, notice } }, true);
}

/** The machine and its network interface go; the interface's address is free when the machine is gone. */
export function takeAway(machine: Resource<MachineBody>, store: Store): void {
  const notice = machine.computed.notice && { ...machine.computed.notice, started: true as const };
  store.put({ ...machine, state: "Deleting", computed: { ...machine.computed, notice } }, true);
  for (const { id } of machine.body.properties.networkProfile.networkInterfaces) {
    const nic = store.live(id);
    if (nic) store.put({ ...nic, state: "Deleting" }, true);
  }
}

/**
 * Takes away the members whose notice is over. As Azure has it, an approved event waits for the others of its scale set
 * that are neither approved nor due.
 */
export function endNotices({ store, now }: Pick<Context, "store" | "now">): void {
  const isDue = ({ computed: { notice } }: Resource): boolean => notice!.notBefore <= now();
  const isApproved = ({ computed: { notice } }: Resource): boolean => notice!.approved === true;
  const waiting = store.ofType<MachineBody>(types.machine).filter(isWaiting);
  const sets = Map.groupBy(waiting, (machine) => keyOf(machine.body.properties.virtualMachineScaleSet?.id ?? ""));
  for (const machines of sets.values()) {
    const allApproved = machines.every((machine) => isDue(machine) || isApproved(machine));
    for (const machine of machines) if (isDue(machine) || allApproved) takeAway(machine, store);
  }
}
