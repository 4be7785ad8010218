/** Microsoft.Insights/autoscaleSettings */
import type { Context } from "../context.ts";
import { ArmError, badRequest, conflict, notInLab } from "../errors.ts";
import { keyOf } from "../ids.ts";
import type { Resource } from "../resource.ts";
import type { Draft, ResourceType } from "../resourceType.ts";
import { types } from "../typeNames.ts";
import { autoscaleBody, type AutoscaleBody, type Profile } from "./autoscaleSchema.ts";

/** A resource has one autoscale setting. */
function prepare(draft: Draft<AutoscaleBody>, { store }: Context): void {
  refuseOthers(draft.body.properties);
  draft.body.properties.profiles.forEach(refuseLargeActions);
  const target = draft.body.properties.targetResourceUri;
  const twin = store
    .ofType<AutoscaleBody>(types.autoscaleSetting)
    .find((one) => one.key !== keyOf(draft.id) && keyOf(one.body.properties.targetResourceUri) === keyOf(target));
  if (twin) throw conflict("Conflict", `The resource ${target} already has an autoscale setting: ${twin.id}.`);
}

/** A rule cannot change the count by more than the limits are apart. */
function refuseLargeActions({ capacity, rules }: Profile): void {
  const most = Number(capacity.maximum) - Number(capacity.minimum);
  for (const { scaleAction } of rules)
    if (scaleAction.type === "ChangeCount" && Number(scaleAction.value ?? 1) > most)
      throw badRequest(
        "InvalidActionValue",
        `Specify a scale value less than or equal to the difference between the capacity maximum ${capacity.maximum} and the capacity minimum ${capacity.minimum}.`,
      );
}

/** What the autoscaler does not do. */
function refuseOthers({ targetResourceUri, profiles }: AutoscaleBody["properties"]): void {
  if (!keyOf(targetResourceUri).includes(`/${keyOf(types.scaleSet)}/`))
    throw notInLab(`autoscale of anything but a scale set (given: ${targetResourceUri})`);
  if (profiles.length > 1 || profiles.some(({ fixedDate, recurrence }) => fixedDate || recurrence))
    throw notInLab("autoscale profiles for dates and days; give one profile without fixedDate and recurrence");
  for (const { metricTrigger } of profiles.flatMap(({ rules }) => rules)) {
    if (keyOf(metricTrigger.metricName) !== "percentage cpu")
      throw notInLab(`autoscale by the metric '${metricTrigger.metricName}'; use 'Percentage CPU'`);
    if (keyOf(metricTrigger.metricResourceUri) !== keyOf(targetResourceUri) || metricTrigger.dimensions?.length)
      throw notInLab("autoscale by another resource's metric, or by a part of it (dimensions)");
  }
}

export const autoscaleSettings: ResourceType<AutoscaleBody> = {
  type: types.autoscaleSetting,
  dialect: "monitor",
  apiVersions: ["2021-05-01-preview", "2022-10-01"],
  location: "regional",
  name: { pattern: /^[^#<>%&:\\?/]{1,260}(?<![ .])$/, rule: "1-260 characters, none of # < > % & : \\ ? /" },
  schema: autoscaleBody,
  asynchronous: false,
  patch: "merge",
  missingReference: (id) =>
    new ArmError(404, "TargetResourceNotFound", `The target resource id '${id}' was not found.`),
  prepare,
  // Azure's default is not enabled.
  render: (setting: Resource<AutoscaleBody>) => ({
    tags: setting.body.tags ?? {},
    properties: {
      enabled: false,
      notifications: null,
      ...setting.body.properties,
      predictiveAutoscalePolicy: { scaleMode: "Disabled", scaleLookAheadTime: null },
      name: setting.name,
    },
  }),
};
