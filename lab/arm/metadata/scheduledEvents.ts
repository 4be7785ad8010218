/**
 * Scheduled events of a scale set: the lab has Terminate. Every machine of the set sees them all and can approve them.
 * https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events
 */
import { z } from "zod";
import { setKeyOf, type MachineBody } from "../compute/machineSchema.ts";
import { endNotices } from "../compute/removal.ts";
import type { Context } from "../context.ts";
import type { Resource } from "../resource.ts";
import { types } from "../typeNames.ts";

/** Oldest first. Those before 2019 have no Terminate. */
export const eventVersions: readonly string[] = ["2019-01-01", "2019-04-01", "2019-08-01", "2020-07-01"];

type Machine = Resource<MachineBody>;

/** Machines of the same scale set that have a notice. */
const noticedBeside = (machine: Machine, { store }: Context): Machine[] =>
  store
    .ofType<MachineBody>(types.machine)
    .filter((one) => one.computed.notice !== undefined && setKeyOf(one) === setKeyOf(machine));

export function eventsDocument(machine: Machine, version: string, context: Context): object {
  const noticed = noticedBeside(machine, context);
  return {
    DocumentIncarnation: incarnation(machine, noticed, context),
    Events: noticed.map(({ name, computed: { notice } }) => ({
      EventId: notice!.eventId.toUpperCase(),
      EventType: "Terminate",
      ResourceType: "VirtualMachine",
      Resources: [name],
      EventStatus: notice!.started ? "Started" : "Scheduled",
      NotBefore: notice!.started ? "" : new Date(notice!.notBefore).toUTCString(),
      ...(version >= "2019-04-01" && { Description: "The virtual machine is going to be deleted." }),
      ...(version >= "2019-08-01" && { EventSource: notice!.source }),
      ...(version >= "2020-07-01" && { DurationInSeconds: -1 }),
    })),
  };
}

/** Counts how often the events that the set's machines were told have changed. */
function incarnation(machine: Machine, noticed: Machine[], { store }: Context): number {
  const set = store.get(setKeyOf(machine));
  const told = noticed.map(({ computed: { notice } }) => `${notice!.eventId} ${notice!.started ?? false}`).join();
  if (!set) return 1;
  const before = set.computed.events ?? { incarnation: 1, told: "" };
  if (before.told === told) return before.incarnation;
  const events = { incarnation: before.incarnation + 1, told };
  store.put({ ...set, computed: { ...set.computed, events } }, false);
  return events.incarnation;
}

const startRequests = z.object({ StartRequests: z.array(z.object({ EventId: z.string() })).min(1) });

/** False when the body is malformed or names an event that there is not. What is approved may go on at once. */
export function approveEvents(machine: Machine, body: string, context: Context): boolean {
  const given = startRequests.safeParse(jsonOf(body));
  if (!given.success) return false;
  const { store } = context;
  const noticed = noticedBeside(machine, context);
  const approved = given.data.StartRequests.map(({ EventId }) =>
    noticed.find(({ computed: { notice } }) => notice!.eventId === EventId.toLowerCase()),
  );
  if (approved.includes(undefined)) return false;
  store.transaction(() => {
    for (const one of approved as Machine[]) {
      const notice = { ...one.computed.notice!, approved: true as const };
      store.put({ ...one, computed: { ...one.computed, notice } }, false);
    }
    endNotices(context);
  });
  return true;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
