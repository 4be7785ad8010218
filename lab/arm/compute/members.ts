/** Members of a Flexible scale set: a virtual machine and a network interface each. */
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { Context } from "../context.ts";
import { ArmError } from "../errors.ts";
import { groupOf } from "../ids.ts";
import type { NetworkInterfaceBody } from "../network/networkInterfaceSchema.ts";
import { allocate } from "../network/privateAddresses.ts";
import { isLive, type Resource } from "../resource.ts";
import type { Store } from "../store.ts";
import { types } from "../typeNames.ts";
import { setKeyOf, type MachineBody } from "./machineSchema.ts";
import { checkCapacity } from "./quota.ts";
import { removeMember } from "./removal.ts";
import type { ScaleSetBody } from "./scaleSetSchema.ts";

/** Members that are leaving included, oldest first. */
export const everyMemberOf = (set: Resource, store: Store): Resource<MachineBody>[] =>
  store.ofType<MachineBody>(types.machine).filter((machine) => setKeyOf(machine) === set.key);

/** Live members, oldest first. */
export const membersOf = (set: Resource, store: Store): Resource<MachineBody>[] =>
  everyMemberOf(set, store).filter(isLive);

/**
 * Brings the number of members to the capacity; those that are leaving do not count. Throws where the region has no room
 * for more.
 */
export function reconcile(set: Resource<ScaleSetBody>, context: Context): void {
  const { store } = context;
  const wanted = set.body.sku.capacity ?? 0;
  checkCapacity(set, wanted - membersOf(set, store).length, context);
  for (let count = membersOf(set, store).length; count < wanted; count += 1) addMember(set, store);
  for (let members = membersOf(set, store); members.length > wanted; members = membersOf(set, store)) {
    removeMember(nextToRemove(set, members), context);
  }
}

const zoneOf = (member: Resource<MachineBody>): string => member.body.zones?.[0] ?? "";
const inZone = (members: Resource<MachineBody>[], zone: string): number =>
  members.filter((member) => zoneOf(member) === zone).length;

/** Default policy: keep the zones balanced, then take the newest; NewestVM and OldestVM as they say, zones first. */
function nextToRemove(set: Resource<ScaleSetBody>, members: Resource<MachineBody>[]): Resource<MachineBody> {
  const most = Math.max(...members.map((member) => inZone(members, zoneOf(member))));
  const candidates = members.filter((member) => inZone(members, zoneOf(member)) === most);
  const oldestFirst = set.body.properties.scaleInPolicy?.rules?.[0] === "OldestVM";
  return (oldestFirst ? candidates[0] : candidates.at(-1))!;
}

/** New members go to the zone with the fewest. */
function zoneForNext(set: Resource<ScaleSetBody>, members: Resource<MachineBody>[]): string | undefined {
  const zones = set.body.zones ?? [];
  return [...zones].sort((a, b) => inZone(members, a) - inZone(members, b) || a.localeCompare(b))[0];
}

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const suffix = (): string => Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join("");

/** Makes a member from the model as it is now. */
export function addMember(set: Resource<ScaleSetBody>, store: Store): Resource<MachineBody> {
  const { sku, location, tags, identity, properties } = set.body;
  const model = properties.virtualMachineProfile;
  const hex = randomBytes(4).toString("hex");
  const name = `${set.name}_${hex}`;
  const group = groupOf(set.id);
  const machineId = `${group}/providers/${types.machine}/${name}`;
  const zone = zoneForNext(set, membersOf(set, store));
  const nic = addInterface(set, machineId, hex, store);
  const { computerNamePrefix, ...osProfile } = model.osProfile;
  const diskName = `${name}_disk1_${randomUUID().replaceAll("-", "")}`;
  const body: MachineBody = {
    location,
    ...(tags && { tags }),
    ...(zone !== undefined && { zones: [zone] }),
    ...(identity && { identity }),
    properties: {
      virtualMachineScaleSet: { id: set.id },
      hardwareProfile: { vmSize: sku.name },
      storageProfile: {
        ...model.storageProfile,
        osDisk: { createOption: "FromImage", ...model.storageProfile.osDisk, osType: "Linux", name: diskName },
      },
      osProfile: { ...osProfile, computerName: `${computerNamePrefix}${suffix()}` },
      networkProfile: { networkInterfaces: [{ id: nic.id, properties: { primary: true, deleteOption: "Delete" } }] },
      ...(model.diagnosticsProfile && { diagnosticsProfile: model.diagnosticsProfile }),
      ...(model.securityProfile && { securityProfile: model.securityProfile }),
      ...(model.scheduledEventsProfile && { scheduledEventsProfile: model.scheduledEventsProfile }),
      extensions: model.extensionProfile?.extensions ?? [],
    },
  };
  return store.create(machineId, types.machine, body, { powered: true, generation: 1 }, "Creating");
}

