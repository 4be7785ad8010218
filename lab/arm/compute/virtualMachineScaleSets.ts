/** Microsoft.Compute/virtualMachineScaleSets in Flexible orchestration: a model, and members that are made from it. */
import type { ScaleSet } from "../../world.ts";
import type { Context } from "../context.ts";
import { ArmError, badRequest, conflict, notInLab } from "../errors.ts";
import { refusePools } from "../network/backendPools.ts";
import type { Resource } from "../resource.ts";
import type { Draft, Outcome, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { computeType } from "./computeType.ts";
import { checkExtensions, withoutProtected } from "./extensions.ts";
import { checkImage } from "./images.ts";
import { keptIdentity, renderIdentity, withLowerKeys } from "./identity.ts";
import { applyModel, everyMemberOf, membersOf, reconcile } from "./members.ts";
import { renderOsProfile } from "./osProfile.ts";
import { checkSize } from "./quota.ts";
import { takeAway } from "./removal.ts";
import { repairActionOf, repairState } from "./repairs.ts";
import { scaleSetBody, type ScaleSetBody } from "./scaleSetSchema.ts";
import { scaleSetIntroduced } from "./scaleSetVersions.ts";
import { scaleSetActions, scaleSetViews } from "./scaleSetViews.ts";
import { checkSecurity } from "./security.ts";
import { sizeOf, sizes } from "./sizes.ts";

const unchangeable = (property: string): ArmError =>
  new ArmError(409, "PropertyChangeNotAllowed", `Changing property '${property}' is not allowed.`, {
    target: property,
  });

function prepare(draft: Draft<ScaleSetBody>, context: Context): void {
  const { sku, location, properties, zones } = draft.body;
  if (!sizeOf(sku.name)) {
    throw badRequest(
      "InvalidParameter",
      `The value ${sku.name} provided for the VM size is not valid. The lab knows ${sizes.map(({ name }) => name).join(", ")}.`,
      "vmSize",
    );
  }
  const before = draft.existing?.body;
  if (before && JSON.stringify(before.zones ?? []) !== JSON.stringify(zones ?? [])) {
    const removed = (before.zones ?? []).filter((zone) => !zones?.includes(zone));
    if (removed.length > 0) throw unchangeable("zones");
  }
  for (const property of ["platformFaultDomainCount", "orchestrationMode"] as const) {
    if (before && before.properties[property] !== properties[property]) {
      throw unchangeable(property);
    }
  }
  const profile = properties.virtualMachineProfile;
  const was = before?.properties.virtualMachineProfile.osProfile;
  for (const property of ["adminUsername", "computerNamePrefix"] as const) {
    if (was && was[property] !== profile.osProfile[property]) {
      throw unchangeable(`osProfile.${property}`);
    }
  }
  prepareRepairs(draft);
  draft.body.identity = keptIdentity(draft.body.identity, context);
  checkImage(profile.storageProfile.imageReference, location!);
  checkSecurity(draft, context);
  checkExtensions(profile.extensionProfile?.extensions ?? [], location!);
  for (const { properties: nic } of profile.networkProfile.networkInterfaceConfigurations) {
    const [first] = nic.ipConfigurations;
    const pools = nic.ipConfigurations.flatMap(({ properties: one }) => one.loadBalancerBackendAddressPools ?? []);
    const code = "VMScaleSetCannotUseMultipleLoadBalancersOfSameType";
    const codes = { internal: code, public: code };
    refusePools(
      draft.id,
      pools.map(({ id }) => id),
      first!.properties.subnet.id,
      context,
      codes,
    );
  }
  if (properties.upgradePolicy?.mode === "Rolling")
    throw notInLab("the upgrade mode 'Rolling'; use Manual or Automatic");
  draft.computed.shortage = undefined;
  // Cores are counted when members are made.
  if (before?.sku.name !== sku.name) checkSize(draft.id, draft.body, context);
}

/** Azure changes the action of repairs only while they are off; when they are switched on, their service runs. */
function prepareRepairs({ body, existing, computed }: Draft<ScaleSetBody>): void {
  const isEnabled = (one?: ScaleSetBody): boolean => one?.properties.automaticRepairsPolicy?.enabled === true;
  if (!isEnabled(body)) return;
  if (!existing || !isEnabled(existing.body)) {
    computed.repairs = undefined;
    return;
  }
  const action = repairActionOf(body);
  if (action === repairActionOf(existing.body)) return;
  throw conflict(
    "OperationNotAllowed",
    `Changing property 'automaticRepairsPolicy.repairAction' to '${action}' is not allowed while automatic repairs are enabled. Disable them first, then enable them with the new action.`,
  );
}

/**
 * What GET does not answer, a client cannot send back: secrets stay when they are left out. Identities stay, too, unless
 * the type `None` is given.
 */
function merge(given: ScaleSetBody, existing: Resource<ScaleSetBody>): ScaleSetBody {
  const before = existing.body.properties.virtualMachineProfile;
  const profile = given.properties.virtualMachineProfile;
  const extensions = profile.extensionProfile?.extensions?.map((extension) => {
    const old = before.extensionProfile?.extensions?.find((one) => one.name === extension.name);
    const { protectedSettings = old?.properties.protectedSettings } = extension.properties;
    return { ...extension, properties: { ...extension.properties, protectedSettings } };
  });
  const { customData = before.osProfile.customData, adminPassword = before.osProfile.adminPassword } =
    profile.osProfile;
  const { identity = existing.body.identity } = given;
  return {
    ...given,
    ...(identity && { identity }),
    sku: { ...given.sku, capacity: given.sku.capacity ?? existing.body.sku.capacity },
    properties: {
      ...given.properties,
      virtualMachineProfile: {
        ...profile,
        osProfile: { ...profile.osProfile, customData, adminPassword },
        ...(profile.extensionProfile && { extensionProfile: { ...profile.extensionProfile, extensions } }),
      },
    },
  };
}

function applied(
  set: Resource<ScaleSetBody>,
  existing: Resource<ScaleSetBody> | undefined,
  _: ScaleSetBody,
  context: Context,
): void {
  // A repeated PUT asks again after members that had failed.
  for (const member of membersOf(set, context.store)) {
    if (member.state === "Failed") context.store.put({ ...member, state: "Updating", error: undefined }, false);
  }
  if (existing && set.body.properties.upgradePolicy?.mode === "Automatic") {
    for (const member of membersOf(set, context.store)) applyModel(set, member, context.store);
  }
  reconcile(set, context);
}

function outcome(set: Resource<ScaleSetBody>, _: unknown, context: Context): Outcome {
  const all = everyMemberOf(set, context.store);
  if (set.state === "Deleting") return all.length === 0 ? "done" : "pending";
  if (all.some((machine) => machine.state !== "Succeeded" && machine.state !== "Failed")) return "pending";
  return all.find((machine) => machine.state === "Failed")?.error ?? "done";
}

function render(set: Resource<ScaleSetBody>, context: Context): object {
  const { sku, zones, identity, properties } = set.body;
  const profile = properties.virtualMachineProfile;
  return {
    sku: { tier: "Standard", ...sku, capacity: sku.capacity ?? 0 },
    ...(zones && { zones }),
    ...(identity && { identity: renderIdentity(identity, context, "ids") }),
    properties: {
      singlePlacementGroup: false,
      ...properties,
      upgradePolicy: { mode: "Manual", ...properties.upgradePolicy },
      scaleInPolicy: { rules: ["Default"], ...properties.scaleInPolicy },
      virtualMachineProfile: {
        ...profile,
        osProfile: renderOsProfile(profile.osProfile),
        ...(profile.extensionProfile && {
          extensionProfile: {
            ...profile.extensionProfile,
            extensions: (profile.extensionProfile.extensions ?? []).map(withoutProtected),
          },
        }),
        timeCreated: set.created,
      },
      provisioningState: set.state,
      uniqueId: set.guid,
      timeCreated: set.created,
    },
  };
}

const projectScaleSet = (set: Resource<ScaleSetBody>): ScaleSet => ({
  id: set.key,
  name: set.name,
  tags: set.body.tags ?? {},
  capacity: set.body.sku.capacity ?? 0,
  repairs: repairState(set),
  ...(set.computed.shortage !== undefined && { shortage: set.computed.shortage }),
});

export const virtualMachineScaleSets: ResourceType<ScaleSetBody> = {
  ...computeType,
  type: types.scaleSet,
  location: "regional",
  schema: scaleSetBody,
  introduced: scaleSetIntroduced,
  patch: "merge",
  // `az vmss scale` puts a location and a SKU: the model stays.
  completed: (given, { body: { properties, zones, identity, tags } }) =>
    "properties" in given
      ? given
      : { ...(zones && { zones }), ...(identity && { identity }), ...(tags && { tags }), ...given, properties },
  spelled: withLowerKeys,
  merge,
  prepare,
  applied,
  outcome,
  render,
  project: (set) => ({ scaleSets: [projectScaleSet(set)] }),
  views: scaleSetViews,
  actions: scaleSetActions,
  // Notices are for single members: the deletion of the set does not wait for them.
  deleting: (set, { store }) => {
    for (const member of everyMemberOf(set, store)) takeAway(member, store);
  },
};
