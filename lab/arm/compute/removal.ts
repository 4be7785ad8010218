/**
 * How members leave. Where the model asks for a terminate notice, a deleted member runs on, and stays in its load
 * balancers' pools, until its scheduled event is approved or the event's time has come.
 */
import { randomUUID } from "node:crypto";
import type { Context } from "../context.ts";
import { minutesOf } from "../durations.ts";
import { isWaiting, type Notice, type Resource } from "../resource.ts";
import type { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import { setKeyOf, type MachineBody } from "./machineSchema.ts";

/** Deletes a member: at once, or with the notice that its model asks for. */
export function removeMember(
  machine: Resource<MachineBody>,
  { store, options, nowMilliseconds }: Context,
  source: Notice["source"] = "User",
): void {
  const { scheduledEventsProfile } = machine.body.properties;
  const { enable, notBeforeTimeout = "PT5M" } = scheduledEventsProfile?.terminateNotificationProfile ?? {};
  if (!enable) return takeAway(machine, store);
  const notBefore = nowMilliseconds() + minutesOf(notBeforeTimeout) * options.secondsPerMinute * 1000;
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
export function endNotices({ store, nowMilliseconds }: Pick<Context, "store" | "nowMilliseconds">): void {
  const isDue = ({ computed: { notice } }: Resource): boolean => notice!.notBefore <= nowMilliseconds();
  const isApproved = ({ computed: { notice } }: Resource): boolean => notice!.approved === true;
  const waiting = store.ofType<MachineBody>(types.machine).filter(isWaiting);
  const sets = Map.groupBy(waiting, setKeyOf);
  for (const machines of sets.values()) {
    const allApproved = machines.every((machine) => isDue(machine) || isApproved(machine));
    for (const machine of machines) if (isDue(machine) || allApproved) takeAway(machine, store);
  }
}