function addInterface(
  set: Resource<ScaleSetBody>,
  machineId: string,
  hex: string,
  store: Store,
): Resource<NetworkInterfaceBody> {
  const model = set.body.properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0]!;
  const id = `${groupOf(set.id)}/providers/${types.networkInterface}/${model.name}-${hex}`;
  const tags = model.tags ?? set.body.tags;
  const [configuration] = model.properties.ipConfigurations;
  const address = allocate(
    { id: `${id}/ipConfigurations/${configuration!.name}`, subnetId: configuration!.properties.subnet.id },
    store,
  );
  const body = { location: set.body.location, ...(tags && { tags }), properties: interfaceProperties(set) };
  return store.create(
    id,
    types.networkInterface,
    body,
    { addresses: { [configuration!.name]: address }, machineId },
    "Creating",
  );
}

/** The NIC's properties as the model says. */
function interfaceProperties(set: Resource<ScaleSetBody>): NetworkInterfaceBody["properties"] {
  const { properties } = set.body.properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[0]!;
  const { ipConfigurations, networkSecurityGroup, dnsSettings } = properties;
  const { enableAcceleratedNetworking, enableIPForwarding, disableTcpStateTracking } = properties;
  const switches = { enableAcceleratedNetworking, enableIPForwarding, disableTcpStateTracking };
  const configurations = ipConfigurations.map(({ name, properties: { subnet, loadBalancerBackendAddressPools } }) => ({
    name,
    properties: { subnet, ...(loadBalancerBackendAddressPools && { loadBalancerBackendAddressPools }) },
  }));
  const given = Object.entries({ networkSecurityGroup, dnsSettings, ...switches }).filter(
    ([, value]) => value !== undefined,
  );
  return { ipConfigurations: configurations, ...Object.fromEntries(given) };
}

/**
 * What can change on a member that exists: identity, extensions, terminate notice, pools and the interface's security
 * group. Not its custom data.
 */
export function applyModel(set: Resource<ScaleSetBody>, machine: Resource<MachineBody>, store: Store): void {
  const { extensionProfile, scheduledEventsProfile } = set.body.properties.virtualMachineProfile;
  const before = machine.body.properties;
  const properties = { ...before, extensions: extensionProfile?.extensions ?? [], scheduledEventsProfile };
  const { identity = machine.body.identity } = set.body;
  const body = { ...machine.body, ...(identity && { identity }), properties };
  const changing = ({ identity: of, properties: one }: MachineBody): string =>
    JSON.stringify([of, one.extensions, one.scheduledEventsProfile]);
  if (changing(body) !== changing(machine.body)) store.put({ ...machine, body, state: "Updating" }, true);
  const nic = store.live<NetworkInterfaceBody>(machine.body.properties.networkProfile.networkInterfaces[0]!.id);
  if (!nic) return;
  const wanted = interfaceProperties(set);
  const sameSubnet =
    nic.body.properties.ipConfigurations[0]!.properties.subnet.id === wanted.ipConfigurations[0]!.properties.subnet.id;
  if (sameSubnet && JSON.stringify(wanted) !== JSON.stringify(nic.body.properties)) {
    store.put({ ...nic, body: { ...nic.body, properties: wanted }, state: "Updating" }, true);
  }
}

/** Remembers why the set could not be given a member, until it is given one or is written anew. */
export function noteShortage(set: Resource, reason: unknown, store: Store): void {
  const now = store.get(set.id);
  if (!now || !(reason instanceof ArmError)) return;
  const shortage = `${reason.body.code}: ${reason.message}`;
  if (now.computed.shortage !== shortage) store.put({ ...now, computed: { ...now.computed, shortage } }, false);
}
